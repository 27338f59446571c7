"""Fixtures of the comparisons with official packages."""

from tests.support.certificates import one_authority

__all__ = ["one_authority"]

"""Fail a test by the name of what is wrong, without a traceback."""

from __future__ import annotations

from typing import NoReturn

import pytest


def fail_by_name(message: str) -> NoReturn:
    """Fail the running test with a message, which is printed once and alone."""
    try:
        pytest.fail(message, pytrace=False)
    except pytest.fail.Exception as failure:
        raise failure from None  # the message contains what the exception before it contains

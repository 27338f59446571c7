"""A request that a provider refuses for what it says: found by the rules, worded by a dialect."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a request is refused with a 400."""

    message: str
    param: str | None = None
    code: str | None = None
    kind: str = "invalid_request_error"
    """The error's `type`."""

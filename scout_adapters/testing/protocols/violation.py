"""A violation of a provider's rules for request bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scout_adapters.testing.faults.error_bodies.rows import Condition


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a request is refused; the fields fill the provider's error body."""

    message: str
    param: str | None = None
    code: str | None = None
    kind: str = "invalid_request_error"
    """The error's `type`."""

    status: int | None = None
    """The status, where it is not the provider's usual one for the condition."""

    condition: Condition = "bad_request"
    body: Any = None
    """The whole error body, where it is not the provider's usual one."""

"""How long a call may take, and what is known of an answer while it streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

NEVER = float("inf")

SHORTEST = 0.001
"""Seconds: a timeout of nought would mean something else to a socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds; None waits for ever."""

    connect: float | None = 10.0
    first_token: float | None = 120.0
    idle: float | None = 60.0
    total: float | None = 600.0

    def within(self, left: float) -> Timeouts:
        """Shorten every one to the seconds that are left."""
        return Timeouts(
            connect=_shorter(self.connect, left),
            first_token=_shorter(self.first_token, left),
            idle=_shorter(self.idle, left),
            total=_shorter(self.total, left),
        )

    def of(self, *, stream: bool) -> dict[str, float | None]:
        """Say it in httpx's words, as it is when a request is sent."""
        read = self.first_token if stream else self.total
        return {"connect": self.connect, "read": read, "write": self.total, "pool": self.total}


def _shorter(timeout: float | None, left: float) -> float:
    return left if timeout is None else min(timeout, left)


@dataclass(slots=True)
class StreamProgress:
    """What is known of an answer while it comes."""

    left: Callable[[], float] = field(default=lambda: NEVER)
    """Seconds until the call's deadline."""

    shown: bool = False
    """Whether content has come: from then on only the silence between two pieces is bounded."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Those of a good answer, as soon as they are there."""

"""One HTTP exchange as values: what is sent, how long it may take, what comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


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
        """Say it in httpx's words. Its read timeout bounds the silence between two reads."""
        silences = (self.first_token, self.idle)
        longest = None if None in silences else max(s for s in silences if s is not None)
        read = longest if stream else self.total
        return {"connect": self.connect, "read": read, "write": self.total, "pool": self.total}


def _shorter(timeout: float | None, left: float) -> float:
    return left if timeout is None else min(timeout, left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One HTTP exchange, ready to send."""

    provider: str
    model: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    timeouts: Timeouts
    now: Callable[[], float] = time.monotonic
    key_id: str | None = None
    redact: Callable[[str], str] = field(default=str, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: its JSON, and the headers that came with it."""

    body: Any
    headers: Mapping[str, str]

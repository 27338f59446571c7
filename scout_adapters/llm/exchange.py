"""One HTTP exchange as values: what is sent, how long it may take, what comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

NEVER = float("inf")
SHORTEST = 0.001
"""Seconds: a timeout of nought would mean something else to a socket."""


BAD_CERTIFICATE = "certificate"
"""The code of a connection that was refused for what the server showed of itself."""


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
class Watch:
    """What is known of an answer while it comes."""

    left: Callable[[], float] = field(default=lambda: NEVER)
    """Seconds until the call's deadline."""

    shown: bool = False
    """Whether content has come: from then on only the silence between two pieces is bounded."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Those of a good answer, as soon as they are there."""


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
    watch: Watch = field(default_factory=Watch)
    key_id: str | None = None
    redact: Callable[[str], str] = field(default=str, repr=False)

    def patience(self, *, stream: bool) -> ReadTimeouts:
        """Begin to wait for the answer."""
        return ReadTimeouts(self, self.now(), stream)


READ_TIMEOUT = "scout_read_timeout"
"""The request's extension that returns the seconds for the next read: httpx's own are of one value
for a whole answer, and a transport that plays the network must know better."""


@dataclass(slots=True)
class ReadTimeouts:
    """How long the next read may take.

    A whole answer has so long altogether, a stream so long for its first content and then for
    each silence; and none longer than the call's deadline.
    """

    exchange: Exchange
    began: float
    stream: bool
    _until: float = NEVER

    def hurry(self, seconds: float) -> None:
        """Wait so long for all that is still to come, by the clock of the socket."""
        self._until = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        """Whether the time is over that `hurry` left."""
        return time.monotonic() > self._until

    def __call__(self) -> float | None:
        """Return the seconds that a read which begins now may take, None for any time."""
        if self._until != NEVER:
            return max(self._until - time.monotonic(), SHORTEST)
        exchange = self.exchange
        timeouts = exchange.timeouts
        if self.stream and exchange.watch.shown:
            limit = timeouts.idle
        elif (limit := timeouts.first_token if self.stream else timeouts.total) is not None:
            limit -= exchange.now() - self.began
        left = exchange.watch.left()
        if limit is None and left == NEVER:
            return None
        return max(_shorter(limit, left), SHORTEST)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: its JSON, and the headers that came with it."""

    body: Any
    headers: Mapping[str, str]

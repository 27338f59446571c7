"""One HTTP exchange as values: what is sent, how long it may take, what comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scout_adapters.llm.timeouts import NEVER, SHORTEST, StreamProgress, Timeouts, _shorter


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpExchange:
    """One HTTP exchange, ready to send."""

    provider: str
    model: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    timeouts: Timeouts
    now: Callable[[], float] = time.monotonic
    watch: StreamProgress = field(default_factory=StreamProgress)
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

    exchange: HttpExchange
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
class JsonResponse:
    """A whole answer: its JSON, and the headers that came with it."""

    body: Any
    headers: Mapping[str, str]

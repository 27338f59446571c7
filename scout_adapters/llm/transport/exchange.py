"""One HTTP exchange as values: the request, and how long each read of the response may take."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from scout_adapters.llm.timeouts import NEVER, SHORTEST, AttemptContext, shorter


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpExchange:
    """One POST request, ready to send, with the context of its attempt."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    context: AttemptContext

    def read_timeouts(self, *, stream: bool) -> ReadTimeouts:
        """Return the timeouts for reads of the response; the time counts from now."""
        return ReadTimeouts(self.context, self.context.clock.now(), stream)


READ_TIMEOUT = "scout_read_timeout"
"""Name of a request extension: a function that returns the seconds for the next read.

httpx's own `timeout` extension has one value for a whole response. The emulator's transport needs
the value at each read.
"""


@dataclass(slots=True)
class ReadTimeouts:
    """Returns the seconds that the next read may take.

    `total` limits a whole response. `first_token` limits a stream until its first content, and
    `idle` each read after that. No read is longer than the time to the call's deadline.
    """

    context: AttemptContext
    began: float
    stream: bool
    _rest_until: float = NEVER

    def limit_rest(self, seconds: float) -> None:
        """Limit all further reads together to `seconds`, by the system's monotonic clock."""
        self._rest_until = time.monotonic() + seconds

    @property
    def expired(self) -> bool:
        """Whether the time that `limit_rest` set is over."""
        return time.monotonic() > self._rest_until

    def __call__(self) -> float | None:
        """Return the seconds for a read that begins now, None for no limit."""
        if self._rest_until != NEVER:
            return max(self._rest_until - time.monotonic(), SHORTEST)
        context = self.context
        timeouts, now = context.timeouts, context.clock.now()
        if self.stream and context.progress.has_content:
            limit = timeouts.idle
        elif (limit := timeouts.first_token if self.stream else timeouts.total) is not None:
            limit -= now - self.began
        left = context.deadline - now
        if limit is None and left == NEVER:
            return None
        return max(shorter(limit, left), SHORTEST)

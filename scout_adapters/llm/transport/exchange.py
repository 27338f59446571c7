"""One HTTP exchange as values: the request, and how long each read of the response may take."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from scout_adapters.errors import ErrorKind, ProviderError, provider_error
from scout_adapters.llm.timeouts import NEVER, SHORTEST, AttemptContext


@dataclass(slots=True, kw_only=True)  # not frozen: creation would take four times as long
class HttpExchange:
    """One request, ready to send, with the context of its attempt."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    context: AttemptContext
    method: str = "POST"
    """`POST`, or `GET` to poll for an answer that was requested earlier."""

    def read_timeouts(self, *, stream: bool) -> ReadTimeouts:
        """Return the timeouts for reads of the response; their time starts now."""
        return ReadTimeouts(self.context, self.context.clock.now(), stream)


TOOL_SILENCE = 10
"""Times `idle`: how long a tool at the provider may run without content or a new statement."""

READ_TIMEOUT = "scout_read_timeout"
"""Name of a request extension: a function that returns the seconds for the next read.

httpx's own `timeout` extension has one value for a whole response. The emulator's transport needs
the value at each read.
"""


@dataclass(slots=True)
class ReadTimeouts:
    """Returns the seconds that the next read may take.

    `total` limits a response, whole or streamed. `first_token` limits a stream until its first
    content, and `idle` its silence after that: the time since the last event with content, without
    the time that the caller takes. While a tool runs at the provider, a stream may be silent for
    `TOOL_SILENCE` times `idle`. No read is longer than the time to the call's deadline.
    """

    context: AttemptContext
    began: float
    stream: bool
    _rest_until: float = NEVER
    _silent_since: float | None = None

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
        now = self.context.clock.now()
        left = self.context.deadline - now
        for limit in (self._stream_limit(now) if self.stream else None, self._total_left(now)):
            if limit is not None:
                left = min(left, limit)
        return None if left == NEVER else max(left, SHORTEST)

    def check(self) -> None:
        """Raise `ProviderTimeout` for a response without content, or one that lasts too long.

        Call it before each read, when the caller has received the content of the previous read.
        """
        now = self.context.clock.now()
        timeouts = self.context.timeouts
        total = timeouts.stream_total if self.stream else timeouts.total
        if total is not None and now - self.began > total:
            raise _timed_out(f"no whole answer within {total:g} s")
        silence = self._stream_limit(now) if self.stream else None
        if silence is None or silence >= 0:
            return
        if self.context.progress.tool_runs:
            raise _timed_out("a tool at the provider runs too long without a sign of progress")
        if self.context.progress.has_content:
            raise _timed_out(f"no content for {self.context.timeouts.idle:g} s")

    def _total_left(self, now: float) -> float | None:
        timeouts = self.context.timeouts
        total = timeouts.stream_total if self.stream else timeouts.total
        return None if total is None else total - (now - self.began)

    def _stream_limit(self, now: float) -> float | None:
        """Return the seconds that a stream may still send no content; None for no limit."""
        timeouts, progress = self.context.timeouts, self.context.progress
        first = None if timeouts.first_token is None else timeouts.first_token - (now - self.began)
        if not (progress.has_content or progress.tool_runs):
            return first
        if progress.content_since_read or self._silent_since is None:
            progress.content_since_read, self._silent_since = False, now
        if timeouts.idle is None:
            return None
        idle = timeouts.idle * (TOOL_SILENCE if progress.tool_runs else 1)
        silence = idle - (now - self._silent_since)
        if progress.has_content:
            return silence
        return None if first is None else max(first, silence)


def _timed_out(message: str) -> ProviderError:
    return provider_error(ErrorKind.TIMEOUT_RESPONSE, message)

"""Timeouts of a call, and the context that every layer of one attempt shares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters.errors import ConfigurationError
from scout_adapters.errors.option_values import check_seconds, shown_value

NEVER = float("inf")

SHORTEST = 0.001
"""Seconds: the shortest read timeout; a socket takes a timeout of 0 for non-blocking mode."""


LONGEST = 1e8
"""Seconds, three years: a longer limit counts as no limit. Sockets take no more than 292 years."""

NUMBERS = frozenset({int, float})

WHOLE_ANSWER = 600.0
"""Seconds: the default limit of a whole answer. Compared with `is`: a user may set 600.0, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds; None is no limit.

    `total` limits an answer, whole or streamed; its default limits whole answers only, because a
    long answer may stream for longer. `idle` is the time between two events with content; while a
    tool runs at the provider, as its events state, ten times that, also before the first content.
    """

    connect: float | None = 10.0
    first_token: float | None = 120.0
    idle: float | None = 60.0
    total: float | None = WHOLE_ANSWER

    @property
    def stream_total(self) -> float | None:
        """The limit of a streamed answer."""
        return None if self.total is WHOLE_ANSWER else self.total

    def checked(self) -> Timeouts:
        """Return these timeouts; a limit beyond `LONGEST` becomes None.

        Raises: `ConfigurationError` for a limit that is no number of seconds above 0.
        """
        for seconds in (self.connect, self.first_token, self.idle, self.total):
            usual = seconds is None or (type(seconds) in NUMBERS and 0 < seconds <= LONGEST)
            if not usual:
                return self._corrected()
        return self

    def _corrected(self) -> Timeouts:
        beyond: dict[str, None] = {}
        for name in ("connect", "first_token", "idle", "total"):
            seconds = getattr(self, name)
            check_seconds(f"timeout: {name}", seconds)
            if seconds is not None and seconds <= 0:
                raise ConfigurationError(f"timeout: {name}={shown_value(seconds)} must be above 0")
            if seconds is not None and seconds > LONGEST:
                beyond[name] = None
        return replace(self, **beyond)

    def within(self, left: float) -> Timeouts:
        """Return a copy in which no timeout is longer than `left` seconds."""
        return Timeouts(
            connect=shorter(self.connect, left),
            first_token=shorter(self.first_token, left),
            idle=shorter(self.idle, left),
            total=shorter(self.total, left),
        )

    def of(self, *, stream: bool) -> dict[str, float | None]:
        """Return httpx's `timeout` extension, as it is when a request is sent."""
        read = self.first_token if stream else self.total
        return {"connect": self.connect, "read": read, "write": self.total, "pool": self.total}


def shorter(timeout: float | None, left: float) -> float:
    """Return the shorter of a timeout and the seconds that are left."""
    return left if timeout is None else min(timeout, left)


class OpenResponse(Protocol):
    """A response that is being read."""

    def abort(self) -> Awaitable[None] | None:
        """Close the connection, and give everything back; async responses return an awaitable."""


@dataclass(slots=True)
class StreamProgress:
    """State of a response while it arrives; the transport and the engine update it."""

    has_content: bool = False
    """Whether content has arrived: from then on the idle timeout applies."""

    content_since_read: bool = False
    """Whether content has arrived since the last read began."""

    tool_runs: bool = False
    """Whether a tool runs at the provider, as its events state: a silence may last longer."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Headers of a successful response, by lower-case name; empty until it arrives."""

    response: OpenResponse | None = field(default=None, repr=False)
    """The response that is being read, with its slot and connection; the call aborts it if an
    exception has come between two steps."""


@dataclass(slots=True, kw_only=True, eq=False)  # not frozen: creation takes four times as long
class AttemptContext:
    """What the engine, the adapter and the transport share of one attempt."""

    provider: str
    model: str
    key_id: str | None = None
    timeouts: Timeouts
    clock: Clock = SYSTEM
    deadline: float = NEVER
    """Time by `clock` at which the whole call must be over."""

    redact: Callable[[str], str] = field(default=str, repr=False)
    """Replaces the attempt's key in a text that a provider sent."""

    progress: StreamProgress = field(default_factory=StreamProgress)

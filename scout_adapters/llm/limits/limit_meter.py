"""The count of one scope: its backlogs, the requests in flight, and the calls that wait for it."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from scout_adapters.llm.limits.gcra import MAX_CREDIT, drained
from scout_adapters.llm.limits.limit_rule import LimitRule
from scout_adapters.llm.limits.limit_waiter import LimitWaiter

POLL_SECONDS = 1.0
"""Seconds between two looks for a free place; one that becomes free ends the wait."""

_by_ticket = attrgetter("ticket")


class Shortage(NamedTuple):
    """Which limit a request must wait for, and the seconds until then."""

    reason: str
    wait: float
    for_place: bool = False
    """Whether it waits for another request to end, which has no known time."""

    other_key_helps: bool = False
    """Whether each key or account has a count of its own."""


@dataclass(slots=True, eq=False)
class LimitReservation:
    """What one request has reserved, in all counts that it belongs to."""

    scopes: Sequence[tuple[str, LimitRule]]
    tokens: int
    """Estimated tokens of input and output."""

    meters: list[LimitMeter] = field(default_factory=list)
    taken: int = 0
    """Number of meters, the first ones, in which it is counted."""

    id: str = ""
    """Its name in shared books; empty if it is not in any."""

    in_thread: bool = False
    """Whether a thread books it, so that its end must follow there."""


@dataclass(slots=True, eq=False)
class LimitMeter:
    """The count of one scope. Every method runs under the lock of its store."""

    rule: LimitRule
    requests: float = 0.0
    tokens: float = 0.0
    """Backlogs in seconds of the limits, at the time `at`; see `gcra.py`."""

    at: float = 0.0
    in_flight: int = 0
    line: list[LimitWaiter] = field(default_factory=list)
    """The calls that wait for it, in order of arrival."""

    is_shared: bool = False
    """Whether other processes count as well, so that only the first of the line may try."""

    closed_until: float = 0.0
    """Shared: when there may be room again, in monotonic seconds."""

    closed_by: str = ""
    """Shared: the limit that had no room."""

    def shortage(self, now: float, tokens: int, waiter: LimitWaiter | None) -> Shortage | None:
        """Return what a request must wait for; None if it may go now.

        Calls that have waited longer than `waiter` go first; None is a call that has just come.
        """
        self.drain(now)
        rule, most = self.rule, self.rule.limits.concurrency
        calls, ahead = self._ahead(waiter) if self.line else (0, 0)
        if self.closed_by and (calls or now < self.closed_until):
            return self._shortage(self.closed_by, max(0.01, self.closed_until - now))
        if most is not None and self.in_flight + calls >= most:
            return self._shortage("concurrency", POLL_SECONDS)
        requests = self.requests + calls * rule.request_seconds
        wait, limit = rule.longest_wait(requests, self.tokens + ahead * rule.token_seconds, tokens)
        return self._shortage(limit, wait) if wait else None

    def _shortage(self, limit: str, wait: float) -> Shortage:
        reason = f"the limit {self.rule.text(limit)} is reached"
        return Shortage(reason, wait, limit == "concurrency", self.rule.per in {"key", "account"})

    def _ahead(self, waiter: LimitWaiter | None) -> tuple[int, int]:
        """Return the requests and tokens of the calls that have waited longer."""
        calls = tokens = 0
        for other in self.line:
            if waiter is not None and other.ticket >= waiter.ticket:
                break
            calls, tokens = calls + 1, tokens + other.tokens
        return calls, tokens

    def drain(self, now: float) -> None:
        """Bring the backlogs to the present."""
        passed = now - self.at
        if passed > 0:
            requests, tokens = drained(self.requests, passed), drained(self.tokens, passed)
            self.requests, self.tokens, self.at = requests, tokens, now

    def take(self, reservation: LimitReservation) -> None:
        """Count a request that has no shortage."""
        rule, tokens = self.rule, reservation.tokens
        # One line: an exception between the two would leave the request counted for ever.
        self.requests, self.tokens, self.in_flight, reservation.taken = (
            self.requests + rule.request_seconds,
            self.tokens + tokens * rule.token_seconds,
            self.in_flight + 1,
            reservation.taken + 1,
        )

    def settle(self, reservation: LimitReservation, now: float, tokens: int, *, sent: bool) -> None:
        """Count the end of a request: its real tokens; nothing if it was not sent."""
        rule = self.rule
        change = (tokens - reservation.tokens) * rule.token_seconds
        self.drain(now)
        requests = self.requests if sent else self.requests - rule.request_seconds
        self.requests, self.tokens, self.in_flight, reservation.taken = (
            max(requests, -MAX_CREDIT),
            max(self.tokens + change, -MAX_CREDIT),
            max(0, self.in_flight - 1),
            reservation.taken - 1,
        )

    def open(self) -> None:
        """Let the first of the line try again: a request here has given something back."""
        self.closed_until = 0.0
        if not self.line:
            self.closed_by = ""

    def is_idle(self, now: float) -> bool:
        """Return whether it counts nothing, so that it can be forgotten."""
        self.drain(now)
        return self.requests <= 0 and self.tokens <= 0 and not self.in_flight and not self.line

    def join(self, waiter: LimitWaiter) -> None:
        """Put a call into the line, by its order of arrival."""
        if waiter not in self.line:
            waiter.meters.append(self)  # first: `leave` visits these, whatever comes between
            insort(self.line, waiter, key=_by_ticket)

    def leave(self, waiter: LimitWaiter) -> None:
        """Take a call out of the line, and wake the one that is first then."""
        was_first = self.is_first(waiter)
        if waiter in self.line:
            self.line.remove(waiter)
        if self in waiter.meters:
            waiter.meters.remove(self)
        if was_first:
            self.wake_first()

    def is_first(self, waiter: LimitWaiter) -> bool:
        """Return whether a call is the first of the line."""
        return self.line[:1] == [waiter]

    def wake_first(self) -> None:
        """Wake the call that has waited longest; drop those whose event loop is closed."""
        while self.line and not self.line[0].wake():
            del self.line[0]

"""How waiting calls use a key after a cooldown: one request first, then more with each answer."""

from __future__ import annotations

MAX_FIRST = 16
"""Requests that may be unanswered at once with a key that has not answered in this process."""

ACCEPTED_SECONDS = 1.5
"""Seconds after which an unanswered request counts as accepted: rate limits refuse at once."""

OPEN_SECONDS = 4.0
"""Seconds without a refusal, after as many accepted requests as last time, that end a ramp."""

MIN_CROWD = 2
"""Number of calls that wait for the end of a cooldown; for fewer there is no ramp."""

CROWD_SECONDS = 5.0
"""Seconds after a cooldown within which the waiting calls start; later there is no ramp."""

MAX_SECONDS = 60.0
"""Seconds after its first request at which a ramp ends in any case."""

POLL_SECONDS = 0.1
"""Seconds between two checks whether a key that other calls try can be used; at most twice that."""


class Ramp:
    """Limits the unanswered requests of one key and model. All times are monotonic seconds.

    After a cooldown, one request goes first, and each accepted request admits two more. When the
    number of requests that were accepted before the last refusal is reached, an eighth of it may be
    unanswered at once, and twice as many after each further second.
    """

    __slots__ = (
        "_accepted",
        "_began",
        "_checks",
        "_expected",
        "_pending",
        "_reached",
        "_refused",
        "_rests_until",
        "_waiting",
    )

    def __init__(self, expected: int | None = None) -> None:
        """Start with `expected`: requests accepted before the last refusal; None if unknown."""
        self._checks = 0
        self._rests_until = 0.0
        self._start(expected)

    def _start(self, expected: int | None) -> None:
        self._expected = expected
        self._accepted = self._waiting = 0
        self._pending: dict[int, float] = {}
        self._began: float | None = None
        self._reached: float | None = None
        self._refused = False

    def refuse(self, until: float) -> None:
        """Record a rate limit until `until`; the next request is the first after the cooldown."""
        self._refused = True
        self._rests_until = max(self._rests_until, until)

    def wait(self) -> None:
        """Count a call that waits for the end of the cooldown."""
        self._waiting += 1

    def admits(self, now: float) -> bool:
        """Return whether another request may go now."""
        if self._refused:
            self._start(max(1, self._accepted))
        while self._pending and self.next_at <= now:
            del self._pending[next(iter(self._pending))]
            self._accepted += 1
        return len(self._pending) < self._limit(now)

    def _limit(self, now: float) -> int:
        if self._expected is None:
            return MAX_FIRST + self._accepted
        missing = self._expected - self._accepted
        if missing > 0:
            return min(1 + self._accepted, missing)
        if self._reached is None:
            self._reached = now
        return int(max(1, self._expected // 8) * 2.0 ** min(now - self._reached, OPEN_SECONDS))

    def is_over(self, now: float) -> bool:
        """Return whether any number of requests may go from now on."""
        if self._refused:
            # Without a crowd that waited for it, a rest that is over leaves no mark.
            return self._waiting < MIN_CROWD or now >= self._rests_until + CROWD_SECONDS
        if self._began is None:
            return False
        if self._expected is None:
            return self._accepted >= 4 * MAX_FIRST
        steady = self._reached is not None and now - self._reached >= OPEN_SECONDS
        return steady or now - self._began >= MAX_SECONDS

    @property
    def next_at(self) -> float:
        """When the oldest unanswered request counts as accepted."""
        return next(iter(self._pending.values()), 0.0) + ACCEPTED_SECONDS

    def check_at(self, now: float) -> float:
        """Return when to check again whether a request may go; the limit also grows with time."""
        return min(self.next_at, now + POLL_SECONDS)

    def poll_at(self, now: float) -> float:
        """Return when a call should check again; calls that wait check one after the other."""
        self._checks = (self._checks + 1) % 16
        return now + POLL_SECONDS * (1.0 + self._checks / 16)

    def enter(self, ticket: int, now: float) -> None:
        """Count a request as unanswered from now on; `ticket` identifies it in `leave`."""
        if self._began is None:
            self._began = now
        self._pending[ticket] = now

    def leave(self, ticket: int, *, accepted: bool) -> None:
        """Count a request as ended; `accepted`: the provider began to answer it."""
        if self._pending.pop(ticket, None) is not None and accepted:
            self._accepted += 1

    def forget_requests(self) -> None:
        """Count no request as unanswered, as in a forked child."""
        self._pending.clear()

"""The generic cell rate algorithm as pure functions: how long a request must wait for a limit.

A limit of so much per second is kept as a backlog: the seconds of the limit that are used already.
It drains by one second per second, so that no window of time has an edge at which two bursts meet.
In any W seconds at most W plus the burst are admitted, in seconds of the limit.
https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm (as a leaky bucket).
"""

from __future__ import annotations

from typing import NamedTuple

MAX_CREDIT = 60.0
"""Seconds of a limit that corrections can give in advance."""

_ROUNDING = 1e-9
"""Seconds: a shorter wait counts as 0."""


class Backlog(NamedTuple):
    """Seconds of a limit that are used at the time `at`; below 0 after a correction."""

    seconds: float = 0.0
    at: float = 0.0

    def seconds_at(self, now: float) -> float:
        """Return the seconds that are still used at a time."""
        return drained(self.seconds, now - self.at)


NOTHING_USED = Backlog()


def drained(seconds: float, passed: float) -> float:
    """Return what is left of a backlog when time has passed; a credit expires at the same rate."""
    if passed <= 0:
        return seconds
    if seconds > 0:
        return seconds - passed if seconds > passed else 0.0
    return seconds + passed if seconds < -passed else 0.0


def wait_of(used: float, cost: float, burst: float) -> float:
    """Return the seconds that a request must wait, in seconds of the limit; 0 if it may pass."""
    wait = used if cost > burst else used + cost - burst
    return wait if wait > _ROUNDING else 0.0


def gcra(
    backlog: Backlog, now: float, cost: float, burst: float, ahead: float = 0.0
) -> tuple[Backlog, float]:
    """Return the backlog after a request and 0; or the backlog without it and the seconds to wait.

    `cost`, `burst` and `ahead` (what waiting requests before it cost) are seconds of the limit. A
    request that costs more than the burst passes when nothing is used.
    """
    used = backlog.seconds_at(now)
    if wait := wait_of(used + ahead, cost, burst):
        return backlog, wait
    return Backlog(used + cost, max(now, backlog.at)), 0.0


def corrected(backlog: Backlog, now: float, change: float) -> Backlog:
    """Return the backlog after a request that was more (above 0) or less than reserved."""
    return Backlog(max(-MAX_CREDIT, backlog.seconds_at(now) + change), max(now, backlog.at))

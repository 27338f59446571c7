"""Counts of limits in memory: of one process, for all its threads and tasks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Protocol

from scout_adapters._internal.fork import call_after_fork, fork_safe_lock
from scout_adapters.llm.limits.limit_meter import LimitMeter, LimitReservation, Shortage
from scout_adapters.llm.limits.limit_rule import LimitRule
from scout_adapters.llm.limits.limit_waiter import LimitWaiter

MAX_METERS = 10_000
"""Scopes that are counted; beyond them idle ones are forgotten."""


class LimitStore(Protocol):
    """Where requests are counted: in this process, or in several."""

    def reserve(
        self, reservation: LimitReservation, clock: Callable[[], float], waiter: LimitWaiter | None
    ) -> Shortage | None:
        """Count a request in all its scopes; or in none, and return what it must wait for."""

    async def areserve(
        self, reservation: LimitReservation, clock: Callable[[], float], waiter: LimitWaiter | None
    ) -> Shortage | None:
        """Twin of `reserve`."""

    def stand(self, reservation: LimitReservation, now: float, waiter: LimitWaiter) -> None:
        """Put a call into the lines of the scopes that a refused reservation must wait for."""

    def leave(self, waiter: LimitWaiter) -> None:
        """Take a call out of all lines, and wake those that are first then."""

    def peek(self, reservation: LimitReservation, now: float) -> Shortage | None:
        """Return what a new request would have to wait for; nothing is counted."""

    def settle(
        self, reservation: LimitReservation, now: float, tokens: int | None, *, sent: bool = True
    ) -> None:
        """Count the end of a request; None for unknown tokens keeps what is reserved."""


class MemoryLimits:
    """Counts requests and tokens of this process.

    `is_shared`: it is one of several that share their limits; see `SharedLimits`.
    """

    def __init__(self, *, is_shared: bool = False) -> None:
        self._is_shared = is_shared
        self._lock = fork_safe_lock()
        self._meters: dict[str, LimitMeter] = {}

    def __len__(self) -> int:
        return len(self._meters)

    def reserve(
        self, reservation: LimitReservation, clock: Callable[[], float], waiter: LimitWaiter | None
    ) -> Shortage | None:
        """Count a request in all its scopes; or in none, and return what it must wait for."""
        now = clock()
        with self._lock:
            meters = reservation.meters
            for scope, rule in reservation.scopes:
                meters.append(self._meters.get(scope) or self._new_meter(scope, rule, now))
            longest: Shortage | None = None
            for meter in meters:
                shortage = meter.shortage(now, reservation.tokens, waiter)
                if shortage is not None and (longest is None or shortage.wait > longest.wait):
                    longest = shortage
            if longest is None:
                for meter in meters:
                    meter.take(reservation)
            return longest

    async def areserve(
        self, reservation: LimitReservation, clock: Callable[[], float], waiter: LimitWaiter | None
    ) -> Shortage | None:
        """Twin of `reserve`."""
        return self.reserve(reservation, clock, waiter)

    def close(self, meter: LimitMeter, limit: str, until: float, now: float) -> Shortage:
        """Note that the shared books have no room until a time; return the shortage."""
        with self._lock:
            meter.closed_by, meter.closed_until = limit, until
            return meter.shortage(now, 0, None) or Shortage(meter.rule.text(limit), 0.01)

    def stand(self, reservation: LimitReservation, now: float, waiter: LimitWaiter) -> None:
        """Put a call into the lines of the scopes that a refused reservation must wait for."""
        with self._lock:
            meters = reservation.meters
            shortages = [meter.shortage(now, reservation.tokens, waiter) for meter in meters]
            self._stand(waiter, meters, shortages)
            waiter.woken = waiter.woken or not any(shortages)  # a place became free just now

    def _stand(
        self, waiter: LimitWaiter, meters: list[LimitMeter], shortages: list[Shortage | None]
    ) -> None:
        """Stand in the lines of the meters with a shortage, and in no other of these."""
        for meter, shortage in zip(meters, shortages, strict=True):
            if shortage is not None:
                meter.join(waiter)
            elif waiter in meter.line:
                meter.leave(waiter)

    def settle(
        self,
        reservation: LimitReservation,
        now: float,
        tokens: int | None,
        *,
        sent: bool = True,
        wakes: bool = True,
    ) -> None:
        """Count the end of a request; None for unknown tokens keeps what is reserved.

        `wakes`: whether calls that wait try again.
        """
        used = 0 if not sent else reservation.tokens if tokens is None else tokens
        with self._lock:
            while reservation.taken:
                meter = reservation.meters[reservation.taken - 1]
                meter.settle(reservation, now, used, sent=sent)
                if wakes and meter.line:
                    meter.open()
                    meter.wake_first()

    def leave(self, waiter: LimitWaiter) -> None:
        """Take a call out of all lines, and wake those that are first then."""
        with self._lock:
            for meter in tuple(waiter.meters):
                meter.leave(waiter)

    def peek(self, reservation: LimitReservation, now: float) -> Shortage | None:
        """Return what a new request would have to wait for; nothing is counted."""
        tokens = reservation.tokens
        with self._lock:
            meters = (self._meters.get(scope) for scope, _ in reservation.scopes)
            shortages = [meter.shortage(now, tokens, None) for meter in meters if meter]
            return max(filter(None, shortages), key=_wait_of, default=None)

    def _new_meter(self, scope: str, rule: LimitRule, now: float) -> LimitMeter:
        if len(self._meters) >= MAX_METERS:
            self._forget_idle(now)
        meter = self._meters[scope] = LimitMeter(rule, is_shared=self._is_shared)
        return meter

    def _forget_idle(self, now: float) -> None:
        """Forget what counts nothing; if that is too little, the oldest without requests."""
        idle = [scope for scope, meter in self._meters.items() if meter.is_idle(now)]
        for scope in idle:
            del self._meters[scope]
        if len(self._meters) >= MAX_METERS:
            unused = (s for s, m in self._meters.items() if not (m.in_flight or m.line))
            for scope in list(islice(unused, MAX_METERS // 8)):
                del self._meters[scope]

    def forget_requests(self) -> None:
        """Count no requests and calls of the parent in a forked child: they do not end here."""
        for meter in self._meters.values():
            meter.in_flight = 0
            meter.line.clear()

    def clear(self) -> None:
        """Forget all counts."""
        with self._lock:
            self._meters.clear()


def _wait_of(shortage: Shortage) -> float:
    return shortage.wait


memory_limits = MemoryLimits()
"""The counts of this process, which all models share."""

call_after_fork(memory_limits.forget_requests)

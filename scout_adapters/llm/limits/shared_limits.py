"""Limits that several processes share: each keeps its own line, the counts are in shared books."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_hex

from scout_adapters.llm.limits.limit_books import BooksUnavailableError, LimitBooks, LimitRefusal
from scout_adapters.llm.limits.limit_meter import LimitReservation, Shortage
from scout_adapters.llm.limits.limit_waiter import LimitWaiter
from scout_adapters.llm.limits.memory_limits import MemoryLimits

PLACE_SECONDS = 0.1
"""Seconds until a process requests a place again, which another process may have given back."""


class SharedLimits:
    """Counts requests here, for the order of arrival, and in the books, for all processes.

    While the books cannot be used, each process keeps to the limits alone.
    """

    def __init__(self, books: LimitBooks) -> None:
        self.books = books
        self._local = MemoryLimits(is_shared=True)

    def reserve(
        self, reservation: LimitReservation, clock: Callable[[], float], waiter: LimitWaiter | None
    ) -> Shortage | None:
        """Count a request in all its scopes; or in none, and return what it must wait for."""
        if (shortage := self._begin(reservation, clock, waiter)) is not None:
            return shortage
        return self._result(reservation, clock(), self._admit(reservation))

    async def areserve(
        self, reservation: LimitReservation, clock: Callable[[], float], waiter: LimitWaiter | None
    ) -> Shortage | None:
        """Twin of `reserve`: the books are used in a thread."""
        if (shortage := self._begin(reservation, clock, waiter)) is not None:
            return shortage
        reservation.in_thread = True
        refusal = await self.books.worker.run(self._admit, reservation)
        return self._result(reservation, clock(), refusal)

    def _begin(
        self, reservation: LimitReservation, clock: Callable[[], float], waiter: LimitWaiter | None
    ) -> Shortage | None:
        shortage = self._local.reserve(reservation, clock, waiter)
        if shortage is None:
            reservation.id = token_hex(8)
        return shortage

    def _admit(self, reservation: LimitReservation) -> LimitRefusal | None:
        try:
            return self.books.admit(reservation)
        except BooksUnavailableError:
            return None

    def _result(
        self, reservation: LimitReservation, now: float, refusal: LimitRefusal | None
    ) -> Shortage | None:
        """Return the shortage of a refusal; until there is room, others here need no request."""
        if refusal is None:
            return None
        reservation.id = ""
        meter = reservation.meters[refusal.number]
        wait = refusal.wait if refusal.limit != "concurrency" else PLACE_SECONDS
        self._local.settle(reservation, now, 0, sent=False, wakes=False)
        return self._local.close(meter, refusal.limit, now + wait, now)

    def stand(self, reservation: LimitReservation, now: float, waiter: LimitWaiter) -> None:
        """Put a call into the lines of the scopes that a refused reservation must wait for."""
        self._local.stand(reservation, now, waiter)

    def leave(self, waiter: LimitWaiter) -> None:
        """Take a call out of all lines, and wake those that are first then."""
        self._local.leave(waiter)

    def peek(self, reservation: LimitReservation, now: float) -> Shortage | None:
        """Return what a new request would have to wait for, by the counts last read."""
        return self._local.peek(reservation, now)

    def settle(
        self, reservation: LimitReservation, now: float, tokens: int | None, *, sent: bool = True
    ) -> None:
        """Count the end of a request; None for unknown tokens keeps what is reserved."""
        used = 0 if not sent else reservation.tokens if tokens is None else tokens
        booked, reservation.id = reservation.id, ""
        if booked:
            ended = LimitReservation(reservation.scopes, reservation.tokens, id=booked)
            if reservation.in_thread:  # behind its admission
                self.books.worker.submit(self._settle, ended, used, sent)
            else:
                self._settle(ended, used, sent)
        self._local.settle(reservation, now, tokens, sent=sent)

    def _settle(self, reservation: LimitReservation, used: int, sent: bool) -> None:
        self.books.settle(reservation, used, sent=sent)

    def forget_requests(self) -> None:
        """Count no requests and calls of the parent in a forked child."""
        self._local.forget_requests()

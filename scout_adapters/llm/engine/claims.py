"""What a call has taken and not yet given back: circuit permit, key, attempt.

The money that a budget reserves for an attempt is settled in `callbacks/budget_handler.py`.
"""

from __future__ import annotations

from asyncio import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scout_adapters._internal.fork import release_held_locks
from scout_adapters.errors import ScoutError
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.health.circuit_breaker import CircuitBreaker, Permit
from scout_adapters.llm.health.key_state import Lease
from scout_adapters.llm.timeouts import OpenResponse, StreamProgress

if TYPE_CHECKING:
    from scout_adapters.llm.limits.limit_meter import LimitReservation

UNINTERRUPTED = (ScoutError, GeneratorExit)
"""Exceptions that never come between two steps: a step raises them, or a `yield` receives them."""


@dataclass(slots=True)
class Claims:
    """Circuit, key and attempt in use by a call; `give_back` releases them after an exception."""

    circuit: CircuitBreaker | None = None
    permit: Permit | None = None
    lease: Lease | str | None = None
    attempt: Attempt | None = None
    """The attempt whose end is not recorded yet."""

    admitted: int = 0
    """The number of the last attempt that the budgets admitted: its cost is reserved."""

    reserved: LimitReservation | None = None
    """What the attempt has reserved of the user's limits; `LimitedCall` gives it back."""

    progress: StreamProgress | None = None
    """State of the last attempt's response, which may still be open.

    Not the attempt, which refers to its call: a cycle would wait for the garbage collector, and a
    stream with it, chunk for chunk.
    """

    @property
    def open_response(self) -> OpenResponse | None:
        """The last attempt's response, which may still be open; None if there is none."""
        return self.progress.response if self.progress else None

    def _is_known(self, attempt: Attempt) -> bool:
        return attempt.is_started or attempt.number == self.admitted

    def give_back(self, error: BaseException, now: float) -> None:
        """Release circuit, key and attempt when `error`, such as Ctrl-C, interrupts the call.

        Does nothing for a `ScoutError` or a closed stream: the attempt itself has released them.
        """
        attempt, self.attempt = self.attempt, None
        if isinstance(error, UNINTERRUPTED):
            return
        release_held_locks()
        if (
            attempt is not None
            and isinstance(error, CancelledError)
            and not self._is_known(attempt)
        ):
            attempt.release()  # no handler has it: a cancelled proposal settles itself
            return
        if attempt is not None:
            attempt.abandon()
            return
        if isinstance(self.lease, Lease):
            self.lease.give_back()
        if self.permit is not None and self.circuit is not None:
            self.circuit.report(self.permit, "neutral", now)

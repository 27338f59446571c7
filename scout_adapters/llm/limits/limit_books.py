"""The interface of counts that several processes share: admit a request, settle it afterwards."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from scout_adapters._internal.ordered_worker import OrderedWorker
from scout_adapters.llm.limits.limit_meter import LimitReservation

LEASE_SECONDS = 900.0
"""Seconds after which a request without an end counts no longer as one at once: its process died.
Longer than an answer may take by default."""


class LimitRefusal(NamedTuple):
    """Why a request was not admitted."""

    number: int
    """Which of the reservation's scopes has no room, from 0."""

    limit: str
    """`rpm`, `tpm` or `concurrency`."""

    wait: float
    """Seconds until there is room; 0 if that is unknown."""


class BooksUnavailableError(Exception):
    """The shared counts cannot be used now."""


class LimitBooks(Protocol):
    """Counts shared by processes. Each step is atomic, and uses the clock of the books."""

    worker: OrderedWorker
    """Runs the steps of async calls, in order."""

    def admit(self, reservation: LimitReservation) -> LimitRefusal | None:
        """Count a request in all its scopes; or in none, and return why.

        Raises: `BooksUnavailableError`; the request may be counted all the same.
        """

    def settle(self, reservation: LimitReservation, tokens: int, *, sent: bool) -> None:
        """Count the end of a request; nothing happens if it is not counted, or has ended."""

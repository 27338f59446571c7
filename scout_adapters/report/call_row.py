"""Attempts put together to calls: one for each run, over as soon as it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import TypeVar

from scout_adapters.report.attempt_row import AttemptRow
from scout_adapters.report.totals import Totals

Number = TypeVar("Number", int, Decimal)

LONGEST_STORY = 8
"""Failed requests of a call that are named; `requests` counts them all."""

KEPT_BEFORE_SORTING = 2
"""How many times more calls are kept than are wanted, before the oldest go."""


@dataclass(slots=True)
class CallRow:
    """A call so far: what it spent, and its last request. US dollars and tokens."""

    last: AttemptRow
    places: Sequence[Totals]
    """Where that one is counted."""

    requests: int
    cost: Decimal | None
    """What is known of its cost."""

    input_t: int | None
    output_t: int | None
    before: tuple[str, ...] = ()
    """What came of the requests before the last: `groq/openai/gpt-oss-120b rate_limit`."""

    @property
    def unpriced(self) -> bool:
        """Whether it was answered at a price that nobody knows."""
        return self.last.ok and self.last.cost is None

    def take(self, attempt: AttemptRow, places: Sequence[Totals]) -> None:
        """Add the next attempt."""
        self.cost = _added(self.cost, attempt.cost)
        self.input_t = _added(self.input_t, attempt.input_t)
        self.output_t = _added(self.output_t, attempt.output_t)
        if attempt.requested:
            if self.requests and len(self.before) < LONGEST_STORY:
                self.before += (f"{self.last.model} {self.last.outcome}",)
            self.requests += 1
        elif self.requests:
            return  # it ended with its last request, whoever was passed over after that
        self.last, self.places = attempt, places


def begun(first: AttemptRow, places: Sequence[Totals]) -> CallRow:
    """Return a call with its first attempt."""
    requests = int(first.requested)
    return CallRow(first, places, requests, first.cost, first.input_t, first.output_t)


class CallTable:
    """All calls of a log: counted where they ended, and the newest of them kept."""

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self.retried = 0
        """Calls that took more than one request."""

        self.rescued = 0
        """Those of them that were answered in the end."""

        self._open: dict[str, CallRow] = {}
        self._over: set[str] = set()
        self._newest: list[CallRow] = []

    def take(self, attempt: AttemptRow, places: Sequence[Totals]) -> None:
        """Add an attempt, which is counted at `places`, to its call.

        A row that names no run is a call of its own. What comes behind a run's answer, such as the
        other answers of another model, belongs to the sums and to no call.
        """
        run = attempt.run_id
        if run in self._over:
            return
        call = self._open.pop(run, None)
        if call is None:
            call = begun(attempt, places)
        else:
            call.take(attempt, places)
        if attempt.ok or not run:
            self._end(call)
        else:
            self._open[run] = call

    def close(self) -> None:
        """Count the calls that nobody has answered."""
        for call in self._open.values():
            self._end(call)
        self._open.clear()

    def _end(self, call: CallRow) -> None:
        answered, run = call.last.ok, call.last.run_id
        for totals in call.places:
            totals.calls += 1
            totals.answered += answered
        if call.requests > 1:
            self.retried += 1
            self.rescued += answered
        if run:
            self._over.add(run)
        if self.kept:
            self._newest.append(call)
            if len(self._newest) >= KEPT_BEFORE_SORTING * self.kept:
                self._newest = self.newest()

    def newest(self) -> list[CallRow]:
        """Return the newest calls, the last one first."""
        return sorted(self._newest, key=attrgetter("last.time"), reverse=True)[: self.kept]


def _added(sums: Number | None, more: Number | None) -> Number | None:
    """Add what is known."""
    if sums is None or more is None:
        return more if sums is None else sums
    return sums + more

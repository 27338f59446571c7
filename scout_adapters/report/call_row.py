"""Attempts grouped into calls: one for each run, which ends with its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import TypeVar

from scout_adapters.report.attempt_row import AttemptRow
from scout_adapters.report.totals import Totals

Number = TypeVar("Number", int, Decimal)

MAX_FAILURES = 8
"""Failed requests that a call names; `requests` counts all of them."""

TRIM_FACTOR = 2
"""Multiple of the newest calls to keep, at which the oldest are dropped."""


@dataclass(slots=True)
class CallRow:
    """A call so far: its sums and its last request. US dollars and tokens."""

    last: AttemptRow
    totals: Sequence[Totals]
    """The sums that contain the last request."""

    requests: int
    cost: Decimal | None
    """The sum of the known costs."""

    input_t: int | None
    output_t: int | None
    before: tuple[str, ...] = ()
    """Model and outcome of the requests before the last: `groq/openai/gpt-oss-120b rate_limit`."""

    @property
    def unpriced(self) -> bool:
        """Whether it was answered at an unknown price."""
        return self.last.ok and self.last.cost is None

    def add(self, attempt: AttemptRow, totals: Sequence[Totals]) -> None:
        """Add the next attempt."""
        self.cost = _sum(self.cost, attempt.cost)
        self.input_t = _sum(self.input_t, attempt.input_t)
        self.output_t = _sum(self.output_t, attempt.output_t)
        if attempt.requested:
            if self.requests and len(self.before) < MAX_FAILURES:
                self.before += (f"{self.last.model} {self.last.outcome}",)
            self.requests += 1
        elif self.requests:
            return  # the call ends with its last request, not with candidates skipped after it
        self.last, self.totals = attempt, totals


def _new_call(first: AttemptRow, totals: Sequence[Totals]) -> CallRow:
    """Return a call of one attempt."""
    requests = int(first.requested)
    return CallRow(first, totals, requests, first.cost, first.input_t, first.output_t)


class CallTable:
    """All calls of a log: each is counted in the sums of its last request; the newest are kept."""

    def __init__(self, newest: int) -> None:
        self._limit = newest
        self.retried = 0
        """Calls with more than one request."""

        self.rescued = 0
        """Calls with more than one request that were answered."""

        self._open: dict[str, CallRow] = {}
        self._ended: set[str] = set()
        self._newest: list[CallRow] = []

    def add(self, attempt: AttemptRow, totals: Sequence[Totals]) -> None:
        """Add an attempt, which the sums `totals` contain, to its call.

        A row without a run is a call of its own. Rows after the answer of a run, such as further
        answers of another model, belong to the sums and to no call.
        """
        run = attempt.run_id
        if run in self._ended:
            return
        call = self._open.pop(run, None)
        if call is None:
            call = _new_call(attempt, totals)
        else:
            call.add(attempt, totals)
        if attempt.ok or not run:
            self._end(call)
        else:
            self._open[run] = call

    def close(self) -> None:
        """Count the calls that were not answered."""
        for call in self._open.values():
            self._end(call)
        self._open.clear()

    def _end(self, call: CallRow) -> None:
        answered, run = call.last.ok, call.last.run_id
        for totals in call.totals:
            totals.calls += 1
            totals.answered += answered
        if call.requests > 1:
            self.retried += 1
            self.rescued += answered
        if run:
            self._ended.add(run)
        if self._limit:
            self._newest.append(call)
            if len(self._newest) >= TRIM_FACTOR * self._limit:
                self._newest = self.newest()

    def newest(self) -> list[CallRow]:
        """Return the newest calls, the newest first."""
        return sorted(self._newest, key=attrgetter("last.time"), reverse=True)[: self._limit]


def _sum(one: Number | None, other: Number | None) -> Number | None:
    """Return the sum of two values, where None is unknown and adds nothing."""
    if one is None or other is None:
        return other if one is None else one
    return one + other

"""Attempts grouped into calls: one for each run, which ends with its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import TypeVar

from scout_adapters.report.attempt_row import AttemptRow
from scout_adapters.report.totals import Totals

Number = TypeVar("Number", int, Decimal)

MAX_FAILURES = 8
"""Failed requests that a call names; `requests` counts all of them."""

MAX_ATTEMPTS = 100
"""Attempts that a call lists; `requests` counts all of them."""

NO_CANDIDATE = "no candidate"
"""Outcome of a call whose candidates were all skipped: no request was sent."""

NO_OUTCOME = "no outcome"
"""Outcome of a call whose newest request has none in the log: in progress, or its process ended."""

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

    started: str = ""
    """Time of its first row: an intent, a request's outcome, or a skipped candidate."""

    ended: str = ""
    """Time of its last row."""

    busy_s: float = 0.0
    """Seconds of all attempts, and of the waits before them."""

    waited_s: float = 0.0
    open_requests: int = 0
    """Requests without an outcome so far."""

    attempts: list[AttemptRow] = field(default_factory=list)
    """The first attempts and skipped candidates in order; empty if the table lists no calls."""

    @property
    def outcome(self) -> str:
        """`ok`, the kind of the last refusal, `no candidate`, or `no outcome`."""
        if self.open_requests and not self.last.ok:
            return NO_OUTCOME
        return NO_CANDIDATE if self.last.outcome == "skipped" else self.last.outcome

    @property
    def lasted_s(self) -> float | None:
        """Seconds from the first row to the last, and not less than attempts and waits took."""
        try:
            rows = datetime.fromisoformat(self.ended) - datetime.fromisoformat(self.started)
        except ValueError:  # a time that cannot be read
            return self.busy_s or None
        return round(max(rows.total_seconds(), self.busy_s), 6)

    @property
    def unpriced(self) -> bool:
        """Whether it was answered at an unknown price."""
        return self.last.ok and self.last.cost is None

    def add(self, attempt: AttemptRow, totals: Sequence[Totals]) -> None:
        """Add the next attempt."""
        self.cost = _sum(self.cost, attempt.cost)
        self.input_t = _sum(self.input_t, attempt.input_t)
        self.output_t = _sum(self.output_t, attempt.output_t)
        self.add_time(attempt)
        if attempt.requested:
            if self.requests and len(self.before) < MAX_FAILURES:
                self.before += (f"{self.last.model} {self.last.outcome}",)
            self.requests += 1
        elif self.requests:
            return  # the call ends with its last request, not with candidates skipped after it
        self.last, self.totals = attempt, totals

    def add_time(self, attempt: AttemptRow) -> None:
        """Add what an attempt and the wait before it took."""
        self.ended = max(self.ended, attempt.time)
        self.waited_s += attempt.waited_s
        self.busy_s += attempt.waited_s + (attempt.latency_s or 0.0)


def _new_call(first: AttemptRow, totals: Sequence[Totals], started: str) -> CallRow:
    """Return a call of one attempt."""
    requests = int(first.requested)
    call = CallRow(first, totals, requests, first.cost, first.input_t, first.output_t)
    call.started = started or first.time
    call.add_time(first)
    return call


@dataclass(slots=True)
class _Begun:
    """The requests of a run that have begun."""

    started: str
    requests: dict[int | None, AttemptRow | None] = field(default_factory=dict)
    """Those without an outcome so far, by attempt number."""


class CallTable:
    """All calls of a log: each is counted in the sums of its last request; the newest are kept."""

    def __init__(self, newest: int, wanted: Callable[[CallRow], bool] | None = None) -> None:
        """`newest`: the number of calls to keep. `wanted`: which of them; None for all."""
        self._limit = newest
        self._wanted = wanted
        self.place_of_unsent: Callable[[AttemptRow], Totals] | None = None
        """Returns the sums in which a call without a request is counted, instead of the first."""

        self.matching = 0
        """Calls that match, also those that are too old to be kept."""

        self.retried = 0
        """Calls with more than one request."""

        self.rescued = 0
        """Calls with more than one request that were answered."""

        self._begun: dict[str, _Begun] = {}
        self._open: dict[str, CallRow] = {}
        self._ended: set[str] = set()
        self._newest: list[CallRow] = []

    def begin(self, run: str, number: int | None, intent: AttemptRow | None, time: str) -> None:
        """Add a request that leaves at `time`: it is open until its outcome is added.

        With `intent`, a call without any outcome is listed, with it as its last row.
        """
        if run and run not in self._ended:
            begun = self._begun.get(run) or self._begun.setdefault(run, _Begun(time))
            begun.requests[number] = intent

    def add(self, attempt: AttemptRow, totals: Sequence[Totals]) -> None:
        """Add an attempt, which the sums `totals` contain, to its call.

        A row without a run is a call of its own. Rows after the answer of a run, such as further
        answers of another model, belong to the sums and to no call.
        """
        run = attempt.run_id
        if run in self._ended:
            return
        begun = self._begun.get(run)
        if begun is not None and attempt.outcome != "skipped":
            begun.requests.pop(attempt.number, None)
        call = self._open.pop(run, None)
        if call is None:
            call = _new_call(attempt, totals, begun.started if begun else "")
        else:
            call.add(attempt, totals)
        if self._limit and len(call.attempts) < MAX_ATTEMPTS:
            call.attempts.append(attempt)
        if attempt.ok or not run:
            self._end(call)
        else:
            self._open[run] = call

    def close(self) -> None:
        """Count the calls that were not answered."""
        for call in self._open.values():
            self._end(call)
        self._open.clear()
        for begun in self._begun.values():  # of runs without any outcome
            for intent in filter(None, begun.requests.values()):
                call = _new_call(intent, (), begun.started)
                call.open_requests = 1
                call.attempts.append(intent)
                self._keep(call)
                break

    def _end(self, call: CallRow) -> None:
        answered, run = call.last.ok, call.last.run_id
        if (begun := self._begun.pop(run, None)) is not None:
            call.open_requests = len(begun.requests)
        sums = call.totals
        if sums and not call.requests and self.place_of_unsent:
            sums = (self.place_of_unsent(call.last), *sums[1:])
        for totals in sums:
            totals.calls += 1
            totals.answered += answered
        if call.requests > 1:
            self.retried += 1
            self.rescued += answered
        if run:
            self._ended.add(run)
        self._keep(call)

    def _keep(self, call: CallRow) -> None:
        if self._limit and (self._wanted is None or self._wanted(call)):
            self.matching += 1
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

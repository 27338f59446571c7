"""Read a log once: all sums for the tables and the page."""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any, Literal, TypeVar

from scout_adapters.audit import read_rows
from scout_adapters.report.attempt_row import AttemptRow, attempt_row, count, dollars, name
from scout_adapters.report.call_row import CallTable
from scout_adapters.report.key_health import KeyTable
from scout_adapters.report.latencies import Latencies
from scout_adapters.report.outages import OutageTable
from scout_adapters.report.time_buckets import BY_DAY, Axis, BucketSize
from scout_adapters.report.totals import EXACT, Totals

By = Literal["day", "model", "provider", "key", "tag", "user"]
K = TypeVar("K")
G = TypeVar("G")

Place = tuple[str, str, str, str]
"""A bucket, a provider, a model with its provider's name, and a key."""

Caller = tuple[tuple[str, ...], str]
"""Tags, and a user."""

INTENT, ATTEMPT = "llm_intent", "llm_attempt"
UNSENT = "no request sent"
"""Name of the provider and model of calls that sent no request."""

NEVER = "~"
"""Later than every time of a log."""


@dataclass(slots=True)
class Spending:
    """Cost of the events of one name that are not attempts. US dollars."""

    rows: int = 0
    cost: Decimal = Decimal(0)


@dataclass(slots=True)
class FailedWithKey:
    """Requests that failed in one way with one key."""

    requests: int = 0
    newest: str = ""
    """Time of the newest of them."""


@dataclass(slots=True)
class Summary:
    """The sums of a log."""

    axis: Axis
    calls: CallTable
    rows: int = 0
    undated: int = 0
    """Rows with an unreadable time: in the sums, and in no bucket."""

    by_place: defaultdict[Place, Totals] = field(default_factory=lambda: defaultdict(Totals))
    by_caller: defaultdict[Caller, Totals] = field(default_factory=lambda: defaultdict(Totals))
    events: defaultdict[tuple[str, str], Spending] = field(
        default_factory=lambda: defaultdict(Spending)
    )
    """Other events with a cost, by bucket and name."""

    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Requests that failed, by kind and provider."""

    by_key: dict[tuple[str, str, str], FailedWithKey] = field(default_factory=dict)
    """Requests that failed, by kind, provider and key."""

    outages: OutageTable = field(default_factory=OutageTable)

    latencies: Latencies = field(default_factory=Latencies)
    keys: KeyTable = field(default_factory=KeyTable)
    waiting: dict[tuple[str, int | None], int] = field(default_factory=dict)
    """Number of intents without an outcome so far, by run and attempt number."""

    def add(self, row: Mapping[str, Any], since: str, until: str) -> None:
        """Add a row, if its time is at or after `since` and before `until`."""
        time, bucket = self.axis.place(row.get("time"))
        if not since <= time < until:
            return
        self.rows += 1
        self.undated += not time
        event = row.get("event")
        if event == ATTEMPT:
            attempt = attempt_row(row, time, bucket)
            self._attempt(attempt)
            if attempt.outcome != "skipped":
                self._settle((attempt.run_id, count(row.get("number"))))
        elif event == INTENT:
            number = (name(row.get("run_id")), count(row.get("number")))
            self.waiting[number] = self.waiting.get(number, 0) + 1
            self.calls.begin(*number, None, time)
        elif (cost := dollars(row.get("cost"))) is not None:
            spent = self.events[bucket, name(event)]
            spent.rows += 1
            spent.cost += cost

    def _attempt(self, attempt: AttemptRow) -> None:
        where = (attempt.bucket, attempt.provider, attempt.model, attempt.key)
        place, caller = self.by_place[where], self.by_caller[attempt.tags, attempt.user]
        place.add(attempt)
        caller.add(attempt)
        self.calls.add(attempt, (place, caller))
        if attempt.outcome != "not_sent":
            self.keys.add(attempt)
        if attempt.ok:
            self.latencies.add(attempt)
        elif attempt.requested:
            self._fail(attempt)
        self.outages.add(attempt)

    def _fail(self, attempt: AttemptRow) -> None:
        self.failures[attempt.outcome, attempt.provider] += 1
        place = (attempt.outcome, attempt.provider, attempt.key)
        failed = self.by_key.get(place) or self.by_key.setdefault(place, FailedWithKey())
        failed.requests += 1
        failed.newest = max(failed.newest, attempt.time)

    def place_of_unsent(self, row: AttemptRow) -> Totals:
        """Return the sums of calls that sent no request; they count for no candidate."""
        return self.by_place[row.bucket, UNSENT, UNSENT, ""]

    def _settle(self, number: tuple[str, int | None]) -> None:
        left = self.waiting.pop(number, 0)
        if left > 1:
            self.waiting[number] = left - 1

    @property
    def unsettled(self) -> int:
        """Requests that were sent and whose outcome is not in the log."""
        return sum(self.waiting.values())

    def total(self) -> Totals:
        """Return the sums of all attempts and calls."""
        return merged(self.by_place, lambda _: ("",)).get("", Totals())

    def by(self, what: By) -> dict[str, Totals]:
        """Return the sums by day (or hour, or month), model, provider, key, tag or user.

        Days are in order of time; everything else is in order of cost, the most expensive first. A
        call with several tags is counted for each of them; "" is the name of calls without one.
        """
        if what == "day":
            days = merged(self.by_place, lambda place: (self.axis.shortened(place[0]),))
            return dict(sorted(days.items()))
        if what in OF_CALLER:
            return _ranked(merged(self.by_caller, OF_CALLER[what]))
        return _ranked(merged(self.by_place, OF_PLACE[what]))

    def spent_on(self, group: Callable[[tuple[str, str]], str]) -> dict[str, Spending]:
        """Return the costs of other events; `group` maps bucket and name to the group."""
        by_group: defaultdict[str, Spending] = defaultdict(Spending)
        with localcontext(EXACT):
            for place, spent in self.events.items():
                sums = by_group[group(place)]
                sums.rows += spent.rows
                sums.cost += spent.cost
        return by_group

    def spent_by_time(self) -> dict[str, Decimal]:
        """Return all costs by day (or hour, or month), in order, with the days without a row."""
        calls = self.by("day")
        others = self.spent_on(lambda place: self.axis.shortened(place[0]))
        with localcontext(EXACT):
            return {
                name: calls.get(name, Totals()).cost + others.get(name, Spending()).cost
                for name in self.axis.names([*calls, *others])
            }

    @property
    def cost(self) -> Decimal:
        """The sum of all known costs: attempts and other events."""
        others = self.spent_on(lambda _: "").get("", Spending())
        with localcontext(EXACT):
            return self.total().cost + others.cost


OF_UNSENT = {UNSENT: UNSENT}
OF_PLACE: Mapping[By, Callable[[Place], Sequence[str]]] = {
    "provider": lambda place: (place[1],),
    "model": lambda place: (place[2],),
    "key": lambda place: (f"{place[1]} {place[3]}" if place[3] else OF_UNSENT.get(place[1], ""),),
}
OF_CALLER: Mapping[By, Callable[[Caller], Sequence[str]]] = {
    "tag": lambda caller: caller[0] or ("",),
    "user": lambda caller: (caller[1],),
}


def summarise(
    path: Path,
    *,
    levels: Sequence[BucketSize] = BY_DAY,
    since: str = "",
    until: str = "",
    newest: int = 0,
) -> Summary:
    """Read the log at `path` once and return its sums, from the time `since` on, before `until`.

    `newest` is the number of newest calls that `calls.newest()` returns.
    """
    summary = Summary(Axis(levels), CallTable(newest))
    summary.calls.place_of_unsent = summary.place_of_unsent
    with localcontext(EXACT), _without_collector():
        for row in read_rows(path):
            summary.add(row, since, until or NEVER)
        summary.calls.close()
    return summary


@contextmanager
def _without_collector() -> Iterator[None]:
    """Disable the garbage collector: a million rows would be searched for cycles, and have none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def merged(parts: Mapping[K, Totals], groups: Callable[[K], Sequence[G]]) -> dict[G, Totals]:
    """Return the sums of `parts` by group; `groups` returns the groups of a part."""
    by_group: defaultdict[G, Totals] = defaultdict(Totals)
    with localcontext(EXACT):
        for place, totals in parts.items():
            for group in groups(place):
                by_group[group].include(totals)
    return by_group


def _ranked(groups: Mapping[str, Totals]) -> dict[str, Totals]:
    ranked = sorted(groups.items(), key=lambda item: (-item[1].cost, -item[1].calls, item[0]))
    return dict(ranked)

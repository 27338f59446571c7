"""Calls of a log, found by outcome, user, tag and time; and all rows of one call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scout_adapters.audit import read_rows
from scout_adapters.report.attempt_row import AttemptRow, attempt_row, name
from scout_adapters.report.call_row import NO_OUTCOME, CallRow, CallTable
from scout_adapters.report.summary import ATTEMPT, INTENT
from scout_adapters.report.time_buckets import BY_DAY, Axis

EVENTS = frozenset({INTENT, ATTEMPT})

MAX_RUNS = 50
"""Runs that a prefix of a run id may name; of more, the oldest are left out."""


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls are listed; "" is no condition."""

    failed: bool = False
    """Only calls without an answer."""

    user: str = ""
    tag: str = ""
    since: str = ""
    """Calls that begin at this time or later, as the log writes times."""

    until: str = ""
    """Calls that begin before this time."""

    def matches(self, call: CallRow) -> bool:
        """Return whether a call is listed."""
        return not (
            (self.failed and call.last.ok)
            or (self.user and call.last.user != self.user)
            or (self.tag and self.tag not in call.last.tags)
            or call.started < self.since
            or (self.until and call.started >= self.until)
        )


def list_calls(path: Path, wanted: CallFilter, newest: int) -> CallTable:
    """Return the calls of the log at `path` that match, at most the `newest` ones.

    A call without any answer counts as failed. One whose newest request has no outcome in the log
    is in progress, or its process has ended: its outcome is `no outcome`.
    """
    calls = CallTable(newest, wanted.matches)
    for _ in _read_calls(path, calls):
        pass
    return calls


def calls_of_run(path: Path, prefix: str) -> list[CallRow]:
    """Return the calls whose run id begins with `prefix`, the newest first, with all attempts.

    Attempts after the answer of a run, such as further batches of embeddings, are included.
    """
    calls = CallTable(MAX_RUNS)
    outcomes: defaultdict[str, list[AttemptRow]] = defaultdict(list)
    requests: dict[tuple[str, int | None], AttemptRow] = {}
    for attempt in _read_calls(path, calls, prefix):
        if attempt.outcome == NO_OUTCOME:
            requests[attempt.run_id, attempt.number] = attempt
            continue
        if attempt.outcome != "skipped":
            requests.pop((attempt.run_id, attempt.number), None)
        outcomes[attempt.run_id].append(attempt)
    for intent in requests.values():
        outcomes[intent.run_id].append(intent)
    found = calls.newest()
    for call in found:
        call.attempts = outcomes[call.last.run_id]
    return found


def _read_calls(path: Path, calls: CallTable, prefix: str = "") -> Iterator[AttemptRow]:
    """Add the rows of runs that begin with `prefix` to `calls`; yield each.

    An intent is an attempt with the outcome `no outcome`.
    """
    axis = Axis(BY_DAY)
    for row in read_rows(path):
        event = name(row.get("event"))
        if event not in EVENTS or not name(row.get("run_id")).startswith(prefix):
            continue
        attempt = attempt_row(row, *axis.place(row.get("time")))
        if event == INTENT:
            attempt = attempt._replace(outcome=NO_OUTCOME)
            calls.begin(attempt.run_id, attempt.number, attempt, attempt.time)
        else:
            calls.add(attempt, ())
        yield attempt
    calls.close()

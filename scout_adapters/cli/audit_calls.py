"""`scout-adapters audit calls` and `audit show`: which calls failed, and what one of them did."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from scout_adapters._internal.json_values import Json
from scout_adapters.cli.console import (
    AsJson,
    Days,
    Log,
    Since,
    Until,
    end_time,
    fail,
    log_at,
    print_line,
    start_time,
)
from scout_adapters.cli.json_output import print_json
from scout_adapters.cli.tables import Cell, TableData, print_table
from scout_adapters.report.advice import advice_of, to_do
from scout_adapters.report.attempt_row import AttemptRow
from scout_adapters.report.call_list import CallFilter, calls_of_run, list_calls
from scout_adapters.report.call_row import CallRow
from scout_adapters.report.format import NONE, UNKNOWN, amount, duration, money, written_time

RunId = Annotated[str, typer.Argument(help="The run id of the call, or its first characters.")]


def calls(  # noqa: PLR0913  # a command's options
    log: Log = None,
    *,
    user: Annotated[str, typer.Option(help="Only calls of this user.")] = "",
    tag: Annotated[str, typer.Option(help="Only calls with this tag.")] = "",
    since: Since = None,
    until: Until = None,
    days: Days = None,
    newest: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
    failed: Annotated[bool, typer.Option("--failed", help="Only calls without an answer.")] = False,
    as_json: AsJson = False,
) -> None:
    """List calls, one a line, the newest last: run, outcome, model, how long, cost."""
    path = log_at(log)
    start, end = start_time(since, days), end_time(until)
    found = list_calls(path, CallFilter(failed, user, tag, start, end), newest)
    rows = found.newest()[::-1]
    if as_json:
        window: Json = {"log": path, "since": start or None, "until": end or None}
        print_json(window | {"matching": found.matching, "calls": list(map(_call, rows))})
    elif not rows:
        print_line(f"no such call in {path}")
    else:
        print_table(_calls(rows, found.matching - len(rows)))
        print_line("what a call did: scout-adapters audit show RUN_ID")


def _calls(rows: Sequence[CallRow], left: int) -> TableData:
    headings = ("time", "run", "outcome", "model", "user", "tags", "lasted", "waited", "cost")
    cells: list[Sequence[Cell]] = [
        (
            written_time(call.started),
            call.last.run_id or NONE,
            _outcome(call.outcome),
            _models(call),
            call.last.user or NONE,
            ", ".join(call.last.tags) or NONE,
            duration(call.lasted_s),
            duration(call.waited_s) if call.waited_s else NONE,
            _cost(call.cost, answered=call.last.ok),
        )
        for call in rows
    ]
    caption = f"{amount(left)} earlier: --newest {len(rows) + left}" if left else ""
    return TableData(headings, cells, headings[6:], caption=caption, framed=False)


def _models(call: CallRow) -> str:
    """Return the model that answered, or that refused last; all that were skipped if all were."""
    if call.requests or not call.attempts:
        return call.last.model
    return ", ".join(dict.fromkeys(attempt.model for attempt in call.attempts))


def _call(call: CallRow) -> Json:
    return {
        "time": call.started or None,
        "run_id": call.last.run_id or None,
        "user": call.last.user or None,
        "tags": call.last.tags,
        "outcome": call.outcome,
        "provider": call.last.provider or None,
        "model": _model(call.last),
        "requests": call.requests,
        "lasted_s": call.lasted_s,
        "waited_s": round(call.waited_s, 6),
        "cost_usd": call.cost,
    }


def show(run_id: RunId, log: Log = None, *, as_json: AsJson = False) -> None:
    """Show what one call did: its attempts, what was skipped and why, and who must act."""
    path = log_at(log)
    call = _the_call(path, run_id.strip())
    if as_json:
        print_json({"log": path, **_call(call), "attempts": list(map(_attempt, call.attempts))})
        return
    _print_head(call)
    print_table(_attempts(call.attempts))
    for advice in to_do(call.attempts):
        reason = f" ({advice.reason})" if advice.reason else ""
        print_line((f"{advice.who}: ", "bold"), f"{advice.about}: {advice.advice}{reason}")


def _the_call(path: Path, prefix: str) -> CallRow:
    found = calls_of_run(path, prefix)
    if not found:
        fail(f"no call in {path} has a run id that begins with {prefix}")
    if len(found) > 1:
        runs = ", ".join(sorted(call.last.run_id for call in found)[:5])
        fail(f"{len(found)} runs begin with {prefix!r}: {runs}; write more of the id", 2)
    return found[0]


def _print_head(call: CallRow) -> None:
    last = call.last
    print_line(f"run {last.run_id}, {written_time(call.started)} UTC")
    who = [f"user {last.user}" if last.user else "", ", ".join(last.tags)]
    if any(who):
        print_line("  " + "; tags ".join(filter(None, who)))
    took = f"lasted {duration(call.lasted_s)}, waited {duration(call.waited_s)}"
    cost = _cost(call.cost, answered=last.ok)
    requests = f"{call.requests} request{'' if call.requests == 1 else 's'}"
    print_line("  ", _outcome(call.outcome), f", {requests}, {took}, cost {cost}")


def _attempts(rows: Sequence[AttemptRow]) -> TableData:
    headings = (
        *("time", "no.", "model", "key", "outcome", "status", "retry after", "waited", "took"),
        *("cost", "reason"),
    )
    cells = [_cells(attempt) for attempt in rows]
    return TableData(headings, cells, (headings[1], *headings[5:10]), framed=False)


def _cells(attempt: AttemptRow) -> Sequence[Cell]:
    sent, status = attempt.requested, attempt.status
    return (
        attempt.time[11:23],
        str(attempt.number) if sent and attempt.number is not None else NONE,
        attempt.model,
        attempt.key or NONE,
        _outcome(attempt.outcome),
        NONE if status is None else str(status),
        duration(attempt.ready_in_s if attempt.retry_after is None else attempt.retry_after),
        duration(attempt.waited_s) if attempt.waited_s else NONE,
        duration(attempt.latency_s),
        _cost(attempt.cost, answered=attempt.ok),
        ": ".join(part for part in (attempt.code, attempt.reason) if part) or NONE,
    )


def _attempt(attempt: AttemptRow) -> Json:
    advice = advice_of(attempt)
    return {
        "time": attempt.time or None,
        "number": attempt.number,
        "provider": attempt.provider or None,
        "model": _model(attempt),
        "key_id": attempt.key or None,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "code": attempt.code or None,
        "reason": attempt.reason or None,
        "retry_after_s": attempt.retry_after,
        "ready_in_s": attempt.ready_in_s,
        "waited_s": attempt.waited_s,
        "latency_s": attempt.latency_s,
        "cost_usd": attempt.cost,
        "request_id": attempt.request_id or None,
        "who": advice.who if advice else None,
        "advice": advice.advice if advice else None,
    }


def _model(attempt: AttemptRow) -> str:
    """Return the model without its provider's name."""
    return attempt.model.partition("/")[2]


def _outcome(outcome: str) -> tuple[str, str]:
    return (outcome or UNKNOWN, "green" if outcome == "ok" else "red")


def _cost(cost: Decimal | None, *, answered: bool) -> str:
    return money(cost) if cost is not None or answered else NONE

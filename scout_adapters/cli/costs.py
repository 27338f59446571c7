"""`scout-adapters costs`: costs, tokens and failures in the audit log, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scout_adapters._internal.json_values import Json
from scout_adapters.cli.console import (
    AsJson,
    Days,
    Log,
    Since,
    console,
    log_at,
    print_line,
    start_time,
)
from scout_adapters.cli.json_output import print_json
from scout_adapters.cli.tables import TableData, print_table
from scout_adapters.errors import one_line
from scout_adapters.report.caveats import caveats
from scout_adapters.report.format import UNKNOWN, amount, money, share, spark
from scout_adapters.report.summary import Summary, summarise
from scout_adapters.report.totals import Totals

DAYS, ROWS = 14, 8
"""Rows of a table by day, and of any other table, if all tables are printed."""

PROVIDERS = 3
"""Providers that are named for each kind of failure."""

SPARKS = 90
"""Days in the line of blocks."""

COLUMNS = ("calls", "failed", "cost", "tokens in", "out", "cached")


class By(StrEnum):
    """What sums are grouped by."""

    DAY = "day"
    MODEL = "model"
    PROVIDER = "provider"
    KEY = "key"
    TAG = "tag"
    USER = "user"


NAMELESS = {By.KEY: "no key needed", By.TAG: "no tag", By.USER: "no user named"}


def costs(
    log: Log = None,
    by: Annotated[By | None, typer.Option(help="One table, whole; else all of them.")] = None,
    since: Since = None,
    days: Days = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print what calls cost, by day, model, provider, key, tag and user, and what failed."""
    path = log_at(log)
    summary = summarise(path, since=start_time(since, days))
    if as_json:
        print_json(
            {"log": path, "since": start_time(since, days) or None, **_all_sums(summary, by)}
        )
    elif not summary.by_place and not summary.events:
        print_line(f"no calls in {path}{' since then' if since or days else ''}")
    else:
        _print_tables(path, summary, by)


def _all_sums(summary: Summary, by: By | None) -> Json:
    """Return the sums of a log as `--json` prints them; with `by`, of one grouping."""
    return {
        "rows": summary.rows,
        "cost_usd": summary.cost,
        "total": _sum(summary.total()),
        "by": {each.value: _sums_by(summary, each) for each in ([by] if by else By)},
        "failures": [
            {"outcome": outcome, "provider": provider, "requests": times}
            for (outcome, provider), times in summary.failures.most_common()
        ],
        "other_events": [
            {"event": name, "rows": spent.rows, "cost_usd": spent.cost}
            for name, spent in summary.spent_on(lambda event: event[1]).items()
        ],
        "caveats": caveats(summary),
    }


def _sums_by(summary: Summary, by: By) -> list[Json]:
    return [{"name": name, **_sum(totals)} for name, totals in summary.by(by.value).items()]


def _sum(totals: Totals) -> Json:
    return {
        "calls": totals.calls,
        "answered": totals.answered,
        "requests": totals.requests,
        "failed": totals.failed,
        "cost_usd": totals.cost,
        "unpriced": totals.unpriced,
        "input_tokens": totals.input_t,
        "output_tokens": totals.output_t,
        "cache_read_tokens": totals.cache_read_t,
    }


def _print_tables(path: Path, summary: Summary, by: By | None) -> None:
    _print_head(path, summary)
    for each in [by] if by else By:
        print_line()
        print_table(_table(summary, each, whole=by is not None))
    if by is None:
        _print_rest(summary)


def _print_head(path: Path, summary: Summary) -> None:
    days = summary.spent_by_time()
    print_line(f"{path}: {_span(days)}{amount(summary.rows)} rows")
    for name, text in _head(summary):
        print_line(f"  {name:<8} {text}")
    if days:
        newest = list(days.values())[-max(min(SPARKS, console.width - 40), 1) :]
        most = money(max(newest))
        print_line(f"  {'per day':<8} ", (spark(newest), "green"), f" at most {most}")


def _span(days: dict[str, Decimal]) -> str:
    if not days:
        return ""
    first, last = next(iter(days)), next(reversed(days))
    return f"{first} (UTC), " if first == last else f"{first} to {last} (UTC), "


def _head(summary: Summary) -> Iterator[tuple[str, str]]:
    total = summary.total()
    others = summary.spent_on(lambda event: event[1])
    parts = [f"{one_line(name)} {money(spent.cost)}" for name, spent in others.items()]
    calls = f": calls {_cost(total)}, {', '.join(parts)}" if parts else ""
    yield "spent", _at_least(summary.cost, total) + calls
    answered = share(total.answered / total.calls if total.calls else None)
    failed = f"{amount(total.failed)} of {amount(total.requests)} requests failed"
    yield "calls", f"{amount(total.calls)}, {answered} answered; {failed}"
    cached = f" ({share(total.cached_share)} of it read from caches)" if total.input_t else ""
    yield "tokens", f"{amount(total.input_t)} in{cached}, {amount(total.output_t)} out"


def _table(summary: Summary, by: By, *, whole: bool) -> TableData:
    """Make the table of sums by `by`: all rows, or the last days or the most expensive rows."""
    groups = summary.by(by.value)
    if by is By.KEY:  # one that was passed over has no key, or an entry of its own elsewhere
        groups = {name: totals for name, totals in groups.items() if totals.requests}
    others = summary.spent_on(lambda event: event[0]) if by is By.DAY else {}
    names = sorted({*groups, *others}) if by is By.DAY else list(groups)
    shown = names if whole else names[-DAYS:] if by is By.DAY else names[:ROWS]
    numbers = [*COLUMNS, *(["other events"] if others else [])]
    rows = []
    for name in shown:
        spent = [money(others[name].cost) if name in others else ""] if others else []
        label = name or NAMELESS.get(by, UNKNOWN)
        rows.append([label, *_cells(groups.get(name, Totals())), *spent])
    left, which = len(names) - len(shown), "earlier" if by is By.DAY else "more"
    caption = f"{amount(left)} {which}: --by {by.value}" if left else ""
    return TableData([by.value, *numbers], rows, numbers, caption=caption, framed=False)


def _cells(totals: Totals) -> Sequence[str]:
    return (
        amount(totals.calls),
        amount(totals.failed),
        _cost(totals),
        amount(totals.input_t),
        amount(totals.output_t),
        share(totals.cached_share),
    )


def _cost(totals: Totals) -> str:
    return _at_least(totals.cost, totals)


def _at_least(cost: Decimal, totals: Totals) -> str:
    """Format a cost; with "≥" if some answers have no known price."""
    if not totals.unpriced:
        return money(cost)
    return f"≥ {money(cost)}" if cost else UNKNOWN


def _print_rest(summary: Summary) -> None:
    print_line()
    if summary.failures:
        print_table(_failures(summary))
        print_line()
    calls, total = summary.calls, summary.total()
    if calls.retried:
        print_line(
            f"tried again: calls that took more than one request {amount(calls.retried)}, "
            f"answered in the end {amount(calls.rescued)}"
        )
    if total.cache_read_t:
        print_line(f"saved by reads from caches: {_saved(total)}")
    if total.skipped:
        print_line(f"skipped without a request: {amount(total.skipped)} times")
    for caveat in caveats(summary):
        print_line(caveat)


def _saved(total: Totals) -> str:
    return money(total.saved) if total.saved or not total.unknown_savings else UNKNOWN


def _failures(summary: Summary) -> TableData:
    """Make the table of failed requests: a row for each kind, the most frequent first."""
    kinds: dict[str, list[tuple[int, str]]] = {}
    for (kind, provider), times in summary.failures.items():
        kinds.setdefault(kind, []).append((times, provider))
    rows, requests = [], summary.total().requests
    for kind, providers in sorted(kinds.items(), key=lambda item: -sum(n for n, _ in item[1])):
        times = sum(number for number, _ in providers)
        most = sorted(providers, reverse=True)[:PROVIDERS]
        at = ", ".join(f"{name or UNKNOWN} {amount(number)}" for number, name in most)
        rows.append([kind or UNKNOWN, amount(times), share(times / requests), at])
    headings = ("failed", "requests", "of all", "most of them at")
    return TableData(headings, rows, headings[1:3], framed=False)

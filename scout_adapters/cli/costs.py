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
    Until,
    console,
    end_time,
    log_at,
    print_line,
    start_time,
)
from scout_adapters.cli.json_output import print_json
from scout_adapters.cli.outage_table import outage_fields, outage_table
from scout_adapters.cli.tables import TableData, print_table
from scout_adapters.errors import one_line
from scout_adapters.report.caveats import caveats
from scout_adapters.report.format import NONE, UNKNOWN, amount, money, share, spark, written_time
from scout_adapters.report.summary import FailedWithKey, Summary, summarise
from scout_adapters.report.time_buckets import BY_DAY, BucketSize
from scout_adapters.report.totals import Totals

DAYS, ROWS = 14, 8
"""Rows of a table by day, and of any other table, if all tables are printed."""

PROVIDERS = 3
"""Providers that are named for each kind of failure."""

SPARKS = 90
"""Days in the line of blocks."""

COLUMNS = ("calls", "not answered", "failed requests", "cost", "tokens in", "out", "cached")


class By(StrEnum):
    """What sums are grouped by."""

    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    MODEL = "model"
    PROVIDER = "provider"
    KEY = "key"
    TAG = "tag"
    USER = "user"


BY_TIME = {
    By.DAY: BY_DAY,
    By.HOUR: (BucketSize("hour", 13),),
    By.MINUTE: (BucketSize("minute", 16),),
}
TABLES = tuple(by for by in By if by not in {By.HOUR, By.MINUTE})
"""What is printed without `--by`."""

NAMELESS = {By.KEY: "no key needed", By.TAG: "no tag", By.USER: "no user named"}


def costs(
    log: Log = None,
    by: Annotated[By | None, typer.Option(help="One table, whole; else all of them.")] = None,
    since: Since = None,
    until: Until = None,
    days: Days = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print what calls cost, by day, model, provider, key, tag and user; what failed; outages."""
    path = log_at(log)
    start, end = start_time(since, days), end_time(until)
    levels = BY_TIME.get(by or By.DAY, BY_DAY)
    summary = summarise(path, levels=levels, since=start, until=end)
    if as_json:
        window: Json = {"log": path, "since": start or None, "until": end or None}
        print_json(window | _all_sums(summary, by))
    elif not summary.by_place and not summary.events:
        when = " between those times" if end else " since then" if start else ""
        print_line(f"no calls in {path}{when}")
    else:
        _print_tables(path, summary, by)


def _all_sums(summary: Summary, by: By | None) -> Json:
    """Return the sums of a log as `--json` prints them; with `by`, of one grouping."""
    return {
        "rows": summary.rows,
        "cost_usd": summary.cost,
        "total": _sum(summary.total()),
        "by": {each.value: _sums_by(summary, each) for each in ([by] if by else TABLES)},
        "failures": [
            {"outcome": outcome, "provider": provider, "requests": times}
            for (outcome, provider), times in summary.failures.most_common()
        ],
        "failures_by_key": [_failed(place, failed) for place, failed in _by_key(summary)],
        "outages": list(map(outage_fields, summary.outages.listed())),
        "other_events": [
            {"event": name, "rows": spent.rows, "cost_usd": spent.cost}
            for name, spent in summary.spent_on(lambda event: event[1]).items()
        ],
        "caveats": caveats(summary),
    }


def _sums_by(summary: Summary, by: By) -> list[Json]:
    return [{"name": name, **_sum(totals)} for name, totals in _groups(summary, by).items()]


def _groups(summary: Summary, by: By) -> dict[str, Totals]:
    """Return the sums by `by`; hours and minutes are the days of a summary in their buckets."""
    return summary.by("day" if by in BY_TIME else by.value)  # type: ignore[arg-type]  # the others are its names


def _sum(totals: Totals) -> Json:
    return {
        "calls": totals.calls,
        "answered": totals.answered,
        "requests": totals.requests,
        "failed": totals.failed,
        "not_answered": totals.calls - totals.answered,
        "cost_usd": totals.cost,
        "unpriced": totals.unpriced,
        "input_tokens": totals.input_t,
        "output_tokens": totals.output_t,
        "cache_read_tokens": totals.cache_read_t,
    }


def _print_tables(path: Path, summary: Summary, by: By | None) -> None:
    _print_head(path, summary)
    for each in [by] if by else TABLES:
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
    groups = _groups(summary, by)
    if by is By.KEY:  # one that was passed over has no key, or an entry of its own elsewhere
        groups = {name: totals for name, totals in groups.items() if totals.requests}
    others = summary.spent_on(lambda event: event[0]) if by in BY_TIME else {}
    names = sorted({*groups, *others}) if by in BY_TIME else list(groups)
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
        amount(totals.calls - totals.answered),
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
        print_table(_failures_by_key(summary))
        print_line()
    if outages := summary.outages.listed():
        print_table(outage_table(outages, ROWS))
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


def _by_key(summary: Summary) -> list[tuple[tuple[str, str, str], FailedWithKey]]:
    """Return failed requests by kind, provider and key, the most frequent first."""
    return sorted(summary.by_key.items(), key=lambda item: (-item[1].requests, item[0]))


def _failures_by_key(summary: Summary) -> TableData:
    failures = _by_key(summary)
    rows = [
        (
            kind or UNKNOWN,
            provider or UNKNOWN,
            key or NONE,
            amount(failed.requests),
            written_time(failed.newest),
        )
        for (kind, provider, key), failed in failures[:ROWS]
    ]
    left = len(failures) - len(rows)
    caption = f"{amount(left)} more: --json" if left else ""
    headings = ("kind", "provider", "key", "failed requests", "newest")
    return TableData(headings, rows, headings[3:4], caption=caption, framed=False)


def _failed(place: tuple[str, str, str], failed: FailedWithKey) -> Json:
    outcome, provider, key = place
    names: Json = {"outcome": outcome, "provider": provider or None, "key_id": key or None}
    return names | {"requests": failed.requests, "newest": failed.newest or None}

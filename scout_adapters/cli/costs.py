"""`scout-adapters costs`: costs, tokens and failures in the audit log, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from scout_adapters.cli.console import Days, Log, Since, console, log_at, start_time
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
) -> None:
    """Print what calls cost, by day, model, provider, key, tag and user, and what failed."""
    path = log_at(log)
    summary = summarise(path, since=start_time(since, days))
    if not summary.by_place and not summary.events:
        console.print(f"no calls in {escape(str(path))}{' since then' if since or days else ''}")
        return
    _print_head(path, summary)
    for each in [by] if by else By:
        console.print()
        console.print(_table(summary, each, whole=by is not None))
    if by is None:
        _print_rest(summary)


def _print_head(path: Path, summary: Summary) -> None:
    days = summary.spent_by_time()
    console.print(f"{_shown(str(path))}: {_span(days)}{amount(summary.rows)} rows", soft_wrap=True)
    for name, text in _head(summary, days):
        console.print(f"  [bold]{name:<8}[/bold] {text}", highlight=False)


def _span(days: dict[str, Decimal]) -> str:
    if not days:
        return ""
    first, last = next(iter(days)), next(reversed(days))
    return f"{first} (UTC), " if first == last else f"{first} to {last} (UTC), "


def _head(summary: Summary, days: dict[str, Decimal]) -> Iterator[tuple[str, str]]:
    total = summary.total()
    others = summary.spent_on(lambda event: event[1])
    parts = [f"{_shown(name)} {money(spent.cost)}" for name, spent in others.items()]
    calls = f": calls {_cost(total)}, {', '.join(parts)}" if parts else ""
    yield "spent", _at_least(summary.cost, total) + calls
    answered = share(total.answered / total.calls if total.calls else None)
    failed = f"{amount(total.failed)} of {amount(total.requests)} requests failed"
    yield "calls", f"{amount(total.calls)}, {answered} answered; {failed}"
    cached = f" ({share(total.cached_share)} of it read from caches)" if total.input_t else ""
    yield "tokens", f"{amount(total.input_t)} in{cached}, {amount(total.output_t)} out"
    if days:
        newest = list(days.values())[-min(SPARKS, console.width - 40) :]
        yield "per day", f"[green]{spark(newest)}[/green] at most {money(max(newest))}"


def _table(summary: Summary, by: By, *, whole: bool) -> Table:
    """Make the table of sums by `by`: all rows, or the last days or the most expensive rows."""
    groups = summary.by(by.value)
    others = summary.spent_on(lambda event: event[0]) if by is By.DAY else {}
    names = sorted({*groups, *others}) if by is By.DAY else list(groups)
    shown = names if whole else names[-DAYS:] if by is By.DAY else names[:ROWS]
    table = _framed(by.value, *COLUMNS, *(["other events"] if others else []))
    for name in shown:
        spent = [money(others[name].cost) if name in others else ""] if others else []
        label = _shown(name) or NAMELESS.get(by, UNKNOWN)
        table.add_row(label, *_cells(groups.get(name, Totals())), *spent)
    if left := len(names) - len(shown):
        which = "earlier" if by is By.DAY else "more"
        table.caption = f"  {amount(left)} {which}: --by {by.value}"
    return table


def _framed(first: str, *others: str) -> Table:
    """Make a table with a column of names and columns of numbers."""
    table = Table(first, box=box.SIMPLE_HEAD, show_edge=False, caption_justify="left")
    for name in others:
        table.add_column(name, justify="right")
    return table


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
    console.print()
    if summary.failures:
        console.print(_failures(summary))
        console.print()
    calls, total = summary.calls, summary.total()
    if calls.retried:
        console.print(
            f"tried again: calls that took more than one request {amount(calls.retried)}, "
            f"answered in the end {amount(calls.rescued)}"
        )
    if total.cache_read_t:
        console.print(f"saved by reads from caches: {_saved(total)}")
    if total.skipped:
        console.print(f"passed over, and not asked: {amount(total.skipped)} times")
    for caveat in caveats(summary):
        console.print(escape(caveat))


def _saved(total: Totals) -> str:
    return money(total.saved) if total.saved or not total.unknown_savings else UNKNOWN


def _failures(summary: Summary) -> Table:
    """Make the table of failed requests: a row for each kind, the most frequent first."""
    kinds: dict[str, list[tuple[int, str]]] = {}
    for (kind, provider), times in summary.failures.items():
        kinds.setdefault(kind, []).append((times, provider))
    table = _framed("failed", "requests", "of all")
    table.add_column("most of them at")
    requests = summary.total().requests
    for kind, providers in sorted(kinds.items(), key=lambda item: -sum(n for n, _ in item[1])):
        times = sum(number for number, _ in providers)
        most = sorted(providers, reverse=True)[:PROVIDERS]
        at = (f"{_shown(name) or UNKNOWN} {amount(number)}" for number, name in most)
        table.add_row(
            _shown(kind) or UNKNOWN, amount(times), share(times / requests), ", ".join(at)
        )
    return table


def _shown(text: str) -> str:
    """Make a text of the log safe for a terminal: no control characters, no markup."""
    return escape("".join(letter if letter.isprintable() else "�" for letter in text))

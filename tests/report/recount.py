"""The sums of a log, computed a second time with exact fractions: the report's expected values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from scout_adapters.audit import read_rows
from scout_adapters.report.totals import Totals

Row = dict[str, Any]

UNSENT = {"skipped", "not_sent"}


def attempts_in(path: Path) -> list[Row]:
    return [row for row in read_rows(path) if row["event"] == "llm_attempt"]


def calls_in(rows: Iterable[Row]) -> list[list[Row]]:
    """Put the attempts of each run together."""
    runs: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        runs[row["run_id"]].append(row)
    return list(runs.values())


def requests_in(call: list[Row]) -> list[Row]:
    return [row for row in call if row["outcome"] not in UNSENT]


def end_of(call: list[Row]) -> Row:
    """Return the last request of a call, or its last skipped attempt where there was no request."""
    return (requests_in(call) or call)[-1]


def exactly(value: float) -> Fraction:
    """Return a number's shortest decimal form as a fraction."""
    return Fraction(repr(value))


def spent(rows: Iterable[Row]) -> Fraction:
    return sum((exactly(row["cost"]) for row in rows if "cost" in row), Fraction())


def saved(rows: Iterable[Row]) -> Fraction:
    """Return the savings of cache reads whose two prices are in the row, in US dollars."""
    total = Fraction()
    for row in rows:
        price = row.get("price", {})
        if row.get("cache_read_t") and {"input", "cache_read"} <= set(price):
            cheaper = exactly(price["input"]) - exactly(price["cache_read"])
            total += row["cache_read_t"] * cheaper / 1_000_000
    return total


def tokens(rows: Iterable[Row], kind: str) -> int:
    return sum(row.get(kind, 0) for row in rows)


def reckon(rows: list[Row], ends: list[Row]) -> dict[str, Any]:
    """Return the expected `Totals` of these attempts, and of calls that ended with `ends`."""
    requests = [row for row in rows if row["outcome"] not in UNSENT]
    failed = [row for row in requests if row["outcome"] != "ok"]
    answers = [row for row in requests if row["outcome"] == "ok"]
    uncertain = [row for row in failed if row.get("billed") in {"yes", "unknown"}]
    guessed = [row for row in requests if row.get("estimated")]
    return {
        "calls": len(ends),
        "answered": sum(row["outcome"] == "ok" for row in ends),
        "requests": len(requests),
        "failed": len(failed),
        "skipped": len(rows) - len(requests),
        "cost": spent(rows),
        "unpriced": sum("cost" not in row for row in answers),
        **{kind: tokens(requests, kind) for kind in ("input_t", "output_t", "cache_read_t")},
        **{kind: tokens(requests, kind) for kind in ("cache_write_t", "reasoning_t")},
        "uncounted": sum("input_t" not in row and "output_t" not in row for row in answers),
        "saved": saved(rows),
        "unknown_savings": sum(
            bool(row.get("cache_read_t")) and "cache_read" not in row.get("price", {})
            for row in requests
        ),
        "uncertain": len(uncertain),
        "uncertain_cost": spent(uncertain),
        "estimated": len(guessed),
        "estimated_cost": spent(guessed),
    }


UNSENT_CALL = "no request sent"
OF_CANDIDATE = {"provider", "model", "key"}


def names_of_end(row: Row, what: str) -> list[str]:
    """Return the names under which a call that ended with a row is counted."""
    unsent = row["outcome"] in UNSENT and what in OF_CANDIDATE
    return [UNSENT_CALL] if unsent else NAMED[what](row)


NAMED: dict[str, Callable[[Row], list[str]]] = {
    "day": lambda row: [row["time"][:10]],
    "hour": lambda row: [row["time"][:13]],
    "minute": lambda row: [row["time"][:16]],
    "provider": lambda row: [row["provider"]],
    "model": lambda row: [f"{row['provider']}/{row['model']}"],
    "key": lambda row: [f"{row['provider']} {row['key_id']}" if "key_id" in row else ""],
    "tag": lambda row: row.get("tags") or [""],
    "user": lambda row: [row.get("user_id", "")],
}


def reckoned_by(path: Path, what: str) -> dict[str, dict[str, Any]]:
    """Return the sums by something."""
    rows = attempts_in(path)
    ends = [end_of(call) for call in calls_in(rows)]
    names = {name for row in rows for name in NAMED[what](row)}
    names |= {name for row in ends for name in names_of_end(row, what)}
    return {
        name: reckon(
            [row for row in rows if name in NAMED[what](row)],
            [row for row in ends if name in names_of_end(row, what)],
        )
        for name in names
    }


def exact_fields(totals: Totals) -> dict[str, Any]:
    """Return a report's sums in the form of `reckon`."""
    return {
        name: Fraction(value) if name in {"cost", "saved"} or name.endswith("_cost") else value
        for name in Totals.__slots__
        for value in [getattr(totals, name)]
    }


def failures_in(path: Path) -> Counter[tuple[str, str]]:
    rows = attempts_in(path)
    return Counter(
        (row["outcome"], row["provider"]) for row in rows if row["outcome"] not in UNSENT | {"ok"}
    )

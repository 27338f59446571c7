"""The log as a table: SQLite or CSV, one row for each event."""

from __future__ import annotations

import csv
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from scout_adapters.audit.reading import read_rows
from scout_adapters.errors import ConfigurationError

NUMBERS = {
    "number": "INTEGER",
    "status": "INTEGER",
    "cost": "REAL",
    "input_t": "INTEGER",
    "output_t": "INTEGER",
    "cache_read_t": "INTEGER",
    "cache_write_t": "INTEGER",
    "reasoning_t": "INTEGER",
    "estimated": "INTEGER",
    "waited_s": "REAL",
    "latency_s": "REAL",
    "first_token_s": "REAL",
    "retry_after": "REAL",
    "ready_in_s": "REAL",
}
TEXTS = ("time", "event", "run_id", "provider", "model", "key_id", "outcome", "code", "reason")
MORE_TEXTS = ("cost_source", "priced_by", "price", "billed", "request_id")
OF_RUN = ("parent_run_id", "tags", "user_id")

COLUMNS = dict.fromkeys((*TEXTS, *MORE_TEXTS, *OF_RUN), "TEXT") | NUMBERS
CHAINED = {"writer": "TEXT", "seq": "INTEGER"}
MORE = "more"
"""The column of a row's other fields, as JSON."""

TABLE = "audit"
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | float | None


def export(path: str | Path, to: str | Path) -> int:
    """Write the whole rows of a log to `to`, by its suffix, and return how many.

    `.db`, `.sqlite`, `.sqlite3`: the table `audit`, replaced in one transaction. `.csv`: a file
    with a header, replaced. Unknown is NULL or empty. Dollars, tokens, seconds, as in the log.
    """
    target = Path(to).expanduser()
    match target.suffix.lower():
        case ".db" | ".sqlite" | ".sqlite3":
            return _to_sqlite(path, target)
        case ".csv":
            return _to_csv(path, target)
    raise ConfigurationError(f"{target.name}: export goes to .csv, .db, .sqlite or .sqlite3")


def _table(path: str | Path) -> Iterator[list[Cell]]:
    for row in read_rows(path):
        chain = row.pop("chain", None)
        chain = chain if isinstance(chain, Mapping) else {}
        cells = [_cell(row.pop(name, None)) for name in COLUMNS]
        cells += [_cell(chain.get(name)) for name in CHAINED]
        yield [*cells, orjson.dumps(row).decode() if row else None]


def _cell(value: Any) -> Cell:
    if isinstance(value, int) and abs(value) >= 1 << 63:  # more than SQLite's integers hold
        return str(value)
    return value if isinstance(value, str | int | float) else _json(value)


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _to_sqlite(path: str | Path, target: Path) -> int:
    _make_private(target)
    typed = ", ".join(
        f"{name} {kind}" for name, kind in {**COLUMNS, **CHAINED, MORE: "TEXT"}.items()
    )
    places = ", ".join("?" * (len(COLUMNS) + len(CHAINED) + 1))
    with closing(sqlite3.connect(target, isolation_level=None)) as base:
        base.execute("BEGIN IMMEDIATE")
        base.execute(f"DROP TABLE IF EXISTS {TABLE}")
        base.execute(f"CREATE TABLE {TABLE} ({typed})")
        done = base.executemany(f"INSERT INTO {TABLE} VALUES ({places})", _table(path))  # noqa: S608  # ours
        base.execute("COMMIT")
        return max(0, done.rowcount)


def _to_csv(path: str | Path, target: Path) -> int:
    fresh = target.with_name(f"{target.name}.{os.getpid()}.part")
    count = 0
    _make_private(fresh)
    with fresh.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, *CHAINED, MORE])
        for count, cells in enumerate(_table(path), start=1):  # noqa: B007  # the last is the sum
            writer.writerow([_plain(cell) for cell in cells])
    fresh.replace(target)
    return count


def _plain(cell: Cell) -> Cell:
    """Keep a spreadsheet from taking a provider's words for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _make_private(path: Path) -> None:
    """Make a file that only its owner reads, as the log is."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))

"""Export the log as a table: SQLite, CSV or PostgreSQL, one row per event."""

from __future__ import annotations

import csv
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from scout_adapters._internal.logs import logger_of
from scout_adapters._internal.private_file import replacing
from scout_adapters.audit.reader import read_rows
from scout_adapters.errors import ConfigurationError, one_line

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
MORE_TEXTS = ("cost_source", "priced_by", "price", "billed", "request_id", "wire")
OF_RUN = ("parent_run_id", "tags", "user_id")

COLUMNS = dict.fromkeys((*TEXTS, *MORE_TEXTS, *OF_RUN), "TEXT") | NUMBERS
CHAINED = {"writer": "TEXT", "seq": "INTEGER"}
MORE = "more"
"""The column of a row's other fields, as JSON."""

ALL = {**COLUMNS, **CHAINED, MORE: "TEXT"}
TABLE = "audit"
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20\u2212\ufe62\ufe63\ufe66\ufe6b")
"""Prefixes of a cell that spreadsheets read as a formula, including wide and small forms."""

INVISIBLE = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]*"
)
"""Matches blanks, control codes and zero-width characters, which may precede a formula."""

logger = logger_of(__name__)

Cell = str | int | float | None


def export(path: str | Path, to: str | Path, *, table: str = TABLE) -> int:
    """Write the complete rows of a log to `to`; return their number.

    `.db`, `.sqlite` or `.sqlite3` is a file with a table, which is replaced in one transaction.
    `.csv` is a file with a header, which is replaced. `postgresql://…` is a table, which is
    replaced in one transaction; needs psycopg. Unknown values are NULL or empty. Units are those of
    the log: US dollars, tokens, seconds.

    Raises:
        ConfigurationError: if the target is of another kind, or PostgreSQL refuses the log.
    """
    if str(to).startswith(("postgresql://", "postgres://")):
        return _to_postgres(path, str(to), table)
    target = Path(to).expanduser()
    match target.suffix.lower():
        case ".db" | ".sqlite" | ".sqlite3":
            return _to_sqlite(path, target, table)
        case ".csv":
            return _to_csv(path, target)
    raise ConfigurationError(
        f"{target.name}: export goes to .csv, .db, .sqlite, .sqlite3 or postgresql://…"
    )


def _table(path: str | Path) -> Iterator[list[Cell]]:
    skipped: Counter[Path] = Counter()
    for number, row in enumerate(read_rows(path, skipped), start=1):
        try:
            cells = _cells(row)
        except (TypeError, ValueError, RecursionError) as error:
            logger.warning("row %d of %s is not exported: %s", number, path, one_line(str(error)))
            continue
        yield cells
    for file, lines in skipped.items():
        logger.warning(
            "lines of %s that are no rows, and are not exported: %d; `audit verify` lists them",
            *(file, lines),
        )


def _cells(row: dict[str, Any]) -> list[Cell]:
    chain = row.pop("chain", None)
    chain = chain if isinstance(chain, Mapping) else {}
    cells = [_cell(row, name, kind) for name, kind in COLUMNS.items()]
    cells += [_cell(dict(chain), name, kind) for name, kind in CHAINED.items()]
    return [*cells, orjson.dumps(row).decode() if row else None]


def _cell(row: dict[str, Any], name: str, kind: str) -> Cell:
    """Remove a column's value from a row and return it; values of another type stay in the row."""
    value = row.get(name)
    if value is not None and kind != "TEXT" and not _is_number(value, kind):
        return None
    row.pop(name, None)
    if isinstance(value, bool):
        return int(value)
    if kind == "REAL" and value is not None:
        return float(value)
    if kind == "TEXT" and not isinstance(value, str):
        return _json(value)
    return value


def _is_number(value: Any, kind: str) -> bool:
    if kind == "REAL":
        return isinstance(value, int | float)
    return isinstance(value, int) and abs(value) < 1 << 63


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _to_sqlite(path: str | Path, target: Path, table: str) -> int:
    _make_private(target)
    typed = ", ".join(f"{name} {kind}" for name, kind in ALL.items())
    table = _quoted(table)
    places = ", ".join("?" * len(ALL))
    with closing(sqlite3.connect(target, isolation_level=None)) as base:
        base.execute("BEGIN IMMEDIATE")
        base.execute(f"DROP TABLE IF EXISTS {table}")
        base.execute(f"CREATE TABLE {table} ({typed})")
        done = base.executemany(f"INSERT INTO {table} VALUES ({places})", _table(path))  # noqa: S608  # no values in it
        base.execute("COMMIT")
        return max(0, done.rowcount)


def _quoted(name: str) -> str:
    """Quote a table's name for both databases; a schema is quoted separately."""
    return ".".join(f'"{part.replace(chr(34), chr(34) * 2)}"' for part in name.split("."))


def _to_postgres(path: str | Path, address: str, table: str) -> int:
    try:
        import psycopg  # noqa: PLC0415  # the `postgres` extra
    except ImportError:
        raise ConfigurationError(
            "psycopg is not installed: pip install 'scout-adapters[postgres]'"
        ) from None
    typed = ", ".join(f"{name} {OF_POSTGRES[kind]}" for name, kind in ALL.items())
    table, count = _quoted(table), 0
    try:
        with psycopg.connect(address) as base:
            base.execute(f"DROP TABLE IF EXISTS {table}".encode())
            base.execute(f"CREATE TABLE {table} ({typed})".encode())
            with base.cursor().copy(f"COPY {table} FROM STDIN".encode()) as rows:
                for count, cells in enumerate(_table(path), start=1):  # noqa: B007  # the last is the number of rows
                    rows.write_row([_without_nul(cell) for cell in cells])
    except psycopg.Error as error:
        what = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ConfigurationError(f"PostgreSQL does not take the log: {what}") from None
    return count


OF_POSTGRES = {"TEXT": "TEXT", "INTEGER": "BIGINT", "REAL": "DOUBLE PRECISION"}


def _without_nul(cell: Cell) -> Cell:
    """Return a cell for PostgreSQL and readers of CSV, whose texts must not contain NUL."""
    return cell.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(cell, str) else cell


def _to_csv(path: str | Path, target: Path) -> int:
    count = 0
    with replacing(target) as file:
        writer = csv.writer(file)
        writer.writerow(list(ALL))
        for count, cells in enumerate(_table(path), start=1):  # noqa: B007  # the last is the number of rows
            writer.writerow([_plain(cell) for cell in cells])
    return count


def _plain(cell: Cell) -> Cell:
    """Return a cell for CSV, with "'" before a text that a spreadsheet would read as a formula."""
    cell = _without_nul(cell)
    if not isinstance(cell, str):
        return cell
    blank = INVISIBLE.match(cell)
    begins = cell.startswith(FORMULA) or (blank and cell.startswith(FORMULA, blank.end()))
    return f"'{cell}" if begins else cell


def _make_private(path: Path) -> None:
    """Create a file that only its owner can read, like the log."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))

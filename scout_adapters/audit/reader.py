"""Read a log: all its files, oldest first; `read_rows` is fast, `read_lines` also reads the links.

Both tolerate torn lines (a writer was killed, or the disk was full) and lines that are no rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from scout_adapters.audit.file import LONGEST
from scout_adapters.audit.hash_chain import Link, link_of
from scout_adapters.audit.rotation import segments

ROW = b'{"time":"'
"""Bytes with which every row begins."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log file; `row` is None if it contains no complete row."""

    file: Path
    number: int
    row: Row | None
    link: Link | None = None
    torn: bool = False
    """Whether the line is, or begins with, an incomplete row."""


def read_rows(path: str | Path, skipped: Counter[Path] | None = None) -> Iterator[Row]:
    """Yield every complete row of the log at `path` and of its segments, oldest file first.

    A log that does not exist has no rows; torn and foreign lines are skipped, and counted by file
    in `skipped`. Hashes are not checked, which makes this several times as fast as `read_lines`.
    """
    for file in segments(Path(path).expanduser()):
        yield from _rows_in(file, Counter() if skipped is None else skipped)


def _rows_in(file: Path, skipped: Counter[Path]) -> Iterator[Row]:
    begins = True
    with file.open("rb") as lines:
        while raw := lines.readline(LONGEST):
            ends = raw.endswith(b"\n")
            if begins and ends:
                try:
                    row = orjson.loads(raw)
                except orjson.JSONDecodeError:
                    row = None
                if type(row) is dict or (row := _row_behind_torn_row(raw[:-1])[0]) is not None:
                    yield row
                elif raw != b"\n":
                    skipped[file] += 1
            elif begins:
                skipped[file] += 1
            begins = ends


def has_rows(file: Path) -> bool:
    """Return whether a file belongs to an audit log.

    True if a line is a row with an `event`, or the beginning of a row whose writer was stopped.
    """
    with file.open("rb") as lines:
        while raw := lines.readline(LONGEST):
            if raw.startswith(ROW) or isinstance((_json(raw) or {}).get("event"), str):
                return True
    return False


def read_lines(path: Path) -> Iterator[LogLine]:
    """Yield every non-empty line of all files of a log, with its checked link."""
    for file in segments(path):
        yield from read_file(file)


def read_file(path: Path) -> Iterator[LogLine]:
    """Yield every non-empty line of one file, with its checked link."""
    number, begins = 0, True
    with path.open("rb") as file:
        while raw := file.readline(LONGEST):
            whole = begins and raw.endswith(b"\n")
            number += begins
            if not whole and begins:
                yield LogLine(path, number, None, torn=True)
            elif whole and raw != b"\n":
                yield _line(path, number, raw[:-1])
            begins = raw.endswith(b"\n")


def _line(path: Path, number: int, raw: bytes) -> LogLine:
    row = _json(raw)
    if row is not None:
        return LogLine(path, number, row, link_of(raw))
    row, link = _row_behind_torn_row(raw)
    return LogLine(path, number, row, link, torn=True)


def _row_behind_torn_row(raw: bytes) -> tuple[Row, Link] | tuple[None, None]:
    """Return the complete row at the end of a line that begins with a torn one.

    Another process can append its row before a torn line gets its end.
    """
    at = raw.find(ROW, 1)
    while at > 0:
        link, row = link_of(raw[at:]), _json(raw[at:])
        if row is not None and link is not None and link.sound:
            return row, link
        at = raw.find(ROW, at + 1)
    return None, None


def _json(raw: bytes) -> Row | None:
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None

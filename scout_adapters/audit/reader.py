"""Reading a log: all its files, oldest first, and of each line whether it is a whole row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from scout_adapters.audit.hash_chain import Link, link_of
from scout_adapters.audit.rotation import segments

LONGEST = 1 << 24
"""Bytes of a line that are read at once: more is no row of ours, and need not fit into memory."""

ROW = b'{"time":"'


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log's file; `row` is None where it holds no whole row."""

    file: Path
    number: int
    row: dict[str, Any] | None
    link: Link | None = None
    torn: bool = False
    """Whether the line is, or begins with, a row whose writer did not come to its end."""


def read_rows(path: str | Path) -> Iterator[dict[str, Any]]:
    """Yield every whole row of the log at `path` and of its later segments, oldest file first.

    A log that is not there has no rows; torn and foreign lines are passed over.
    """
    for line in read_lines(Path(path).expanduser()):
        if line.row is not None:
            yield line.row


def read_lines(path: Path) -> Iterator[LogLine]:
    """Yield every line of a log that is not empty."""
    for file in segments(path):
        yield from read_file(file)


def read_file(path: Path) -> Iterator[LogLine]:
    """Yield every line of one file that is not empty."""
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
    # Another process's row may stand behind the torn one, before anybody could end the line.
    at = raw.find(ROW, 1)
    while at > 0:
        link, row = link_of(raw[at:]), _json(raw[at:])
        if row is not None and link is not None and link.sound:
            return LogLine(path, number, row, link, torn=True)
        at = raw.find(ROW, at + 1)
    return LogLine(path, number, None, torn=True)


def _json(raw: bytes) -> dict[str, Any] | None:
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None

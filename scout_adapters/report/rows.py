"""Reads the rows of a log quickly, a million in a second or two.

The same rows as `audit.read_rows`: torn and foreign lines are passed over. It saves the time that
`audit.reading` takes to hold every line to its hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from scout_adapters.audit.hash_chain import link_of
from scout_adapters.audit.reader import LONGEST, ROW
from scout_adapters.audit.rotation import segments

Row = dict[str, Any]


def rows_in(path: Path) -> Iterator[Row]:
    """Yield every whole row of the log at `path` and of its later segments, oldest file first."""
    for file in segments(path):
        yield from _rows_of(file)


def _rows_of(file: Path) -> Iterator[Row]:
    begins = True
    with file.open("rb") as lines:
        while raw := lines.readline(LONGEST):
            ends = raw.endswith(b"\n")
            if begins and ends:
                try:
                    row = orjson.loads(raw)
                except orjson.JSONDecodeError:
                    row = None
                if type(row) is dict or (row := _behind_a_torn_one(raw[:-1])) is not None:
                    yield row
            begins = ends


def _behind_a_torn_one(raw: bytes) -> Row | None:
    """Find the row of another process that stands behind a torn one on its line."""
    at = raw.find(ROW, 1)
    while at > 0:
        link, row = link_of(raw[at:]), _json(raw[at:])
        if row is not None and link is not None and link.sound:
            return row
        at = raw.find(ROW, at + 1)
    return None


def _json(raw: bytes) -> Row | None:
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None

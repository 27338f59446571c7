"""Recorded traffic of real providers: which folders hold it, and how it is read.

`SCOUT_WIRE` names one folder, or several with `os.pathsep` between them. Without it the folders
`wire` and `wire-2026` in `../shared` are read, as far as they exist. A folder holds one file
`<provider>.jsonl.gz` for each provider, with one exchange on each line.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT

Record = dict[str, Any]


def _folders() -> tuple[Path, ...]:
    if named := os.environ.get("SCOUT_WIRE"):
        return tuple(Path(folder) for folder in named.split(os.pathsep) if folder)
    shared = ROOT.parent / "shared"
    return tuple(path for path in (shared / "wire", shared / "wire-2026") if path.is_dir())


EVERY = _folders()
"""All folders of recordings."""


def files(name: str = "*", folders: Sequence[Path] = EVERY) -> list[Path]:
    """List the files of a provider, or of all of them, folder by folder."""
    return [path for folder in folders for path in sorted(folder.glob(f"{name}.jsonl.gz"))]


def lines(name: str = "*", folders: Sequence[Path] = EVERY) -> Iterator[str]:
    """Yield the exchanges of a provider, or of all of them, as JSON text."""
    for path in files(name, folders):
        with gzip.open(path, "rt", encoding="utf-8") as text:
            yield from text


def records(name: str = "*", folders: Sequence[Path] = EVERY) -> Iterator[Record]:
    """Yield the exchanges of a provider, or of all of them."""
    return map(json.loads, lines(name, folders))


ALL = os.environ.get("SCOUT_RECORDINGS") == "all"
"""Whether tests that read a sample are to read every record."""


def sample(all_records: Iterable[Record]) -> list[Record]:
    """Choose records, short ones first, so that all that occurs in them occurs in the sample.

    These are features, statuses and models, each whole and streamed, and the errors by their first
    words. With `SCOUT_RECORDINGS=all` every record is chosen.
    """
    if ALL:
        return list(all_records)
    seen: set[tuple[Any, ...]] = set()
    chosen: list[Record] = []
    for record in sorted(all_records, key=_size):
        new = {(*each, record["stream"]) for each in _traits(record)} - seen
        seen |= new
        chosen += [record] if new else []
    return chosen


def _size(record: Record) -> int:
    return len(record["response_body"] or "")


def _traits(record: Record) -> Iterator[tuple[Any, ...]]:
    yield ("status", record["status"])
    yield ("model", (record.get("request_json") or {}).get("model"))
    for feature in record.get("features") or ():
        yield ("feature", feature)
    if record["status"] >= HTTPStatus.BAD_REQUEST:
        yield ("error", (record["response_body"] or "")[:60])


MISSING = "no recorded traffic; SCOUT_WIRE names its folders"
"""Why a test of recordings is skipped."""

needed = pytest.mark.skipif(not files(), reason=MISSING)
"""Skips a module of tests that read recordings."""

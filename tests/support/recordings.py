"""Recorded traffic of real providers: which folders hold it, and how it is read.

`SCOUT_WIRE` names one folder, or several with `os.pathsep` between them. Without it the folders
`wire` and `wire-2026` in `../shared` are read, as far as they exist. A folder holds one file
`<provider>.jsonl.gz` for each provider, with one exchange on each line.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Sequence
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


MISSING = "no recorded traffic; SCOUT_WIRE names its folders"
"""Why a test of recordings is skipped."""

needed = pytest.mark.skipif(not files(), reason=MISSING)
"""Skips a module of tests that read recordings."""

"""The files of a log: its own, and those that rotation has begun beside it.

`audit.jsonl` goes on in `audit.2026-11-23.jsonl` (by day, UTC) or `audit.000001.jsonl` (by size).
A new file is begun under its own name: nothing is ever copied, renamed or emptied.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

Rotate = Literal["day"] | int

_MARK = re.compile(r"\d{4}-\d\d-\d\d|\d{6,}")


def segments(path: Path) -> list[Path]:
    """Return the files of the log at `path` that exist, oldest first."""
    beside = sorted(_beside(path), key=lambda found: _age(found[0]))
    own = [path] if path.is_file() else []
    return own + [file for _, file in beside]


def _beside(path: Path) -> list[tuple[str, Path]]:
    """Return the segments beside a log, with the date or number in their names."""
    if not path.parent.is_dir():
        return []
    begin, end = f"{path.stem}.", path.suffix
    found = []
    for file in path.parent.iterdir():
        mark = file.name[len(begin) : len(file.name) - len(end)]
        if file.name == f"{begin}{mark}{end}" and _MARK.fullmatch(mark) and file.is_file():
            found.append((mark, file))
    return found


def _age(mark: str) -> tuple[bool, int, str]:
    return ("-" in mark, 0 if "-" in mark else int(mark), mark)


def _named(path: Path, mark: str) -> Path:
    return path.with_name(f"{path.stem}.{mark}{path.suffix}")


def segment_of_day(path: Path, day: str, current: Path | None) -> Path:
    """Return the segment of a day, `2026-11-23`; never one before the current one."""
    wanted = _named(path, day)
    if current is not None and current.parent == path.parent and current.name > wanted.name:
        return current  # the clock was set back: a writer's rows stay in order
    return wanted


def segment_with_room(path: Path, limit: int) -> Path:
    """Return the newest numbered segment, or the one after it if it has `limit` bytes or more."""
    numbers = [int(mark) for mark, _ in _beside(path) if "-" not in mark]
    if not numbers:
        return _named(path, f"{1:06}")
    newest = _named(path, f"{max(numbers):06}")
    return newest if newest.stat().st_size < limit else _named(path, f"{max(numbers) + 1:06}")

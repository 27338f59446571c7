"""The files of a log: its first one, and the segments that rotation adds beside it.

`audit.jsonl` continues in `audit.2026-11-23.jsonl` (by day, UTC) or `audit.000001.jsonl` (by size).
A new file gets its final name: files are never copied, renamed or emptied.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

Rotate = Literal["day"] | int

_MARK = re.compile(r"\d{4}-\d\d-\d\d|\d{6,}")


def segments(path: Path) -> list[Path]:
    """Return the files of the log at `path` that exist, oldest first."""
    beside = sorted(_beside(path), key=lambda segment: _sort_key(segment[0]))
    own = [path] if path.is_file() else []
    return own + [file for _, file in beside]


def _beside(path: Path) -> list[tuple[str, Path]]:
    """Return the segments beside a log, with the date or number in their names."""
    if not path.parent.is_dir():
        return []
    begin, end = f"{path.stem}.", path.suffix
    marked = []
    for file in path.parent.iterdir():
        mark = file.name[len(begin) : len(file.name) - len(end)]
        if file.name == f"{begin}{mark}{end}" and _MARK.fullmatch(mark) and file.is_file():
            marked.append((mark, file))
    return marked


def _sort_key(mark: str) -> tuple[bool, int, str]:
    return ("-" in mark, 0 if "-" in mark else int(mark), mark)


def _named(path: Path, mark: str) -> Path:
    return path.with_name(f"{path.stem}.{mark}{path.suffix}")


def segment_of_day(path: Path, day: str, current: Path | None) -> Path:
    """Return the segment of a day, `2026-11-23`, or `current` if that is a later one."""
    segment = _named(path, day)
    if current is not None and current.parent == path.parent and current.name > segment.name:
        return current  # the clock was set back: a writer's rows stay in order
    return segment


def segment_with_room(path: Path, limit: int) -> Path:
    """Return the newest numbered segment, or the next one if it has `limit` bytes or more."""
    numbers = [int(mark) for mark, _ in _beside(path) if "-" not in mark]
    if not numbers:
        return _named(path, f"{1:06}")
    newest = _named(path, f"{max(numbers):06}")
    return newest if newest.stat().st_size < limit else _named(path, f"{max(numbers) + 1:06}")

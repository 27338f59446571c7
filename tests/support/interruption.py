"""An exception before any line of the package, as a signal's handler may raise it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Self

import scout_adapters

PACKAGE = str(Path(scout_adapters.__file__).parent) + "/"
EMULATOR = PACKAGE + "testing/"


class Interruption:
    """In `with`: raises `error` before line number `at` of the package's code in this thread.

    Lines are counted as they run, from 1. Without `error` they are listed in `places`. `in_task`
    counts lines in tasks only, where a cancellation comes, and not in callbacks of the event loop.
    """

    def __init__(
        self, at: int = 0, error: BaseException | None = None, *, in_task: bool = False
    ) -> None:
        self.places: list[str] = []
        self.place = ""
        """File and line at which `error` was raised; empty if the call had fewer lines."""

        self._in_task = in_task
        self._at = at
        self._error = error
        self._lines = 0

    def __enter__(self) -> Self:
        sys.settrace(self._trace)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(None)

    def _trace(self, frame: FrameType, _event: str, _value: Any) -> Any:
        name = frame.f_code.co_filename
        ours = name.startswith(PACKAGE) and not name.startswith(EMULATOR)
        if not ours or (self._in_task and asyncio.current_task() is None):
            return None
        return self._count

    def _count(self, frame: FrameType, event: str, _value: Any) -> Any:
        if event != "line":
            return self._count
        self._lines += 1
        if self._error is None:
            self.places.append(_place(frame))
        elif self._lines == self._at:
            sys.settrace(None)
            self.place = _place(frame)
            raise self._error
        return self._count


def _place(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename.removeprefix(PACKAGE)}:{frame.f_lineno}"


def spots(places: list[str]) -> list[int]:
    """Return the numbers of each line's first and last run."""
    runs: dict[str, tuple[int, int]] = {}
    for number, place in enumerate(places, 1):
        runs[place] = (runs.get(place, (number, 0))[0], number)
    return sorted({number for pair in runs.values() for number in pair})

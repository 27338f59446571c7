"""An exception before any line of the package, as a signal's handler may raise it."""

from __future__ import annotations

import asyncio
import ctypes
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, Self

import scout_adapters

PACKAGE = str(Path(scout_adapters.__file__).parent) + "/"
EMULATOR = PACKAGE + "testing/"


class Spot(NamedTuple):
    """A line of the package, and which of its runs in a call, from 1."""

    file: str
    line: int
    run: int


class Interruption:
    """In `with`: raises `error` before a line of the package's code in this thread.

    `at` is the number of the line as lines run, from 1, or a `Spot`, for calls whose number of
    lines differs. Without `error` the lines are listed in `places`. `in_task` counts lines in tasks
    only, where a cancellation comes, and not in callbacks of the event loop.
    """

    def __init__(
        self, at: int | Spot = 0, error: BaseException | None = None, *, in_task: bool = False
    ) -> None:
        self.places: list[str] = []
        self.place = ""
        """File and line at which `error` was raised; empty if the call did not reach it."""

        self._in_task = in_task
        self._spot = at if isinstance(at, Spot) else None
        self._at = at.run if isinstance(at, Spot) else at
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
        if event != "line" or (self._spot is not None and not _is_at(frame, self._spot)):
            return self._count
        self._lines += 1
        if self._error is None:
            self.places.append(_place(frame))
        elif self._lines == self._at:
            sys.settrace(None)
            self.place = _place(frame)
            raise self._error
        return self._count


def forget_handled() -> None:
    """Make no exception the handled one, if interruptions before have left one so in this thread.

    CPython 3.11 does so where a trace function raises at the end of `with suppress(...)`: it would
    be the context of whatever is raised in later tests.
    """
    if sys.exc_info()[1] is not None:
        ctypes.pythonapi.PyErr_SetHandledException(ctypes.py_object())


def _is_at(frame: FrameType, spot: Spot) -> bool:
    return frame.f_lineno == spot.line and frame.f_code.co_filename.endswith(spot.file)


def _place(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename.removeprefix(PACKAGE)}:{frame.f_lineno}"


def spots(places: list[str]) -> list[Spot]:
    """Return each line's first and last run."""
    runs = Counter(places)
    pairs = ((place.rpartition(":"), last) for place, last in runs.items())
    return [Spot(p[0], int(p[2]), run) for p, last in pairs for run in sorted({1, last})]

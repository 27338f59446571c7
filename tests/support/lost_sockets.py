"""Sockets that are collected before they are closed, as ResourceWarning reports them."""

from __future__ import annotations

import gc
import tracemalloc
import warnings
from typing import Self

FRAMES = 8
"""Stack frames of an allocation that a report shows: for `tracemalloc.start`."""


class LostSockets:
    """In `with`: collects each resource that is freed without being closed.

    Objects that exist at the start are left out of collections, so that each takes microseconds.
    """

    def __init__(self) -> None:
        self._recording = warnings.catch_warnings(record=True)

    def __enter__(self) -> Self:
        gc.collect()
        gc.freeze()
        recorded = self._recording.__enter__()
        assert recorded is not None
        self._warnings = recorded
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ResourceWarning)
        return self

    def __exit__(self, *error: object) -> None:
        self._recording.__exit__(*error)
        gc.unfreeze()

    def take(self) -> list[str]:
        """Return what was lost since the last call, with the lines that opened it."""
        gc.collect()
        lost = [_report(each) for each in self._warnings if each.category is ResourceWarning]
        self._warnings.clear()
        return lost


def _report(warning: warnings.WarningMessage) -> str:
    opened = None
    if warning.source is not None and tracemalloc.is_tracing():
        opened = tracemalloc.get_object_traceback(warning.source)
    if opened is None:
        return str(warning.message)
    lines = (f"{frame.filename}:{frame.lineno}" for frame in opened)
    return f"{warning.message} opened at {', '.join(lines)}"

"""An event loop whose time moves to the next timer at once: hours of sleep take no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from scout_adapters._internal.clock import Clock

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):  # type: ignore[valid-type,misc]  # chosen at run time
    """Moves the loop's time on instead of waiting."""

    now = 1000.0
    in_threads = 0
    """Functions that run in threads; time stands still until they have ended."""

    def select(self, timeout: float | None = None) -> Any:
        if self.in_threads or timeout is None:
            return super().select(None if timeout is None else min(timeout, 0.01))
        ready = super().select(0)
        if not ready:
            self.now += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; `clock` is its time as one of the package."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)
        self.clock = Clock(now=self.time)

    def time(self) -> float:
        return float(self._virtual.now)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        self._virtual.in_threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._end_thread)
        return future

    def _end_thread(self, _future: object) -> None:
        self._virtual.in_threads -= 1


def run_virtually(loop: VirtualLoop, main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop, and close it."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main)

"""Time that passes without waiting: what calls sleep is added to the clock."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import anyio

from scout_adapters._internal.clock import SYSTEM

_MIDDLE = 0.5
"""In [0, 1): the random number of all back-offs, so that waits are the same in every run."""


class VirtualTime:
    """Clocks that stand still until something sleeps, which moves them at once; thread-safe.

    Calls that sleep at the same time each add their seconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start, self._start_wall = time.monotonic(), time.time()
        self.waits: list[float] = []
        """Seconds of each sleep, in order."""

    @property
    def skipped(self) -> float:
        """Seconds by which the clock has moved."""
        return sum(self.waits)

    def now(self) -> float:
        """Return monotonic seconds."""
        return self._start + self.skipped

    def wall(self) -> float:
        """Return seconds since 1970."""
        return self._start_wall + self.skipped

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        with self._lock:
            self.waits.append(max(0.0, seconds))

    async def asleep(self, seconds: float) -> None:
        """Move the clock, and let other tasks run."""
        self.sleep(seconds)
        await _asyncio_sleep(0)

    @contextmanager
    def installed(self, *, everywhere: bool = False) -> Iterator[None]:
        """Use this time in all models of the package; `everywhere` in those of others too."""
        functions: dict[str, Any] = {"now": self.now, "sleep": self.sleep, "asleep": self.asleep}
        functions["random"] = lambda: _MIDDLE
        with ExitStack() as stack:
            for name, function in functions.items():
                stack.enter_context(_replaced(SYSTEM, name, function))
            if everywhere:
                stack.enter_context(_replaced(time, "sleep", self.sleep))
                stack.enter_context(_replaced(asyncio, "sleep", self._asyncio_sleep))
                stack.enter_context(_replaced(anyio, "sleep", self._asyncio_sleep))
            yield

    async def _asyncio_sleep(self, seconds: float, result: Any = None) -> Any:
        if seconds > 0:
            self.sleep(seconds)
        await _asyncio_sleep(0)
        return result


_asyncio_sleep: Callable[[float], Any] = asyncio.sleep
"""The event loop's own, while `asyncio.sleep` is replaced."""


@contextmanager
def _replaced(holder: Any, name: str, value: Any) -> Iterator[None]:
    """Replace an attribute, also of a frozen value."""
    before = getattr(holder, name)
    object.__setattr__(holder, name, value)
    try:
        yield
    finally:
        object.__setattr__(holder, name, before)

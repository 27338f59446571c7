"""Clocks that tests move: no test waits, and none depends on how fast the machine is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from random import Random

from scout_adapters._internal.clock import Clock
from tests.support.waiting import HANG


class FakeTime:
    """A monotonic clock that stands still until a call sleeps or a test moves it."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def read(self) -> float:
        """Return the time, for the clock."""
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)

    def go_by(self, seconds: float) -> None:
        """Move on without a sleep, as while a server takes its time."""
        self.now += seconds

    async def ago_by(self, seconds: float) -> None:
        """Twin of `go_by` that lets other tasks run."""
        self.now += seconds
        await asyncio.sleep(0)

    @property
    def clock(self) -> Clock:
        return Clock(now=self.read, sleep=self.sleep, asleep=self.asleep, random=lambda: 0.5)


class CrowdTime:
    """A monotonic clock for calls at once, in threads or in tasks.

    It stands still while a call runs, and moves to the first end of a sleep when all of them sleep.
    Each call has to report its end.
    """

    def __init__(self, calls: int, seed: int = 0) -> None:
        self.now = 1000.0
        self._running = calls
        self._sleeping: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._random = Random(seed)
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        woken = threading.Event()
        self._pause(seconds, woken.set)
        assert woken.wait(HANG), f"not woken within {HANG:g} s"

    async def asleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self._pause(seconds, lambda: woken.set_result(None))
        await woken

    def end_call(self) -> None:
        """Count a call as ended: the clock does not wait for it any more."""
        with self._lock:
            self._running -= 1
            self._move()

    def _pause(self, seconds: float, wake: Callable[[], None]) -> None:
        with self._lock:
            heappush(self._sleeping, (self.now + seconds, next(self._numbers), wake))
            self._running -= 1
            self._move()

    def _move(self) -> None:
        if self._running == 0 and self._sleeping:
            self.now, _, wake = heappop(self._sleeping)
            self._running += 1
            wake()

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep, self.asleep, self._random.random)


class Wall:
    """A wall clock, in seconds since 1970, that tests set."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


async def _no_pause(seconds: float) -> None:
    """Return at once."""


NO_PAUSES = Clock(sleep=lambda _: None, asleep=_no_pause)
"""The real clock, with pauses that end at once."""

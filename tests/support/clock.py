"""Clocks that tests move: no test waits, and none depends on how fast the machine is."""

from __future__ import annotations

import asyncio

from scout_adapters._internal.clock import Clock


class FakeTime:
    """A monotonic clock that stands still until a call sleeps or a test moves it."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.slept: list[float] = []

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
        return Clock(now=lambda: self.now, sleep=self.sleep, asleep=self.asleep, random=lambda: 0.5)


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

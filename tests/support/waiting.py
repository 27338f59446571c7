"""Waiting for something to happen, however slow the machine is.

A test that polls ends as soon as its condition holds. The bound is there for a call that hangs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

HANG = 120.0
"""Seconds: more than any machine needs for what a test waits for. What takes longer hangs."""


def until(reached: Callable[[], object]) -> None:
    """Wait in a thread until a condition holds."""
    end = time.monotonic() + HANG
    while not reached():
        assert time.monotonic() < end, f"not reached within {HANG:g} s"
        time.sleep(0.001)


async def auntil(reached: Callable[[], object]) -> None:
    """Twin of `until` for a running event loop."""
    end = time.monotonic() + HANG
    while not reached():
        assert time.monotonic() < end, f"not reached within {HANG:g} s"
        await asyncio.sleep(0.001)


@asynccontextmanager
async def timeout_when(reached: Callable[[], object]) -> AsyncIterator[None]:
    """End a block as `asyncio.timeout` does, at the moment when a condition holds."""
    async with asyncio.timeout(HANG) as limit:

        async def watch() -> None:
            await auntil(reached)
            limit.reschedule(asyncio.get_running_loop().time())

        watcher = asyncio.create_task(watch())
        try:
            yield
        finally:
            watcher.cancel()

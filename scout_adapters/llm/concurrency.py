"""How many exchanges there may be at a time; the others wait in line, and not for ever.

httpx's own queue cannot be that line: each step of it looks at every call in it.
"""

from __future__ import annotations

import asyncio
import threading
from weakref import WeakKeyDictionary

from scout_adapters.errors import ErrorKind, ProviderError, provider_error
from scout_adapters.llm.exchange import Exchange
from scout_adapters.locks import process


class ConcurrencyLimit:
    """Lets so many exchanges through at a time: of all threads together, and of each loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads = (process.pid, threading.Semaphore(most))
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    def take(self, exchange: Exchange) -> threading.Semaphore:
        """Take a place, to be released; raises `QUEUE_FULL` where none comes free in time."""
        places = self._of_threads()
        if not places.acquire(timeout=exchange.timeouts.total):
            raise _queue_full(exchange)
        return places

    async def atake(self, exchange: Exchange) -> asyncio.Semaphore:
        """Twin of `take`."""
        places = self._of_loop()
        if not await _taken(places, exchange.timeouts.total):
            raise _queue_full(exchange)
        return places

    def _of_threads(self) -> threading.Semaphore:
        pid, places = self._threads
        if pid != process.pid:  # those whom a parent let through are not here
            places = threading.Semaphore(self._most)
            self._threads = (process.pid, places)
        return places

    def _of_loop(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        places = self._loops.get(loop)
        return places or self._loops.setdefault(loop, asyncio.Semaphore(self._most))


async def _taken(places: asyncio.Semaphore, seconds: float | None) -> bool:
    if not places.locked():
        return await places.acquire()  # at once
    try:
        async with asyncio.timeout(seconds):
            return await places.acquire()
    except TimeoutError:
        return False


def _queue_full(exchange: Exchange) -> ProviderError:
    return provider_error(
        ErrorKind.QUEUE_FULL,
        f"no connection came free within {exchange.timeouts.total:g} s",
        phase="pre_send",
    )

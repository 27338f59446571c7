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

    def passing(self, exchange: Exchange) -> _Passing:
        """Hold a place in `with`; raises `QUEUE_FULL` where none comes free in time."""
        return _Passing(self._of_threads(), exchange)

    def apassing(self, exchange: Exchange) -> _AsyncPassing:
        """Twin of `passing`."""
        return _AsyncPassing(self._of_loop(), exchange)

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


class _Passing:
    __slots__ = ("_exchange", "_places")

    def __init__(self, places: threading.Semaphore, exchange: Exchange) -> None:
        self._places = places
        self._exchange = exchange

    def __enter__(self) -> None:
        if not self._places.acquire(timeout=self._exchange.timeouts.total):
            raise _queue_full(self._exchange)

    def __exit__(self, *error: object) -> None:
        self._places.release()


class _AsyncPassing:
    __slots__ = ("_exchange", "_places")

    def __init__(self, places: asyncio.Semaphore, exchange: Exchange) -> None:
        self._places = places
        self._exchange = exchange

    async def __aenter__(self) -> None:
        if not await _taken(self._places, self._exchange.timeouts.total):
            raise _queue_full(self._exchange)

    async def __aexit__(self, *error: object) -> None:
        self._places.release()


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

"""Connections that are kept for the next request to the same server.

httpx's pool looks at every connection that it has, several times in each exchange: of a hundred
calls at once, four fifths of the time go there. Here each connection stands for itself, and the
one that was given back last is the next one taken, however many there are.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import httpx

from scout_adapters._internal.fork import process
from scout_adapters.errors import ErrorKind, ProviderError, provider_error
from scout_adapters.llm.transport.backend import is_patched, with_read_timeouts
from scout_adapters.llm.transport.connection import Address, AsyncConnection, Connection
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.over_httpcore import AsyncHttpcoreConnection, HttpcoreConnection
from scout_adapters.llm.transport.over_httpx import AsyncHttpxConnection, HttpxConnection
from scout_adapters.llm.transport.proxies import Proxies

if TYPE_CHECKING:
    import ssl

    from scout_adapters.llm.transport.over_aiohttp import AiohttpConnections

MAX_IDLE = 200
"""Connections to one server that are kept while nobody uses them."""

OLDEST_AIOHTTP = (3, 14)
"""Older ones cannot be told how many headers an answer may have."""

IDLE_SECONDS = 60.0
ONE_CONNECTION = httpx.Limits(max_keepalive_connections=1, keepalive_expiry=IDLE_SECONDS)

T = TypeVar("T")


@cache
def tls_context() -> ssl.SSLContext:
    """Load the certificates once: it takes 30 ms, and every connection can share them."""
    return httpx.create_ssl_context()


class IdleConnections(Generic[T]):
    """Connections to one server that nobody uses, the last one used on top."""

    def __init__(self) -> None:
        self._stack: deque[tuple[float, T]] = deque()

    def take(self) -> T | None:
        """Take one, if there is one."""
        try:
            return self._stack.pop()[1]
        except IndexError:
            return None

    def give(self, connection: T) -> list[T]:
        """Put one back; return those that are to be closed, as nobody has needed them for long."""
        now = time.monotonic()
        self._stack.append((now, connection))
        if len(self._stack) <= MAX_IDLE and self._stack[0][0] > now - IDLE_SECONDS:
            return []
        return self._surplus(now)

    def _surplus(self, now: float) -> list[T]:
        surplus: list[T] = []
        while len(self._stack) > MAX_IDLE or (
            self._stack and self._stack[0][0] <= now - IDLE_SECONDS
        ):
            try:  # another thread may take them at this moment
                surplus.append(self._stack.popleft()[1])
            except IndexError:
                break
        return surplus

    def empty(self) -> list[T]:
        """Take all."""
        taken = [one for _, one in self._stack]
        self._stack.clear()
        return taken


class ConnectionPool:
    """The connections of one process, for all its threads; or `inner`, in their place."""

    def __init__(self, inner: Any, *, trust_env: bool) -> None:
        self._given = None if inner is None else HttpxConnection(inner)
        self._proxies = Proxies(trust_env=trust_env)
        self._idle: dict[tuple[str, type], IdleConnections[Connection]] = {}
        self._closed = False

    def take(self, address: Address) -> Connection:
        """Return a connection that is nobody else's until it is given back."""
        if self._given is not None:
            return self._given
        proxy = self._proxies.to(address)
        kind = HttpxConnection if proxy or is_patched() else HttpcoreConnection
        idle = self._idle.get((address.server, kind))
        if idle and (connection := idle.take()):
            return connection
        if kind is HttpcoreConnection:
            return HttpcoreConnection(tls_context(), IDLE_SECONDS)
        transport = httpx.HTTPTransport(tls_context(), proxy=proxy, limits=ONE_CONNECTION)
        return HttpxConnection(with_read_timeouts(transport))

    def give(self, address: Address, connection: Connection) -> None:
        """Give a connection back."""
        if connection is self._given:
            return
        if self._closed:
            connection.close()
            return
        place = (address.server, type(connection))
        idle = self._idle.get(place) or self._idle.setdefault(place, IdleConnections())
        for surplus in idle.give(connection):
            surplus.close()

    def close(self) -> None:
        """Close those that nobody uses; the others are closed when they are given back."""
        self._closed = True
        if self._given is not None:
            self._given.close()
        for idle in self._idle.values():
            for connection in idle.empty():
                connection.close()


class AsyncConnectionPool:
    """Twin of `ConnectionPool`: those of one event loop. Over aiohttp where it can be had."""

    def __init__(self, inner: Any, *, trust_env: bool) -> None:
        self._given = None if inner is None else AsyncHttpxConnection(inner)
        self._proxies = Proxies(trust_env=trust_env)
        self._idle: dict[tuple[str, type], IdleConnections[AsyncConnection]] = {}
        self._closed = False
        self._over_aiohttp: AiohttpConnections | None = None

    def take(self, address: Address) -> AsyncConnection:
        """Return a connection that is nobody else's until it is given back."""
        if self._given is not None:
            return self._given
        proxy = self._proxies.to(address)
        kind = AsyncHttpxConnection if proxy or is_patched() else AsyncHttpcoreConnection
        if kind is AsyncHttpcoreConnection and has_aiohttp():
            return self._aiohttp()
        idle = self._idle.get((address.server, kind))
        if idle and (connection := idle.take()):
            return connection
        if kind is AsyncHttpcoreConnection:
            return AsyncHttpcoreConnection(tls_context(), IDLE_SECONDS)
        transport = httpx.AsyncHTTPTransport(tls_context(), proxy=proxy, limits=ONE_CONNECTION)
        return AsyncHttpxConnection(with_read_timeouts(transport))

    async def give(self, address: Address, connection: AsyncConnection) -> None:
        """Give a connection back."""
        if connection is self._given or connection is self._over_aiohttp:
            return
        if self._closed:
            await connection.aclose()
            return
        place = (address.server, type(connection))
        idle = self._idle.get(place) or self._idle.setdefault(place, IdleConnections())
        for surplus in idle.give(connection):
            await surplus.aclose()

    async def aclose(self) -> None:
        """Close those that nobody uses; the others are closed when they are given back."""
        self._closed = True
        for shared in (self._given, self._over_aiohttp):
            if shared is not None:
                await shared.aclose()
        for idle in self._idle.values():
            for connection in idle.empty():
                await connection.aclose()

    def _aiohttp(self) -> AiohttpConnections:
        if self._over_aiohttp is None:
            from scout_adapters.llm.transport.over_aiohttp import AiohttpConnections  # noqa: PLC0415  # an extra

            self._over_aiohttp = AiohttpConnections(tls_context(), IDLE_SECONDS)
        return self._over_aiohttp


@cache
def has_aiohttp() -> bool:
    """Tell whether the extra of that name is installed, or as much of it as works with us."""
    if find_spec("httpx_aiohttp") is None:
        return False
    major, minor, *_ = version("aiohttp").split(".")  # a distribution that the other one needs
    return (int(major), int(minor)) >= OLDEST_AIOHTTP


class ConcurrencyLimit:
    """Lets so many exchanges through at a time: of all threads together, and of each loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads = (process.pid, threading.Semaphore(most))
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    def take(self, exchange: HttpExchange) -> threading.Semaphore:
        """Take a place, to be released; raises `QUEUE_FULL` where none comes free in time."""
        places = self._of_threads()
        if not places.acquire(timeout=exchange.context.timeouts.total):
            raise _queue_full(exchange)
        return places

    async def atake(self, exchange: HttpExchange) -> asyncio.Semaphore:
        """Twin of `take`."""
        places = self._of_loop()
        if not await _taken(places, exchange.context.timeouts.total):
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


def _queue_full(exchange: HttpExchange) -> ProviderError:
    return provider_error(
        ErrorKind.QUEUE_FULL,
        f"no connection came free within {exchange.context.timeouts.total:g} s",
        phase="pre_send",
    )

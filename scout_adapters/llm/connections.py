"""Connections that are kept for the next request to the same server.

httpx's pool looks at every connection that it has, several times in each exchange: of a hundred
calls at once, four fifths of the time go there. Here each connection stands for itself, and the
one that was given back last is the next one taken, however many there are.
"""

from __future__ import annotations

import time
from collections import deque
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import httpx

from scout_adapters.llm.asked import Address, AsyncConnection, Connection
from scout_adapters.llm.lane import AsyncLane, Lane
from scout_adapters.llm.network import patched, with_read_timeouts
from scout_adapters.llm.over_httpx import AsyncOverHttpx, OverHttpx
from scout_adapters.llm.proxies import proxy_for

if TYPE_CHECKING:
    import ssl

    from scout_adapters.llm.over_aiohttp import OverAiohttp

MOST_IDLE = 200
"""Connections to one server that are kept while nobody uses them."""

OLDEST_AIOHTTP = (3, 14)
"""Older ones cannot be told how many headers an answer may have."""

IDLE_SECONDS = 60.0
ONE = httpx.Limits(max_keepalive_connections=1, keepalive_expiry=IDLE_SECONDS)

T = TypeVar("T")


@cache
def tls_context() -> ssl.SSLContext:
    """Load the certificates once: it takes 30 ms, and every connection can share them."""
    return httpx.create_ssl_context()


class Idle(Generic[T]):
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
        if len(self._stack) <= MOST_IDLE and self._stack[0][0] > now - IDLE_SECONDS:
            return []
        return self._surplus(now)

    def _surplus(self, now: float) -> list[T]:
        surplus: list[T] = []
        while len(self._stack) > MOST_IDLE or (
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


class Connections:
    """The connections of one process, for all its threads; or `inner`, in their place."""

    def __init__(self, inner: Any, *, trust_env: bool) -> None:
        self._given = None if inner is None else OverHttpx(inner)
        self._proxies = Proxies(trust_env=trust_env)
        self._idle: dict[tuple[str, type], Idle[Connection]] = {}
        self._closed = False

    def take(self, address: Address) -> Connection:
        """Return a connection that is nobody else's until it is given back."""
        if self._given is not None:
            return self._given
        proxy = self._proxies.to(address)
        kind = OverHttpx if proxy or patched() else Lane
        idle = self._idle.get((address.server, kind))
        if idle and (connection := idle.take()):
            return connection
        if kind is Lane:
            return Lane(tls_context(), IDLE_SECONDS)
        transport = httpx.HTTPTransport(tls_context(), proxy=proxy, limits=ONE)
        return OverHttpx(with_read_timeouts(transport))

    def give(self, address: Address, connection: Connection) -> None:
        """Give a connection back."""
        if connection is self._given:
            return
        if self._closed:
            connection.close()
            return
        place = (address.server, type(connection))
        idle = self._idle.get(place) or self._idle.setdefault(place, Idle())
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


class AsyncConnections:
    """Twin of `Connections`: those of one event loop. Over aiohttp where it can be had."""

    def __init__(self, inner: Any, *, trust_env: bool) -> None:
        self._given = None if inner is None else AsyncOverHttpx(inner)
        self._proxies = Proxies(trust_env=trust_env)
        self._idle: dict[tuple[str, type], Idle[AsyncConnection]] = {}
        self._closed = False
        self._over_aiohttp: OverAiohttp | None = None

    def take(self, address: Address) -> AsyncConnection:
        """Return a connection that is nobody else's until it is given back."""
        if self._given is not None:
            return self._given
        proxy = self._proxies.to(address)
        kind = AsyncOverHttpx if proxy or patched() else AsyncLane
        if kind is AsyncLane and has_aiohttp():
            return self._aiohttp()
        idle = self._idle.get((address.server, kind))
        if idle and (connection := idle.take()):
            return connection
        if kind is AsyncLane:
            return AsyncLane(tls_context(), IDLE_SECONDS)
        transport = httpx.AsyncHTTPTransport(tls_context(), proxy=proxy, limits=ONE)
        return AsyncOverHttpx(with_read_timeouts(transport))

    async def give(self, address: Address, connection: AsyncConnection) -> None:
        """Give a connection back."""
        if connection is self._given or connection is self._over_aiohttp:
            return
        if self._closed:
            await connection.aclose()
            return
        place = (address.server, type(connection))
        idle = self._idle.get(place) or self._idle.setdefault(place, Idle())
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

    def _aiohttp(self) -> OverAiohttp:
        if self._over_aiohttp is None:
            from scout_adapters.llm.over_aiohttp import OverAiohttp  # noqa: PLC0415  # an extra

            self._over_aiohttp = OverAiohttp(tls_context(), IDLE_SECONDS)
        return self._over_aiohttp


class Proxies:
    """The proxies that the environment names, asked for once for each server."""

    def __init__(self, *, trust_env: bool) -> None:
        self._trust_env = trust_env
        self._known: dict[str, str | None] = {}

    def to(self, address: Address) -> str | None:
        """Return the proxy that stands before a server; those are reached by httpx alone."""
        if address.server not in self._known:
            found = proxy_for(str(address.url)) if self._trust_env else None
            self._known[address.server] = found
        return self._known[address.server]


@cache
def has_aiohttp() -> bool:
    """Tell whether the extra of that name is installed, or as much of it as works with us."""
    if find_spec("httpx_aiohttp") is None:
        return False
    major, minor, *_ = version("aiohttp").split(".")  # a distribution that the other one needs
    return (int(major), int(minor)) >= OLDEST_AIOHTTP

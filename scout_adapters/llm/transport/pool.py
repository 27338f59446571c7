"""Connection pools: reuse of idle connections, their number, and the HTTP library of each.

httpx's own pool visits each of its connections several times in an exchange, which takes four
fifths of the CPU time with a hundred concurrent calls. These pools use the connection that was
released last, without a search.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import httpx

from scout_adapters.llm.transport.backend import is_patched, with_read_timeouts
from scout_adapters.llm.transport.connection import (
    Address,
    AsyncConnection,
    Connection,
    address_of,
)
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.idle_connections import (
    IDLE_SECONDS,
    Holder,
    IdleConnections,
    T,
)
from scout_adapters.llm.transport.network_options import NetworkOptions, tls_context
from scout_adapters.llm.transport.over_h11 import AsyncH11Connection, H11Connection
from scout_adapters.llm.transport.over_httpx import AsyncHttpxConnection, HttpxConnection
from scout_adapters.llm.transport.proxies import Proxies, httpx_proxy
from scout_adapters.llm.transport.slots import Slots, queue_full

if TYPE_CHECKING:
    from scout_adapters.llm.transport.over_aiohttp import AiohttpConnections

MAX_SERVERS = 256
"""Number of servers to which unused connections are kept; beyond it, the first one's are closed."""

MIN_AIOHTTP = (3, 14)
"""Release: earlier ones have no setting for the number of headers in a response."""

ONE_CONNECTION = httpx.Limits(max_keepalive_connections=1, keepalive_expiry=IDLE_SECONDS)

TIDY_SECONDS = 1.0
"""Seconds between two searches for idle connections that servers have closed."""


def _remove_oldest_server(
    idle: dict[tuple[str, type], IdleConnections[T]], closing: deque[T]
) -> None:
    """Move all idle connections to the server that was used first to `closing`."""
    oldest = next(iter(idle))
    if (connections := idle.get(oldest)) is not None:
        connections.clear(closing)
        idle.pop(oldest, None)
        connections.clear(closing)  # another thread may have added one


class TidyTimer:
    """Returns True from `due` at most once in `TIDY_SECONDS`."""

    def __init__(self) -> None:
        self._last = 0.0

    def due(self) -> bool:
        now = time.monotonic()
        if now - self._last < TIDY_SECONDS:
            return False
        self._last = now
        return True


class ConnectionPool:
    """The connections of one process, for all its threads.

    `inner`, if not None, is an httpx transport that serves every request instead.
    """

    def __init__(self, inner: Any, *, max_concurrent: int, options: NetworkOptions) -> None:
        self._inner = None if inner is None else HttpxConnection(inner)
        self._slots = Slots(max_concurrent)
        self._options = options
        self._proxies = Proxies(options.proxies, trust_env=options.trust_env)
        self._idle: dict[tuple[str, type], IdleConnections[Connection]] = {}
        self._closing: deque[Connection] = deque()
        self._closed = False
        _pools.add(self)

    def acquire(self, exchange: HttpExchange, holder: Holder[Connection]) -> Connection:
        """Wait for a slot, then return a connection, also set on `holder`, until `release`.

        Raises the error of `QUEUE_FULL` if no slot comes free within the total timeout, and
        `httpx.InvalidURL` or `httpx.UnsupportedProtocol`.
        """
        address = address_of(exchange.url)
        if not self._slots.take(holder, exchange.context.timeouts.total):
            raise queue_full(exchange.context.timeouts.total)
        try:
            holder.connection = connection = self._inner or self._connection(address, holder)
        except BaseException:  # raised again: the slot must not be lost
            self._slots.give_back(holder)
            raise
        return connection

    def release(
        self,
        exchange: HttpExchange,
        holder: Holder[Connection],
        *,
        interrupted: bool = False,
    ) -> None:
        """Free the slot of `holder`; keep its connection, if any, or close it if `interrupted`."""
        try:
            connection = holder.connection
            if connection is not None and connection is not self._inner:
                if interrupted:
                    with suppress(Exception):  # the interruption itself is raised
                        connection.close()
                else:
                    self._keep(address_of(exchange.url), holder, connection)
            holder.connection = None
        except BaseException:  # raised again: a connection that the pool does not have is closed
            if (kept := holder.connection) is not None and not self.is_shared(kept):
                kept.close()
            raise
        finally:
            self._slots.give_back(holder)

    def is_shared(self, connection: Connection | None) -> bool:
        """Return whether other requests use the connection at the same time."""
        return connection is self._inner

    def _connection(self, address: Address, holder: Holder[Connection]) -> Connection:
        proxy = self._proxies.for_server(address)
        kind = HttpxConnection if proxy or is_patched() else H11Connection
        idle = self._idle.get((address.server, kind))
        if idle and (connection := idle.pop(holder)):
            return connection
        if kind is H11Connection:
            return H11Connection(tls_context(self._options), IDLE_SECONDS)
        context = tls_context(self._options)
        transport = httpx.HTTPTransport(
            context, proxy=httpx_proxy(proxy, context), limits=ONE_CONNECTION
        )
        return HttpxConnection(with_read_timeouts(transport))

    def _keep(self, address: Address, holder: Holder[Connection], connection: Connection) -> None:
        if self._closed:
            connection.close()
            return
        place = (address.server, type(connection))
        idle = self._idle.get(place) or self._idle.setdefault(place, IdleConnections())
        idle.push(holder, connection, self._closing)
        if len(self._idle) > MAX_SERVERS:
            _remove_oldest_server(self._idle, self._closing)
        if self._closing:
            self._close_removed()
        _tidy_pools()

    def tidy(self) -> None:
        """Close the sockets of unused connections that the server has closed."""
        for idle in list(self._idle.values()):
            idle.remove_stale(self._closing)
        self._close_removed()

    def _close_removed(self) -> None:
        """Close the removed connections; after an exception, the next call closes the rest."""
        for connection in tuple(self._closing):
            with suppress(Exception):  # closed as far as it can be
                connection.close()
            with suppress(ValueError):  # another thread closes them as well
                self._closing.remove(connection)

    def close(self) -> None:
        """Close unused connections; those in use are closed on release."""
        self._closed = True
        if self._inner is not None:
            self._inner.close()
        for idle in self._idle.values():
            idle.clear(self._closing)
        self._close_removed()

    def __del__(self) -> None:
        """Close unused connections of a transport that is freed; the user's own stays open."""
        if "_closing" in self.__dict__:
            for idle in self._idle.values():
                idle.clear(self._closing)
            self._close_removed()


_pools: WeakSet[ConnectionPool] = WeakSet()
"""All sync pools of this process: a release in any pool tidies all of them."""

_tidy_timer = TidyTimer()


def _tidy_pools() -> None:
    """Tidy all sync pools, at most once in `TIDY_SECONDS`; async releases call it, too."""
    if _tidy_timer.due():
        for pool in list(_pools):
            pool.tidy()


class AsyncConnectionPool:
    """Twin of `ConnectionPool`: the connections of one event loop, over aiohttp if installed."""

    def __init__(self, inner: Any, *, max_concurrent: int, options: NetworkOptions) -> None:
        self._inner = None if inner is None else AsyncHttpxConnection(inner)
        self._slots = Slots(max_concurrent)
        self._options = options
        self._proxies = Proxies(options.proxies, trust_env=options.trust_env)
        self._idle: dict[tuple[str, type], IdleConnections[AsyncConnection]] = {}
        self._closing: deque[AsyncConnection] = deque()
        self._closed = False
        self._tidy_timer = TidyTimer()
        self._over_aiohttp: AiohttpConnections | None = None

    async def acquire(
        self, exchange: HttpExchange, holder: Holder[AsyncConnection]
    ) -> AsyncConnection:
        """Twin of `ConnectionPool.acquire`."""
        address = address_of(exchange.url)
        if not await self._slots.atake(holder, exchange.context.timeouts.total):
            raise queue_full(exchange.context.timeouts.total)
        try:
            holder.connection = connection = self._inner or self._connection(address, holder)
        except BaseException:  # raised again: the slot must not be lost
            self._slots.give_back(holder)
            raise
        return connection

    async def release(
        self,
        exchange: HttpExchange,
        holder: Holder[AsyncConnection],
        *,
        interrupted: bool = False,
    ) -> None:
        """Twin of `ConnectionPool.release`."""
        try:
            connection = holder.connection
            if connection is not None and not self.is_shared(connection):
                if interrupted:
                    with suppress(Exception):  # the interruption itself is raised
                        await connection.aclose()
                else:
                    await self._keep(address_of(exchange.url), holder, connection)
            holder.connection = None
            _tidy_pools()
        except BaseException:  # raised again: a connection that the pool does not have is closed
            if (kept := holder.connection) is not None and not self.is_shared(kept):
                await kept.aclose()
            raise
        finally:
            self._slots.give_back(holder)

    def is_shared(self, connection: AsyncConnection | None) -> bool:
        """Return whether other requests use the connection at the same time."""
        return connection is self._inner or connection is self._over_aiohttp

    def _connection(self, address: Address, holder: Holder[AsyncConnection]) -> AsyncConnection:
        proxy = self._proxies.for_server(address)
        kind = AsyncHttpxConnection if proxy or is_patched() else AsyncH11Connection
        if kind is AsyncH11Connection and has_aiohttp():
            return self._aiohttp()
        idle = self._idle.get((address.server, kind))
        if idle and (connection := idle.pop(holder)):
            return connection
        if kind is AsyncH11Connection:
            return AsyncH11Connection(tls_context(self._options), IDLE_SECONDS)
        context = tls_context(self._options)
        transport = httpx.AsyncHTTPTransport(
            context, proxy=httpx_proxy(proxy, context), limits=ONE_CONNECTION
        )
        return AsyncHttpxConnection(with_read_timeouts(transport))

    async def _keep(
        self, address: Address, holder: Holder[AsyncConnection], connection: AsyncConnection
    ) -> None:
        if self._closed:
            await connection.aclose()
            return
        place = (address.server, type(connection))
        idle = self._idle.get(place) or self._idle.setdefault(place, IdleConnections())
        idle.push(holder, connection, self._closing)
        if len(self._idle) > MAX_SERVERS:
            _remove_oldest_server(self._idle, self._closing)
        if self._closing:
            await self._close_removed()
        if self._tidy_timer.due():
            for other in list(self._idle.values()):
                other.remove_stale(self._closing)
            await self._close_removed()

    async def _close_removed(self) -> None:
        """Twin of `ConnectionPool._close_removed`."""
        for connection in tuple(self._closing):
            with suppress(Exception):  # closed as far as it can be
                await connection.aclose()
            with suppress(ValueError):  # another task closes them as well
                self._closing.remove(connection)

    async def aclose(self) -> None:
        """Close unused connections; those in use are closed on release."""
        self._closed = True
        for shared in (self._inner, self._over_aiohttp):
            if shared is not None:
                await shared.aclose()
        for idle in self._idle.values():
            idle.clear(self._closing)
        await self._close_removed()

    def _aiohttp(self) -> AiohttpConnections:
        if self._over_aiohttp is None:
            from scout_adapters.llm.transport.over_aiohttp import AiohttpConnections  # noqa: PLC0415  # an extra

            self._over_aiohttp = AiohttpConnections(tls_context(self._options), IDLE_SECONDS)
        return self._over_aiohttp


@cache
def has_aiohttp() -> bool:
    """Return whether aiohttp is installed, in release `MIN_AIOHTTP` or later."""
    if find_spec("aiohttp") is None:
        return False
    major, minor, *_ = version("aiohttp").split(".")
    return (int(major), int(minor)) >= MIN_AIOHTTP

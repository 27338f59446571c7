"""The transport: sends the request of an exchange once; whole or streamed, sync and async."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import AsyncGenerator, Generator
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from typing import Any, NoReturn, Self
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary, ref

from scout_adapters._internal.fork import fork_safe_lock, process
from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ConfigurationError, ProviderRefusal, malformed
from scout_adapters.errors.event_loop import running_loop
from scout_adapters.llm.transport.backend import with_read_timeouts
from scout_adapters.llm.transport.body import GOOD, CappedBody, EventBody, LoopTurns
from scout_adapters.llm.transport.errors import error_from_httpx, redirect_note
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.network_options import (
    DEFAULT_OPTIONS,
    Cert,
    NetworkOptions,
    Verify,
    tls_context,
)
from scout_adapters.llm.transport.pool import AsyncConnectionPool, ConnectionPool, has_aiohttp
from scout_adapters.llm.transport.proxies import ProxyOption
from scout_adapters.llm.transport.response import (
    AsyncResponse,
    Response,
    adrain,
    aread,
    drain,
    read,
)

NOT_READY = 202
"""HTTP status of a poll whose answer is not complete yet."""

MAX_CONCURRENT = 1000
"""Number of concurrent exchanges: each needs a file descriptor."""

_open_lock = fork_safe_lock()


OVER_AIOHTTP = "scout_adapters.llm.transport.over_aiohttp"
"""Imports an extra, which takes long."""

_prepared: set[NetworkOptions] = set()
"""The usual options, once async connections can be opened without reading files."""


def _prepare(options: NetworkOptions) -> None:
    """Import and read what async connections need, in a thread: it takes up to half a second."""
    if has_aiohttp():
        import_module(OVER_AIOHTTP)
    with suppress(ConfigurationError):  # reported where the file is used
        tls_context(options)
    if options == DEFAULT_OPTIONS:
        _prepared.add(DEFAULT_OPTIONS)


def _is_prepared(options: NetworkOptions) -> bool:
    """Return whether an async connection with these options reads no file."""
    return options == DEFAULT_OPTIONS and bool(_prepared)


class Transport:
    """HTTP connections that open on first use; async ones belong to their event loop.

        model = ScoutGroqChatModel(transport=Transport(trust_env=False))

    Args:
        inner: Replaces the network: an `httpx.MockTransport`, or any object with httpx's transport
            interface that serves both sync and async clients.
        max_concurrent: Exchanges at a time, in each event loop and in all threads together.
        verify: False accepts any certificate; a file or folder of certificates to trust, or an
            `ssl.SSLContext`.
        cert: Client certificate: a file, `(certificate, key)` or `(certificate, key, password)`.
        proxies: A proxy's URL, or URLs by scheme (`{"https": "http://proxy:3128"}`); they replace
            those of the environment.
        trust_env: Whether `HTTPS_PROXY`, `SSL_CERT_FILE` and similar variables apply.

    Raises: `ConfigurationError` for options that cannot be used; for files, on the first call.

    """

    def __init__(
        self,
        inner: Any = None,
        *,
        max_concurrent: int = MAX_CONCURRENT,
        verify: Verify = True,
        cert: Cert | None = None,
        proxies: ProxyOption | None = None,
        trust_env: bool = True,
    ) -> None:
        self._options = NetworkOptions(verify, cert, proxies, trust_env)
        if problem := self._options.problem():
            del cert, proxies  # they may contain passwords, which crash reports would show
            del self._options
            raise ConfigurationError(f"Transport: {problem}")
        self._inner = with_read_timeouts(inner)
        self._max_concurrent = max_concurrent
        self._pool: tuple[int, ConnectionPool] | None = None
        self._loops: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
        self.clients: dict[Any, Any] = {}
        """The registry's clients that use this transport; they are freed together with it."""

    def __deepcopy__(self, memo: object) -> Self:
        return self  # connections cannot be copied

    def __reduce__(self) -> tuple[Any, ...]:
        """Return the options for a pickle; connections open anew where it is loaded."""
        options = self._options.portable(self._inner)
        return partial(Transport, max_concurrent=self._max_concurrent, **options), ()

    def pool(self) -> ConnectionPool:
        """Return the pool of this process; a forked child opens its own."""
        pool = self._pool
        if pool is None or pool[0] != process.pid:
            pool = self._open_pool()
        return pool[1]

    def _open_pool(self) -> tuple[int, ConnectionPool]:
        with _open_lock:
            if self._pool is None or self._pool[0] != process.pid:
                pool = ConnectionPool(
                    self._inner, max_concurrent=self._max_concurrent, options=self._options
                )
                self._pool = (process.pid, pool)
            return self._pool

    async def apool(self) -> AsyncConnectionPool:
        """Return the pool of the running event loop; it closes when the loop shuts down."""
        loop = running_loop()
        pools = _pools_of(loop)
        entry = pools.get(self)
        if entry is None and self._inner is None and not _is_prepared(self._options):
            await asyncio.to_thread(_prepare, self._options)
            entry = pools.get(self)  # another task of the loop may have been faster
        if entry is None:
            pool = AsyncConnectionPool(
                self._inner, max_concurrent=self._max_concurrent, options=self._options
            )
            # asyncio.run closes pending async generators before it closes the loop: it is the
            # only moment at which connections can be closed in an orderly way.
            closer = _close_with_loop(pool, pools, ref(self), self._loops)
            await anext(closer)
            pools[self] = entry = (pool, closer)
            self._loops.add(loop)
        return entry[0]

    def send(self, exchange: HttpExchange) -> Any:
        """Send a request once; return the JSON of its response, or None for status 202 of a GET.

        Status 202 means that the answer is not complete yet. The headers are stored in the
        exchange's context.

        Raises: `ProviderRefusal` for an error response, not classified yet; `ProviderError` for a
        failure of the network or a body that cannot be parsed.
        """
        try:
            with Response(self.pool(), exchange, stream=False) as response:
                body = read(exchange, response)
            return _result(exchange, response, body)
        except Exception as error:  # raised again, as an error of ours if it is httpx's
            if (failure := error_from_httpx(exchange, error)) is None:
                raise
        raise failure

    async def asend(self, exchange: HttpExchange) -> Any:
        """Twin of `send`."""
        pool = await self.apool()
        try:
            async with AsyncResponse(pool, exchange, stream=False) as response:
                body = await aread(exchange, response)
            return _result(exchange, response, body)
        except Exception as error:  # raised again, as an error of ours if it is httpx's
            if (failure := error_from_httpx(exchange, error)) is None:
                raise
        raise failure

    def stream(self, exchange: HttpExchange) -> Generator[list[Json | None]]:
        """Post once and yield the events of each network chunk; None stands for `[DONE]`.

        An empty list is a chunk that completes no event, such as a keep-alive comment. Raises what
        `send` raises.
        """
        failure = None
        try:
            with Response(self.pool(), exchange, stream=True) as response:
                if response.status != GOOD:
                    _refuse(exchange, response, read(exchange, response))
                exchange.context.progress.headers = response.headers
                body = EventBody()
                try:
                    for piece in response:
                        yield body.add(piece)
                        if body.done:
                            return
                        _check(response, body)
                    yield body.finish()
                    body.raise_failure()
                finally:
                    if body.done:
                        drain(response)
        except Exception as error:  # raised again, as an error of ours if it is httpx's
            if (failure := error_from_httpx(exchange, error)) is None:
                raise
        if failure is not None:
            raise failure

    async def astream(self, exchange: HttpExchange) -> AsyncGenerator[list[Json | None]]:
        """Twin of `stream`."""
        pool = await self.apool()
        failure = None
        try:
            async with AsyncResponse(pool, exchange, stream=True) as response:
                if response.status != GOOD:
                    _refuse(exchange, response, await aread(exchange, response))
                exchange.context.progress.headers = response.headers
                body, turns = EventBody(), LoopTurns()
                try:
                    async for piece in response:
                        for events in body.batches(piece):
                            yield events
                            if body.done:
                                return
                            _check(response, body)
                            if turns.due(len(piece)):
                                await asyncio.sleep(0)
                    yield body.finish()
                    body.raise_failure()
                finally:
                    if body.done:
                        await adrain(response)
        except Exception as error:  # raised again, as an error of ours if it is httpx's
            if (failure := error_from_httpx(exchange, error)) is None:
                raise
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Close this process's connections; the next call opens new ones."""
        pool, self._pool = self._pool, None
        if pool is not None and pool[0] == process.pid:
            # A child must not close its parent's connections: the server would see it as the end.
            pool[1].close()

    async def aclose(self) -> None:
        """Close the running loop's connections; the next call opens new ones."""
        if entry := _pools_of(asyncio.get_running_loop()).get(self):
            await entry[1].aclose()


LoopPools = WeakKeyDictionary[Transport, tuple[AsyncConnectionPool, AsyncGenerator[None]]]


def _pools_of(loop: asyncio.AbstractEventLoop) -> LoopPools:
    """Return the pools of an event loop, stored on the loop so that they are freed with it."""
    pools: LoopPools | None = getattr(loop, "scout_adapters_pools", None)
    if pools is None:
        pools = loop.scout_adapters_pools = WeakKeyDictionary()  # type: ignore[attr-defined]  # see above
    return pools


async def _close_with_loop(
    pool: AsyncConnectionPool,
    pools: LoopPools,
    owner: ref[Transport],
    loops: WeakSet[asyncio.AbstractEventLoop],
) -> AsyncGenerator[None]:
    """Close the pool when the loop shuts down, or when the transport is freed."""
    try:
        yield
    finally:
        if (transport := owner()) is not None:
            pools.pop(transport, None)
        loops.discard(asyncio.get_running_loop())
        await pool.aclose()


_wrapped: WeakValueDictionary[int, Transport] = WeakValueDictionary()
"""By `id()` of a user's httpx transport: the `Transport` around it. That refers to the user's, so
that Python does not use the id again."""


def as_transport(transport: Any) -> Transport | None:
    """Return a `Transport` around an httpx transport, always the same one; None for None."""
    if transport is None or isinstance(transport, Transport):
        return transport
    wrapped = _wrapped.get(id(transport))
    return wrapped or _wrapped.setdefault(id(transport), Transport(transport))


def close_transports() -> None:
    """Close the connections of this process, and forget the transports that users passed.

    Async connections belong to their event loop and are closed with it.
    """
    for transport in list(_wrapped.values()):
        transport.close()
    _wrapped.clear()
    if shared_transport.cache_info().currsize:
        shared_transport().close()


@cache
def shared_transport() -> Transport:
    """Return the transport of all models that were created without one; it closes at exit."""
    transport = Transport()
    atexit.register(transport.close)
    return transport


def _check(response: Response | AsyncResponse, body: EventBody) -> None:
    """Raise the error of an unreadable event, or a timeout; called after the events so far."""
    body.raise_failure()
    response.read_timeouts.check()


def _result(exchange: HttpExchange, response: Response | AsyncResponse, body: CappedBody) -> Any:
    if response.status != GOOD:
        if response.status == NOT_READY and exchange.method == "GET":
            return None
        _refuse(exchange, response, body)
    exchange.context.progress.headers = response.headers
    return body.answer()


def _refuse(
    exchange: HttpExchange, response: Response | AsyncResponse, body: CappedBody
) -> NoReturn:
    if not body.failed:
        note = redirect_note(exchange, response.headers)
        raise malformed(f"status {body.status} is not an answer{note}", status=body.status)
    raise ProviderRefusal(body.raw(), status=response.status, headers=response.headers)

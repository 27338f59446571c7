"""The only module that touches the network: send and stream, each sync and async, over httpx."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import AsyncGenerator, Generator
from functools import cache
from typing import Any, NoReturn

from scout_adapters._internal.fork import fork_safe_lock, process
from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ProviderRefusal, malformed
from scout_adapters.llm.transport.backend import with_read_timeouts
from scout_adapters.llm.transport.body import GOOD, CappedBody, EventBody
from scout_adapters.llm.transport.errors import error_from_httpx
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.pool import AsyncConnectionPool, ConcurrencyLimit, ConnectionPool
from scout_adapters.llm.transport.response import (
    AsyncResponse,
    Response,
    aclose_soon,
    aread,
    close_soon,
    read,
)

MAX_CONCURRENT = 1000
_open_lock = fork_safe_lock()


class Transport:
    """The connections, opened when first needed; async ones belong to their event loop.

    `inner` takes the place of the network: an `httpx.MockTransport`, or anything of httpx's
    transport interface that serves both kinds of client. `trust_env` is whether `HTTPS_PROXY` and
    its like are heeded; `most` is how many exchanges there may be at a time, in each loop and in
    all threads together.
    """

    def __init__(
        self, inner: Any = None, *, most: int = MAX_CONCURRENT, trust_env: bool = True
    ) -> None:
        self._inner = with_read_timeouts(inner)
        self._gate = ConcurrencyLimit(most)
        self._trust_env = trust_env
        self._threads: tuple[int, ConnectionPool] | None = None
        self._loops: dict[
            asyncio.AbstractEventLoop, tuple[AsyncConnectionPool, AsyncGenerator[None]]
        ] = {}

    def connections(self) -> ConnectionPool:
        """Return those of this process; a forked child opens its own."""
        held = self._threads
        if held is None or held[0] != process.pid:
            held = self._open()
        return held[1]

    def _open(self) -> tuple[int, ConnectionPool]:
        """Begin with none, unless another thread has just done so."""
        with _open_lock:
            if self._threads is None or self._threads[0] != process.pid:
                held = ConnectionPool(self._inner, trust_env=self._trust_env)
                self._threads = (process.pid, held)
            return self._threads

    async def aconnections(self) -> AsyncConnectionPool:
        """Return those of the running loop; they are closed when the loop shuts down."""
        loop = asyncio.get_running_loop()
        held = self._loops.get(loop)
        if held is None:
            for closed in [one for one in list(self._loops) if one.is_closed()]:
                self._loops.pop(closed, None)  # other threads tidy up as well
            connections = AsyncConnectionPool(self._inner, trust_env=self._trust_env)
            # asyncio.run closes pending async generators before it closes the loop: the one
            # moment at which connections can still be closed in an orderly way.
            closer = self._close_with_loop(loop, connections)
            await anext(closer)
            self._loops[loop] = held = (connections, closer)
        return held[0]

    async def _close_with_loop(
        self, loop: asyncio.AbstractEventLoop, connections: AsyncConnectionPool
    ) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            self._loops.pop(loop, None)
            await connections.aclose()

    def send(self, exchange: HttpExchange) -> Any:
        """Post once; return the JSON of the whole response, its headers in the context.

        Raises `ProviderRefusal` as it came, and `ProviderError` for what happens on the network.
        """
        try:
            with Response(self._gate, self.connections(), exchange, stream=False) as response:
                body = read(exchange, response)
            return _result(exchange, response, body)
        except Exception as error:  # raised again, as an error of ours if it is httpx's
            if (failure := error_from_httpx(exchange, error)) is None:
                raise
        raise failure

    async def asend(self, exchange: HttpExchange) -> Any:
        """Twin of `send`."""
        connections = await self.aconnections()
        try:
            async with AsyncResponse(self._gate, connections, exchange, stream=False) as response:
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
            with Response(self._gate, self.connections(), exchange, stream=True) as response:
                if response.status != GOOD:
                    _refuse(response, read(exchange, response))
                exchange.context.progress.headers = response.headers
                body = EventBody()
                try:
                    for piece in response:
                        yield body.add(piece)
                        if body.done:
                            return
                    yield body.rest()
                finally:
                    if body.done:
                        close_soon(response)
        except Exception as error:  # raised again, as an error of ours if it is httpx's
            if (failure := error_from_httpx(exchange, error)) is None:
                raise
        if failure is not None:
            raise failure

    async def astream(self, exchange: HttpExchange) -> AsyncGenerator[list[Json | None]]:
        """Twin of `stream`."""
        connections = await self.aconnections()
        failure = None
        try:
            async with AsyncResponse(self._gate, connections, exchange, stream=True) as response:
                if response.status != GOOD:
                    _refuse(response, await aread(exchange, response))
                exchange.context.progress.headers = response.headers
                body = EventBody()
                try:
                    async for piece in response:
                        yield body.add(piece)
                        if body.done:
                            return
                    yield body.rest()
                finally:
                    if body.done:
                        await aclose_soon(response)
        except Exception as error:  # raised again, as an error of ours if it is httpx's
            if (failure := error_from_httpx(exchange, error)) is None:
                raise
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Close this process's connections; the next call opens others."""
        held, self._threads = self._threads, None
        if held is not None and held[0] == process.pid:
            # A parent's connections are not ours to end: a child would say goodbye in its name.
            held[1].close()

    async def aclose(self) -> None:
        """Close the running loop's connections; the next call opens others."""
        if held := self._loops.get(asyncio.get_running_loop()):
            await held[1].aclose()


_wrapped: dict[int, tuple[Any, Transport]] = {}
"""Transports around httpx transports of users, by id. An entry holds the user's, so that its id is
not used again."""


def as_transport(transport: Any) -> Transport | None:
    """Wrap an httpx transport; the same one gives the same, as clients are found by it."""
    if transport is None or isinstance(transport, Transport):
        return transport
    return _wrapped.setdefault(id(transport), (transport, Transport(transport)))[1]


def close_transports() -> None:
    """Close the connections of this process, and forget the transports of users.

    Async connections belong to their event loop and are closed with it.
    """
    for _, transport in _wrapped.values():
        transport.close()
    _wrapped.clear()
    if shared_transport.cache_info().currsize:
        shared_transport().close()


@cache
def shared_transport() -> Transport:
    """Return the transport that every model without one of its own uses; closed at exit."""
    transport = Transport()
    atexit.register(transport.close)
    return transport


def _result(exchange: HttpExchange, response: Response | AsyncResponse, body: CappedBody) -> Any:
    if response.status != GOOD:
        _refuse(response, body)
    exchange.context.progress.headers = response.headers
    return body.answer()


def _refuse(response: Response | AsyncResponse, body: CappedBody) -> NoReturn:
    if not body.failed:
        raise malformed(f"status {body.status} is not an answer", status=body.status)
    raise ProviderRefusal(body.raw(), status=response.status, headers=response.headers)

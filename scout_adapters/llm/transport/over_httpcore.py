"""One connection to one server, made of httpcore without httpx and its pool.

An httpx transport for each connection would do the same with more CPU time: 13 % for `invoke`, 8 %
for an event of `stream`, 18 to 25 % for `ainvoke` with 10 or 100 calls at once (ratios of processes
measured in turn, November 2026). Two targets in `benchmarks/targets.py` would not hold then: those
of `invoke` and `stream` beside the fastest partner.
"""

from __future__ import annotations

import ssl
from functools import lru_cache, partial
from typing import Any

import httpcore

from scout_adapters.llm.transport.backend import (
    AsyncBackend,
    Backend,
    ReadTimeoutSource,
    close_after_surplus,
)
from scout_adapters.llm.transport.connection import (
    STRIP_TRACEBACK,
    Address,
    AsyncWireResponse,
    WireRequest,
    WireResponse,
)


class HttpcoreConnection:
    """Sends one request at a time; errors are httpcore's."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        """`idle_seconds`: a connection that was unused for longer is not used again."""
        self._context = context
        self._idle_seconds = idle_seconds
        self._read_timeout_source = ReadTimeoutSource()
        self._backend = Backend(httpcore.SyncBackend(), self._read_timeout_source)
        self._connection: httpcore.HTTPConnection | None = None

    def send(self, request: WireRequest) -> WireResponse:
        httpcore_request = _httpcore_request(request)
        self._read_timeout_source.read_timeout = request.read_timeout
        with STRIP_TRACEBACK:
            connection = self._open_connection(httpcore_request.url.origin)
            response = connection.handle_request(httpcore_request)
        stream: Any = response.stream
        close = partial(_close, stream)
        return WireResponse(response.status, response.headers, iter(stream), close, reusable=True)

    def _open_connection(self, origin: httpcore.Origin) -> httpcore.HTTPConnection:
        connection = self._connection
        if connection is not None:
            if connection.is_available() and not connection.has_expired():
                return connection
            connection.close()
        self._connection = httpcore.HTTPConnection(
            origin,
            ssl_context=self._context,
            keepalive_expiry=self._idle_seconds,
            network_backend=self._backend,
        )
        return self._connection

    def is_stale(self) -> bool:
        return self._connection is None or self._connection.has_expired()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class AsyncHttpcoreConnection:
    """Twin of `HttpcoreConnection`."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        """`idle_seconds`: a connection that was unused for longer is not used again."""
        self._context = context
        self._idle_seconds = idle_seconds
        self._read_timeout_source = ReadTimeoutSource()
        self._backend = AsyncBackend(httpcore.AnyIOBackend(), self._read_timeout_source)
        self._connection: httpcore.AsyncHTTPConnection | None = None

    async def send(self, request: WireRequest) -> AsyncWireResponse:
        httpcore_request = _httpcore_request(request)
        self._read_timeout_source.read_timeout = request.read_timeout
        with STRIP_TRACEBACK:
            connection = await self._open_connection(httpcore_request.url.origin)
            response = await connection.handle_async_request(httpcore_request)
        stream: Any = response.stream
        close = partial(_aclose, stream)
        return AsyncWireResponse(
            response.status, response.headers, aiter(stream), close, reusable=True
        )

    async def _open_connection(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        connection = self._connection
        if connection is not None:
            if connection.is_available() and not connection.has_expired():
                return connection
            await connection.aclose()
        self._connection = httpcore.AsyncHTTPConnection(
            origin,
            ssl_context=self._context,
            keepalive_expiry=self._idle_seconds,
            network_backend=self._backend,
        )
        return self._connection

    def is_stale(self) -> bool:
        return self._connection is None or self._connection.has_expired()

    async def aclose(self) -> None:
        if self._connection is not None:
            await self._connection.aclose()


def _close(stream: Any) -> None:
    close_after_surplus(stream)
    stream.close()


async def _aclose(stream: Any) -> None:
    close_after_surplus(stream)
    await stream.aclose()


@lru_cache(maxsize=256)
def _target(address: Address) -> httpcore.URL:
    url = address.url
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _httpcore_request(request: WireRequest) -> httpcore.Request:
    return httpcore.Request(
        method=request.method.encode(),
        url=_target(request.address),
        headers=[(name.encode(), value.encode()) for name, value in request.headers.items()],
        content=request.content,
        extensions={"timeout": request.timeouts},
    )

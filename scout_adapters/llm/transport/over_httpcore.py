"""One connection to one server: httpcore's, without its pool."""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import Any

import httpcore

from scout_adapters.llm.transport.backend import AsyncBackend, Backend, ReadTimeoutSource
from scout_adapters.llm.transport.connection import (
    STRIP_TRACEBACK,
    Address,
    AsyncWireResponse,
    WireRequest,
    WireResponse,
)


class HttpcoreConnection:
    """Sends one request at a time. Errors are httpcore's own."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        """Take the certificates, and how long a connection is used again."""
        self._context = context
        self._idle_seconds = idle_seconds
        self._timing = ReadTimeoutSource()
        self._backend = Backend(httpcore.SyncBackend(), self._timing)
        self._connection: httpcore.HTTPConnection | None = None

    def ask(self, asked: WireRequest) -> WireResponse:
        request = _request(asked)
        self._timing.allowed = asked.allowed
        with STRIP_TRACEBACK:
            said = self._ready(request.url.origin).handle_request(request)
        stream: Any = said.stream
        return WireResponse(said.status, said.headers, iter(stream), stream.close, reusable=True)

    def _ready(self, origin: httpcore.Origin) -> httpcore.HTTPConnection:
        held = self._connection
        if held is not None:
            if held.is_available() and not held.has_expired():
                return held
            held.close()
        self._connection = httpcore.HTTPConnection(
            origin,
            ssl_context=self._context,
            keepalive_expiry=self._idle_seconds,
            network_backend=self._backend,
        )
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class AsyncHttpcoreConnection:
    """Twin of `HttpcoreConnection`."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        """Take the certificates, and how long a connection is used again."""
        self._context = context
        self._idle_seconds = idle_seconds
        self._timing = ReadTimeoutSource()
        self._backend = AsyncBackend(httpcore.AnyIOBackend(), self._timing)
        self._connection: httpcore.AsyncHTTPConnection | None = None

    async def ask(self, asked: WireRequest) -> AsyncWireResponse:
        request = _request(asked)
        self._timing.allowed = asked.allowed
        with STRIP_TRACEBACK:
            connection = await self._ready(request.url.origin)
            said = await connection.handle_async_request(request)
        stream: Any = said.stream
        return AsyncWireResponse(
            said.status, said.headers, aiter(stream), stream.aclose, reusable=True
        )

    async def _ready(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        held = self._connection
        if held is not None:
            if held.is_available() and not held.has_expired():
                return held
            await held.aclose()
        self._connection = httpcore.AsyncHTTPConnection(
            origin,
            ssl_context=self._context,
            keepalive_expiry=self._idle_seconds,
            network_backend=self._backend,
        )
        return self._connection

    async def aclose(self) -> None:
        if self._connection is not None:
            await self._connection.aclose()


@lru_cache(maxsize=256)
def _target(address: Address) -> httpcore.URL:
    url = address.url
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _request(asked: WireRequest) -> httpcore.Request:
    return httpcore.Request(
        method=b"POST",
        url=_target(asked.address),
        headers=[(name.encode(), said.encode()) for name, said in asked.headers.items()],
        content=asked.content,
        extensions={"timeout": asked.timeouts},
    )

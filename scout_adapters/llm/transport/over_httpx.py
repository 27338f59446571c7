"""Connections that are httpx transports.

Used behind a proxy, for a transport that the user passes, and while a test library has patched the
HTTP client.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial

import httpx

from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.transport.backend import close_after_surplus, current_read_timeout
from scout_adapters.llm.transport.connection import (
    AsyncWireResponse,
    ReadTimeout,
    WireRequest,
    WireResponse,
)
from scout_adapters.llm.transport.exchange import READ_TIMEOUT


class HttpxConnection:
    """Sends requests through an httpx transport, which may serve many at once.

    The read timeout is set per thread or task, because the transport's reads do not show which
    request they belong to.
    """

    def __init__(self, transport: httpx.BaseTransport) -> None:
        _check_method(transport, "handle_request", "async calls only")
        self._transport = transport

    def send(self, request: WireRequest) -> WireResponse:
        token = current_read_timeout.set(request.read_timeout)
        try:
            response = self._transport.handle_request(_httpx_request(request))
        finally:
            current_read_timeout.reset(token)
        return WireResponse(
            status=response.status_code,
            headers=response.headers.raw,
            pieces=_TimedPieces(iter(response.stream), request.read_timeout),  # type: ignore[arg-type]  # sync
            close=partial(_close, response),
            reusable="network_stream" in response.extensions,
        )

    def is_stale(self) -> bool:
        return _is_stale(self._transport)

    def close(self) -> None:
        self._transport.close()


class _TimedPieces(Iterator[bytes]):
    """Sets the read timeout of the current thread around each read."""

    def __init__(self, pieces: Iterator[bytes], read_timeout: ReadTimeout) -> None:
        self._pieces = pieces
        self._read_timeout = read_timeout

    def __next__(self) -> bytes:
        token = current_read_timeout.set(self._read_timeout)
        try:
            return next(self._pieces)
        finally:
            current_read_timeout.reset(token)


class AsyncHttpxConnection:
    """Twin of `HttpxConnection`."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        _check_method(transport, "handle_async_request", "sync calls only")
        self._transport = transport

    async def send(self, request: WireRequest) -> AsyncWireResponse:
        token = current_read_timeout.set(request.read_timeout)
        try:
            response = await self._transport.handle_async_request(_httpx_request(request))
        finally:
            current_read_timeout.reset(token)
        return AsyncWireResponse(
            status=response.status_code,
            headers=response.headers.raw,
            pieces=_AsyncTimedPieces(aiter(response.stream), request.read_timeout),  # type: ignore[arg-type]  # async
            close=partial(_aclose, response),
            reusable="network_stream" in response.extensions,
        )

    def is_stale(self) -> bool:
        return _is_stale(self._transport)

    async def aclose(self) -> None:
        await self._transport.aclose()


class _AsyncTimedPieces(AsyncIterator[bytes]):
    """Twin of `_TimedPieces`.

    Not a generator: the event loop closes an unfinished async generator in a task of its own.
    """

    def __init__(self, pieces: AsyncIterator[bytes], read_timeout: ReadTimeout) -> None:
        self._pieces = pieces
        self._read_timeout = read_timeout

    async def __anext__(self) -> bytes:
        token = current_read_timeout.set(self._read_timeout)
        try:
            return await anext(self._pieces)
        finally:
            current_read_timeout.reset(token)


def _check_method(transport: object, method: str, serves: str) -> None:
    """Raise `ConfigurationError` if a user's transport cannot serve sync or async calls."""
    if not callable(getattr(transport, method, None)):
        raise ConfigurationError(
            f"transport={type(transport).__name__} has no {method}(), so it serves {serves}, "
            "if any: pass one that has it, such as Transport()"
        )


def _is_stale(transport: object) -> bool:
    connections = getattr(getattr(transport, "_pool", None), "connections", [])
    return all(connection.has_expired() for connection in connections)


def _close(response: httpx.Response) -> None:
    close_after_surplus(response.stream)
    response.close()


async def _aclose(response: httpx.Response) -> None:
    close_after_surplus(response.stream)
    await response.aclose()


def _httpx_request(request: WireRequest) -> httpx.Request:
    httpx_request = httpx.Request(
        request.method,
        request.address.url,
        headers=request.framed_headers(),
        stream=httpx.ByteStream(request.content),
        extensions={"timeout": request.timeouts, READ_TIMEOUT: request.read_timeout},
    )
    # Transports may read `content`; httpx would need 10 µs to collect it from the stream.
    httpx_request._content = request.content  # noqa: SLF001  # see above
    return httpx_request

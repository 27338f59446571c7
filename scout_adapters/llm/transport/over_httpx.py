"""Transports of httpx: the user's own, one to a proxy, or what stands in for the network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx

from scout_adapters.llm.transport.backend import read_timeout_source
from scout_adapters.llm.transport.connection import (
    AsyncWireResponse,
    ReadTimeout,
    WireRequest,
    WireResponse,
)
from scout_adapters.llm.transport.exchange import READ_TIMEOUT


class HttpxConnection:
    """Asks a transport; it may serve many at once, and cannot know whose reads are whose."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def ask(self, asked: WireRequest) -> WireResponse:
        token = read_timeout_source.set(asked.allowed)
        try:
            response = self._transport.handle_request(_request(asked))
        finally:
            read_timeout_source.reset(token)
        return WireResponse(
            status=response.status_code,
            headers=response.headers.raw,
            pieces=_TimedPieces(iter(response.stream), asked.allowed),  # type: ignore[arg-type]  # sync
            close=response.close,
            reusable="network_stream" in response.extensions,
        )

    def close(self) -> None:
        self._transport.close()


class _TimedPieces(Iterator[bytes]):
    """Names whom the reads ask, around each of them."""

    def __init__(self, pieces: Iterator[bytes], allowed: ReadTimeout) -> None:
        self._pieces = pieces
        self._allowed = allowed

    def __next__(self) -> bytes:
        token = read_timeout_source.set(self._allowed)
        try:
            return next(self._pieces)
        finally:
            read_timeout_source.reset(token)


class AsyncHttpxConnection:
    """Twin of `HttpxConnection`."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def ask(self, asked: WireRequest) -> AsyncWireResponse:
        token = read_timeout_source.set(asked.allowed)
        try:
            response = await self._transport.handle_async_request(_request(asked))
        finally:
            read_timeout_source.reset(token)
        return AsyncWireResponse(
            status=response.status_code,
            headers=response.headers.raw,
            pieces=_AsyncTimedPieces(aiter(response.stream), asked.allowed),  # type: ignore[arg-type]  # async
            close=response.aclose,
            reusable="network_stream" in response.extensions,
        )

    async def aclose(self) -> None:
        await self._transport.aclose()


class _AsyncTimedPieces(AsyncIterator[bytes]):
    """Twin of `_TimedPieces`. No generator: one left early would be closed by a task of its own."""

    def __init__(self, pieces: AsyncIterator[bytes], allowed: ReadTimeout) -> None:
        self._pieces = pieces
        self._allowed = allowed

    async def __anext__(self) -> bytes:
        token = read_timeout_source.set(self._allowed)
        try:
            return await anext(self._pieces)
        finally:
            read_timeout_source.reset(token)


def _request(asked: WireRequest) -> httpx.Request:
    request = httpx.Request(
        "POST",
        asked.address.url,
        headers=asked.headers,
        stream=httpx.ByteStream(asked.content),
        extensions={"timeout": asked.timeouts, READ_TIMEOUT: asked.allowed},
    )
    # Transports may look at it; what httpx does to read it from the stream takes 10 µs.
    request._content = asked.content  # noqa: SLF001  # see above
    return request

"""Transports of httpx: the user's own, one to a proxy, or what stands in for the network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx

from scout_adapters.llm.asked import Allowed, Asked, AsyncSaid, Said
from scout_adapters.llm.exchange import READ_TIMEOUT
from scout_adapters.llm.network import reading


class OverHttpx:
    """Asks a transport; it may serve many at once, and cannot know whose reads are whose."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def ask(self, asked: Asked) -> Said:
        token = reading.set(asked.allowed)
        try:
            response = self._transport.handle_request(_request(asked))
        finally:
            reading.reset(token)
        return Said(
            status=response.status_code,
            headers=response.headers.raw,
            pieces=_Watched(iter(response.stream), asked.allowed),  # type: ignore[arg-type]  # sync
            close=response.close,
            reusable="network_stream" in response.extensions,
        )

    def close(self) -> None:
        self._transport.close()


class _Watched(Iterator[bytes]):
    """Names whom the reads ask, around each of them."""

    def __init__(self, pieces: Iterator[bytes], allowed: Allowed) -> None:
        self._pieces = pieces
        self._allowed = allowed

    def __next__(self) -> bytes:
        token = reading.set(self._allowed)
        try:
            return next(self._pieces)
        finally:
            reading.reset(token)


class AsyncOverHttpx:
    """Twin of `OverHttpx`."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def ask(self, asked: Asked) -> AsyncSaid:
        token = reading.set(asked.allowed)
        try:
            response = await self._transport.handle_async_request(_request(asked))
        finally:
            reading.reset(token)
        return AsyncSaid(
            status=response.status_code,
            headers=response.headers.raw,
            pieces=_AsyncWatched(aiter(response.stream), asked.allowed),  # type: ignore[arg-type]  # async
            close=response.aclose,
            reusable="network_stream" in response.extensions,
        )

    async def aclose(self) -> None:
        await self._transport.aclose()


class _AsyncWatched(AsyncIterator[bytes]):
    """Twin of `_Watched`. No generator: one left early would be closed by a task of its own."""

    def __init__(self, pieces: AsyncIterator[bytes], allowed: Allowed) -> None:
        self._pieces = pieces
        self._allowed = allowed

    async def __anext__(self) -> bytes:
        token = reading.set(self._allowed)
        try:
            return await anext(self._pieces)
        finally:
            reading.reset(token)


def _request(asked: Asked) -> httpx.Request:
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

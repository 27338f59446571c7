"""aiohttp's connections, with our timeouts, and httpx's names for what goes wrong.

aiohttp takes a third of the time that httpcore takes, and hardly more for a thousand calls at once.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextvars import ContextVar
from functools import lru_cache
from types import TracebackType
from typing import Any

import aiohttp
import httpx
import yarl
from httpx_aiohttp import AiohttpTransport

from scout_adapters.llm.transport.connection import (
    Address,
    AsyncWireResponse,
    ReadTimeout,
    StripTraceback,
    WireRequest,
)

MOST_HEADER_BYTES = 64 * 1024
MOST_HEADERS = 10_000
"""Servers send longer ones, and more, than aiohttp takes unasked."""

SLICE_BYTES = 256 * 1024
"""A longer body leaves piece by piece: in one, the event loop would stand still for it."""

_answer: ContextVar[tuple[asyncio.Timeout, ReadTimeout]] = ContextVar("scout_answer")
"""The limit of the answer that a connection is sought for, and how long it may take."""


class AiohttpConnections(AiohttpTransport):
    """All connections of one event loop; those that we ask leave httpx's messages out."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        """Take the certificates, and how long a connection is kept that nobody uses."""
        self._session = aiohttp.ClientSession(
            connector=_Connector(limit=0, keepalive_timeout=idle_seconds, ssl=context),
            # Kept, a cookie of one key's session would go out with another key.
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=MOST_HEADER_BYTES,
            max_field_size=MOST_HEADER_BYTES,
            max_headers=MOST_HEADERS,
        )
        super().__init__(verify=context, client=self._session)

    async def ask(self, asked: WireRequest) -> AsyncWireResponse:
        with AS_HTTPX_ERRORS:
            async with asyncio.timeout(None) as limit:
                token = _answer.set((limit, asked.allowed))
                try:
                    said = await self._session.post(
                        _target(asked.address),
                        headers=asked.headers,
                        data=_body(asked.content),
                        allow_redirects=False,
                        timeout=_client_timeout(asked.timeouts["connect"]),
                    )
                finally:
                    _answer.reset(token)
        pieces = _Pieces(said, asked.allowed)
        return AsyncWireResponse(
            said.status, said.raw_headers, pieces, pieces.aclose, reusable=True
        )


class _Connector(aiohttp.TCPConnector):
    """Begins to wait for an answer once there is a connection: reaching it has a limit of its own.

    aiohttp has one limit for all reads of an answer, which cannot change once content is shown.
    """

    async def connect(self, *request: Any, **how: Any) -> Any:
        connection = await super().connect(*request, **how)
        limit, allowed = _answer.get()
        limit.reschedule(_until(allowed))
        return connection


def _until(allowed: ReadTimeout) -> float | None:
    """Return when what is being read must be there, by the clock of the loop."""
    seconds = allowed()
    return None if seconds is None else asyncio.get_running_loop().time() + seconds


@lru_cache(maxsize=256)
def _target(address: Address) -> yarl.URL:
    return yarl.URL(str(address.url), encoded=True)


@lru_cache(maxsize=64)
def _client_timeout(connect: float | None) -> aiohttp.ClientTimeout:
    """Limit how long it takes to reach a server; all else is ours to limit."""
    return aiohttp.ClientTimeout(connect=connect, sock_connect=connect)


def _body(content: bytes) -> bytes | AsyncIterator[bytes] | None:
    return (_slices(content) if len(content) > SLICE_BYTES else content) or None


async def _slices(content: bytes) -> AsyncIterator[bytes]:
    view = memoryview(content)
    for start in range(0, len(view), SLICE_BYTES):
        yield bytes(view[start : start + SLICE_BYTES])


class _Pieces(AsyncIterator[bytes]):
    """A body of which every read asks anew how long it may take."""

    def __init__(self, said: aiohttp.ClientResponse, allowed: ReadTimeout) -> None:
        self._said = said
        self._allowed = allowed

    async def __anext__(self) -> bytes:
        content = self._said.content
        with AS_HTTPX_ERRORS:
            piece = content.read_nowait()
            if not piece and not content.at_eof():
                async with asyncio.timeout_at(_until(self._allowed)):
                    piece = await content.readany()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        with AS_HTTPX_ERRORS:
            await self._said.__aexit__(None, None, None)


class _AsHttpxErrors(StripTraceback):
    """Says in httpx's words what went wrong."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, aiohttp.ClientError | OSError):  # timeouts are errors of the system
            raise _httpx_error(error)(str(error)) from error
        super().__exit__(kind, error, trace)


AS_HTTPX_ERRORS = _AsHttpxErrors()


def _httpx_error(error: BaseException) -> type[httpx.TransportError]:
    match error:
        case aiohttp.ConnectionTimeoutError():
            return httpx.ConnectTimeout
        case aiohttp.ClientConnectorError():
            return httpx.ConnectError
        case TimeoutError():
            return httpx.ReadTimeout
        case aiohttp.ClientOSError():
            return httpx.ReadError
    return httpx.RemoteProtocolError

"""httpx's interface over aiohttp's connections, with our timeouts and its errors by their names.

aiohttp takes a third of the time that httpcore takes, and hardly more for a thousand calls at once.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from scout_adapters.llm.exchange import READ_TIMEOUT
from scout_adapters.llm.network import Allowed

MOST_HEADER_BYTES = 64 * 1024
MOST_HEADERS = 10_000
"""Servers send longer ones, and more, than aiohttp takes unasked."""

SLICE_BYTES = 256 * 1024
"""A longer body leaves piece by piece: in one, the event loop would stand still for it."""

_connected: ContextVar[Callable[[], None]] = ContextVar("scout_connected")


class OverAiohttp(httpx.AsyncBaseTransport):
    """All connections of one event loop."""

    keeps_time = True
    """Asks the request how long a read may take."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        """Take the certificates, and how long a connection is kept that nobody uses."""
        session = aiohttp.ClientSession(
            connector=_Connector(limit=0, keepalive_timeout=idle_seconds, ssl=context),
            # Kept, a cookie of one key's session would go out with another key.
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=MOST_HEADER_BYTES,
            max_field_size=MOST_HEADER_BYTES,
            max_headers=MOST_HEADERS,
        )
        self._inner = AiohttpTransport(verify=context, client=session)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and read the headers of the answer."""
        allowed: Allowed = request.extensions[READ_TIMEOUT]
        request = _rewritten(request)
        with NAMING:
            async with asyncio.timeout(None) as limit:
                token = _connected.set(lambda: limit.reschedule(_until(allowed)))
                try:
                    response = await self._inner.handle_async_request(request)
                finally:
                    _connected.reset(token)
        response.stream = _Body(response.stream, allowed)  # type: ignore[arg-type]  # async
        response.extensions["network_stream"] = None  # there is one, and it can serve again
        return response

    async def aclose(self) -> None:
        """Close all."""
        await self._inner.aclose()


class _Connector(aiohttp.TCPConnector):
    """Begins to wait for an answer once there is a connection: reaching it has a limit of its own.

    aiohttp has one limit for all reads of an answer, which cannot change once content is shown.
    """

    async def connect(self, *request: Any, **how: Any) -> Any:
        connection = await super().connect(*request, **how)
        _connected.get()()
        return connection


def _until(allowed: Allowed) -> float | None:
    """Return when what is being read must be there, by the clock of the loop."""
    seconds = allowed()
    return None if seconds is None else asyncio.get_running_loop().time() + seconds


def _rewritten(request: httpx.Request) -> httpx.Request:
    """Leave out the limits that are ours to keep, and cut what is long."""
    connect = request.extensions["timeout"].get("connect")
    timeouts = {"timeout": {"connect": connect, "pool": connect}}
    if len(request.content) <= SLICE_BYTES:
        request.extensions = timeouts
        return request
    body = _Slices(request.content)
    return httpx.Request(
        request.method, request.url, headers=request.headers, stream=body, extensions=timeouts
    )


class _Slices(httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), SLICE_BYTES):
            yield bytes(self._content[start : start + SLICE_BYTES])


class _Body(httpx.AsyncByteStream):
    """A body of which every read asks anew how long it may take."""

    def __init__(self, inner: httpx.AsyncByteStream, allowed: Allowed) -> None:
        self._inner = inner
        self._allowed = allowed
        self._pieces = aiter(inner)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        with NAMING:
            async with asyncio.timeout_at(_until(self._allowed)):
                return await anext(self._pieces)

    async def aclose(self) -> None:
        with NAMING:
            await self._inner.aclose()


class _Naming:
    """Says in httpx's words what went wrong: httpx-aiohttp calls a broken line a slow connect."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        met = error.__cause__ if isinstance(error, httpx.TransportError) else error
        if isinstance(met, aiohttp.ClientError | OSError):  # timeouts are errors of the system
            raise _named(met)(str(met)) from met
        if error is not None and not isinstance(error, StopAsyncIteration):
            # A cancellation goes on to the user: aiohttp's frames hold the headers, and the key.
            raise error.with_traceback(None)


NAMING = _Naming()


def _named(error: BaseException) -> type[httpx.TransportError]:
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

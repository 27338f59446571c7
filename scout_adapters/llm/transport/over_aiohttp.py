"""Async connections made of aiohttp, with our timeouts; errors are httpx's.

aiohttp takes a third of the CPU time that httpcore takes for a request, and it does not slow down
with a thousand requests at once.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache, partial
from types import TracebackType
from typing import Any

import aiohttp
import httpx
import yarl
from aiohttp.client_proto import ResponseHandler

from scout_adapters.llm.transport.connection import (
    Address,
    AsyncWireResponse,
    ReadTimeout,
    StripTraceback,
    WireRequest,
)

MAX_HEADER_BYTES = 64 * 1024
"""Bytes of one header line. aiohttp's own limit is shorter than what some servers send."""

MAX_HEADERS = 10_000
"""Headers of a response. aiohttp's own limit is lower than what some servers send."""

SLICE_BYTES = 256 * 1024
"""Bytes: a longer request body is written in slices, between which the event loop runs on."""


class _Send:
    """State of a running `send`: its timeout, and the connection to close if it is interrupted."""

    def __init__(self, read_timeout: ReadTimeout) -> None:
        self.timeout = asyncio.timeout(None)
        self.read_timeout = read_timeout
        """Read timeout, which applies once the connection is open."""

        self.connection: Any = None
        self.response: aiohttp.ClientResponse | None = None

    def close(self) -> None:
        """Close response and connection, which aiohttp may have left open after an exception."""
        if self.response is not None:
            self.response.close()
        if self.connection is not None:
            self.connection.close()


_current_send: ContextVar[_Send] = ContextVar("scout_current_send")


class AiohttpConnections:
    """All connections of one event loop, kept by an aiohttp session; an `AsyncConnection`."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        """`idle_seconds`: how long an unused connection is kept."""
        self._session = aiohttp.ClientSession(
            connector=_Connector(limit=0, keepalive_timeout=idle_seconds, ssl=context),
            # A cookie jar would send a cookie that came to one key with requests of another.
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            max_headers=MAX_HEADERS,
        )

    async def send(self, request: WireRequest) -> AsyncWireResponse:
        current = _Send(request.read_timeout)
        try:
            with AS_HTTPX_ERRORS:
                async with current.timeout:
                    response = current.response = await self._request(request, current)
            pieces = _AiohttpPieces(response, request.read_timeout)
            return AsyncWireResponse(
                response.status, response.raw_headers, pieces, pieces.aclose, reusable=True
            )
        except BaseException:  # raised again: an error, Ctrl-C, a cancellation
            current.close()
            raise

    async def _request(self, request: WireRequest, current: _Send) -> aiohttp.ClientResponse:
        token = _current_send.set(current)
        try:
            return await self._session.request(
                request.method,
                _target(request.address),
                headers=request.framed_headers(),
                data=_body(request.content),
                allow_redirects=False,
                timeout=_client_timeout(request.timeouts["connect"]),
            )
        finally:
            _current_send.reset(token)

    def is_stale(self) -> bool:
        """Return False: aiohttp closes its connections itself."""
        return False

    async def aclose(self) -> None:
        await self._session.close()

    def __del__(self) -> None:
        """Prevent messages on stderr about a session whose event loop was abandoned."""
        if "_session" in self.__dict__:
            self._session.detach()


class _RunningLoop:
    """The event loop of a connection, which only uses it for the message of its `__del__`.

    A loop that was abandoned counts as closed: no message is written about it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.call_exception_handler = loop.call_exception_handler

    def is_closed(self) -> bool:
        return not self._loop.is_running()


class _Connector(aiohttp.TCPConnector):
    """Starts the read timeout once there is a connection; connecting has a timeout of its own.

    aiohttp's own read timeout is one value for all reads of a response.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._running_loop = _RunningLoop(self._loop)
        self._factory = partial(_OneResponse, loop=asyncio.get_running_loop())  # type: ignore[assignment]  # aiohttp has no argument for it

    def __del__(self, *modules: Any) -> None:
        """Close the connections of an abandoned event loop without messages."""
        with suppress(Exception):  # the loop may be closed, or half collected
            self._close(abort_ssl=True)

    @property
    def closed(self) -> bool:
        """Return whether it is closed, or its event loop has stopped.

        A session that is collected before its owner, with a half-read answer, then writes no
        message about a loop that was abandoned.
        """
        return self._closed or not self._loop.is_running()

    async def connect(self, *args: Any, **kwargs: Any) -> Any:
        current = _current_send.get()
        connection = current.connection = await super().connect(*args, **kwargs)
        while (protocol := connection.protocol) and protocol.should_close:
            if not getattr(protocol, "used", True):
                connection.close()
                raise aiohttp.ServerDisconnectedError("the server sent bytes before the request")
            connection.close()
            connection = current.connection = await super().connect(*args, **kwargs)
        connection._loop = self._running_loop  # type: ignore[assignment]  # noqa: SLF001  # see there
        current.timeout.reschedule(_until(current.read_timeout))
        return connection


class _OneResponse(ResponseHandler):
    """Reads one response for each request, and closes the connection if extra bytes arrive.

    aiohttp would read them as the response to the next request, which may be another caller's.
    """

    used = False
    """Whether a request has been sent."""

    _final = False
    """Whether the status of the response has arrived; interim responses (1xx) come before it."""

    def set_response_params(self, **settings: Any) -> None:
        self.used, self._final, self._payload = True, False, None
        super().set_response_params(**settings)

    def connection_lost(self, exc: BaseException | None) -> None:
        if exc is not None and self.used and not self._final:
            self.data_received(_left_in_socket(self.transport))
        super().connection_lost(exc)

    def feed_data(self, data: Any, size: int = 0) -> None:
        if self._final:
            self.force_close()
            return
        self._final = data[0].code >= httpx.codes.OK
        super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        # The last byte is read by itself: bytes follow the response if it is complete before that.
        if len(data) > 1 and not self._complete:
            super().data_received(data[:-1])
            data = data[-1:]
        if data and self._complete:
            self.close()
        else:
            super().data_received(data)

    @property
    def _complete(self) -> bool:
        return self._final and (self._payload is None or self._payload.is_eof())


def _left_in_socket(transport: asyncio.BaseTransport | None) -> bytes:
    """Return the bytes that the server sent before the connection broke; b"" over TLS.

    A server that refuses a long request closes before it has read all of it, and asyncio stops
    reading when a write fails.
    """
    if transport is None or transport.get_extra_info("sslcontext") is not None:
        return b""
    with (
        suppress(OSError),
        socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as left,
    ):
        left.settimeout(0)
        return left.recv(SLICE_BYTES)
    return b""


def _until(read_timeout: ReadTimeout) -> float | None:
    """Return the time, by the event loop's clock, at which a read that begins now times out."""
    seconds = read_timeout()
    return None if seconds is None else asyncio.get_running_loop().time() + seconds


@lru_cache(maxsize=256)
def _target(address: Address) -> yarl.URL:
    return yarl.URL(str(address.url), encoded=True)


@lru_cache(maxsize=64)
def _client_timeout(connect: float | None) -> aiohttp.ClientTimeout:
    """Return aiohttp's timeouts for connecting; reads are limited outside of aiohttp."""
    return aiohttp.ClientTimeout(connect=connect, sock_connect=connect)


def _body(content: bytes) -> bytes | AsyncIterator[bytes] | None:
    return (_slices(content) if len(content) > SLICE_BYTES else content) or None


async def _slices(content: bytes) -> AsyncIterator[bytes]:
    view = memoryview(content)
    for start in range(0, len(view), SLICE_BYTES):
        for _ in range(2):  # an early refusal is read before a write to a closed connection fails
            await asyncio.sleep(0)
        yield bytes(view[start : start + SLICE_BYTES])


class _AiohttpPieces(AsyncIterator[bytes]):
    """A response body; each read has a timeout of its own."""

    def __init__(self, response: aiohttp.ClientResponse, read_timeout: ReadTimeout) -> None:
        self._response = response
        self._read_timeout = read_timeout

    async def __anext__(self) -> bytes:
        content = self._response.content
        with AS_HTTPX_ERRORS:
            piece = content.read_nowait()
            if not piece and not content.at_eof():
                async with asyncio.timeout_at(_until(self._read_timeout)):
                    piece = await content.readany()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        with AS_HTTPX_ERRORS:
            await self._response.__aexit__(None, None, None)


class _AsHttpxErrors(StripTraceback):
    """Context manager that converts aiohttp's errors to httpx's."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(
            error, aiohttp.ClientError | OSError | ValueError | OverflowError
        ):  # TimeoutError is an OSError
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
        case ValueError() | OverflowError():  # a header or an address
            return httpx.LocalProtocolError
    return httpx.RemoteProtocolError

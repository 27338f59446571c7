"""httpcore network backends whose every read has its own timeout.

httpcore takes one read timeout for all headers of a response and one for its whole body. A server
that sends a byte at a time would never time out, and first-token and idle timeouts would be one.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import lru_cache
from types import FunctionType
from typing import Any, Self, TypeVar

import h11
import httpcore
import httpx

from scout_adapters.llm.timeouts import SHORTEST
from scout_adapters.llm.transport.connection import ReadTimeout

LONG_REQUEST = 256 * 1024
"""Bytes: a longer request is written in slices, and its response is read at the same time."""

EARLY_BYTES = 64 * 1024
"""Bytes: the most that the first read of the response to a long request returns."""

END_OF_HEADERS = b"\r\n\r\n"

current_read_timeout: ContextVar[ReadTimeout | None] = ContextVar(
    "scout_read_timeout", default=None
)
"""Read timeout of the current thread or task, for connections that are shared."""


class ReadTimeoutSource:
    """The read timeout of one connection; None leaves httpcore's own timeout in force."""

    read_timeout: ReadTimeout | None = None


class ContextReadTimeout(ReadTimeoutSource):
    """The read timeout that the current thread or task has set."""

    @property
    def read_timeout(self) -> ReadTimeout | None:  # type: ignore[override]  # read only
        return current_read_timeout.get()


CONTEXT_READ_TIMEOUT = ContextReadTimeout()

T = TypeVar("T")


def is_patched() -> bool:
    """Return whether vcrpy, respx or pytest-httpx has patched httpx or httpcore."""
    return not _is_original(
        httpx.HTTPTransport.handle_request,
        httpx.AsyncHTTPTransport.handle_async_request,
        httpcore.ConnectionPool.handle_request,
        httpcore.AsyncConnectionPool.handle_async_request,
    )


@lru_cache(maxsize=16)
def _is_original(*methods: object) -> bool:
    """Return whether all methods are functions of httpx or httpcore, not patched or wrapped.

    The module of each function decides: at import time a cassette may have been active already.
    """
    return all(
        isinstance(method, FunctionType)
        and method.__globals__["__name__"].startswith(("httpx.", "httpcore."))
        for method in methods
    )


def with_read_timeouts(transport: T) -> T:
    """Return an httpx transport, changed so that every read has its own timeout.

    httpx has no argument for that. An object of another class is returned unchanged.
    """
    pool = getattr(transport, "_pool", None)
    backend = getattr(pool, "_network_backend", None)
    if isinstance(backend, Backend | AsyncBackend):
        return transport
    if isinstance(pool, httpcore.ConnectionPool):
        pool._network_backend = Backend(pool._network_backend, CONTEXT_READ_TIMEOUT)  # noqa: SLF001  # see above
    elif isinstance(pool, httpcore.AsyncConnectionPool):
        inner = pool._network_backend  # noqa: SLF001  # as above
        pool._network_backend = AsyncBackend(inner, CONTEXT_READ_TIMEOUT)  # noqa: SLF001  # as above
    return transport


def close_after_surplus(stream: Any) -> None:
    """Make httpcore close the connection if extra bytes follow a complete response.

    h11 would read them as the response to the next request, which may be another caller's.
    Call it before the response is closed. `stream` is a response body of httpcore or httpx.
    """
    for name in ("_httpcore_stream", "_stream", "_connection", "_h11_state"):
        stream = getattr(stream, name, stream)
    if isinstance(stream, h11.Connection) and stream.trailing_data[0]:
        stream.send_failed()


def _is_buffered(stream: Any) -> bool:
    """Return whether anyio or TLS has buffered bytes, which `select` does not show."""
    while stream is not None:
        tls, protocol = getattr(stream, "_read_bio", None), getattr(stream, "_protocol", None)
        if (tls and tls.pending) or getattr(protocol, "read_queue", None):
            return True
        stream = getattr(stream, "_stream", None) or getattr(stream, "transport_stream", None)
    return False


def _seconds(source: ReadTimeoutSource, timeout: float | None) -> float | None:
    """Return the seconds for a read; raises `httpcore.ReadTimeout` if no time is left.

    A read from a server that sends without pause, such as endless interim responses, would never
    time out by itself.
    """
    read_timeout = source.read_timeout
    if read_timeout is None:
        return timeout
    seconds = read_timeout()
    if seconds == SHORTEST:
        raise httpcore.ReadTimeout("no time is left for the answer")
    return seconds


class Backend(httpcore.NetworkBackend):
    """Opens sync connections whose reads take their timeout from `source`."""

    def __init__(self, inner: httpcore.NetworkBackend, source: ReadTimeoutSource) -> None:
        self._inner = inner
        self._source = source

    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        stream = _Stream(self._source)
        return stream.open(self._inner.connect_tcp, *args, **kwargs)

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        stream = _Stream(self._source)
        return stream.open(self._inner.connect_unix_socket, *args, **kwargs)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """Sends a request's headers and body in one write; httpcore would use one write for each."""

    _inner: httpcore.NetworkStream

    def __init__(self, source: ReadTimeoutSource) -> None:
        self._source = source
        self._headers = b""

    def open(
        self, connect: Callable[..., httpcore.NetworkStream], *args: Any, **kwargs: Any
    ) -> Self:
        """Open the inner stream and return self; any exception closes the socket."""
        try:
            self._inner = connect(*args, **kwargs)
            return self  # noqa: TRY300  # an exception here must close the socket as well
        except BaseException:  # raised again
            if hasattr(self, "_inner"):
                self._inner.close()
            raise

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._headers:
            self.write(b"", timeout)
        return self._inner.read(max_bytes, _seconds(self._source, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not self._headers and buffer.endswith(END_OF_HEADERS):
            self._headers = buffer
            return
        buffer, self._headers = self._headers + buffer, b""
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        stream = _Stream(self._source)
        return stream.open(self._inner.start_tls, ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _is_interim(read: asyncio.Future[bytes]) -> bool:
    """Return whether a response starts with status 100 to 399, so that the request continues."""
    return not read.cancelled() and read.exception() is None and read.result()[9:10] in b"123"


class AsyncBackend(httpcore.AsyncNetworkBackend):
    """Twin of `Backend`."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend, source: ReadTimeoutSource) -> None:
        self._inner = inner
        self._source = source

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        stream = _AsyncStream(self._source)
        return await stream.open(self._inner.connect_tcp, *args, **kwargs)

    async def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        stream = _AsyncStream(self._source)
        return await stream.open(self._inner.connect_unix_socket, *args, **kwargs)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _AsyncStream(httpcore.AsyncNetworkStream):
    """Twin of `_Stream`. The `timeout` arguments (ASYNC109) are httpcore's interface."""

    _early: asyncio.Future[bytes] | None = None
    """The first read of a response, which began while the request was written."""

    _inner: httpcore.AsyncNetworkStream

    def __init__(self, source: ReadTimeoutSource) -> None:
        self._source = source
        self._headers = b""

    async def open(
        self,
        connect: Callable[..., Awaitable[httpcore.AsyncNetworkStream]],
        *args: Any,
        **kwargs: Any,
    ) -> Self:
        """Twin of `_Stream.open`."""
        try:
            self._inner = await connect(*args, **kwargs)
            return self  # noqa: TRY300  # an exception here must close the socket as well
        except BaseException:  # raised again
            if hasattr(self, "_inner"):
                await self._inner.aclose()
            raise

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # httpcore's interface
        if self._headers:
            await self.write(b"", timeout)
        seconds = _seconds(self._source, timeout)
        if (early := self._early) is None:
            return await self._inner.read(max_bytes, seconds)
        self._early = None
        try:
            return await asyncio.wait_for(early, seconds)
        except TimeoutError:
            raise httpcore.ReadTimeout("no time is left for the answer") from None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # httpcore's interface
        if not self._headers and buffer.endswith(END_OF_HEADERS):
            self._headers = buffer
            return
        buffer, self._headers = self._headers + buffer, b""
        if len(buffer) <= LONG_REQUEST:
            await self._inner.write(buffer, timeout)
        else:
            await self._write_long(buffer, timeout)

    async def _write_long(self, buffer: bytes, timeout: float | None) -> None:  # noqa: ASYNC109  # httpcore's interface
        """Write a long request in slices, and read at the same time: an early refusal ends it.

        Raises `httpcore.WriteError` then; httpcore reads the response, and closes the connection.
        """
        early = self._early = asyncio.ensure_future(self._inner.read(EARLY_BYTES))
        view = memoryview(buffer)
        for start in range(0, len(view), LONG_REQUEST):
            for _ in range(2):  # read a refusal before a write to a closed connection fails
                await asyncio.sleep(0)
            if early.done() and not _is_interim(early):
                raise httpcore.WriteError("the server answered before the end of the request")
            await self._inner.write(bytes(view[start : start + LONG_REQUEST]), timeout)

    async def aclose(self) -> None:
        if self._early is not None:
            self._early.cancel()
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's interface
    ) -> httpcore.AsyncNetworkStream:
        stream = _AsyncStream(self._source)
        return await stream.open(self._inner.start_tls, ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:
        value = self._inner.get_extra_info(info)
        return value or (info == "is_readable" and _is_buffered(self._inner)) or value

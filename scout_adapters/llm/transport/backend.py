"""httpx's connections, of which every read asks anew how long it may take.

httpcore asks once for all headers of an answer, and once for its whole body: a server that drips
would outlast every timeout, and the first token's time and the idle time would be one.
"""

from __future__ import annotations

import ssl
from contextvars import ContextVar
from functools import lru_cache
from types import FunctionType
from typing import Any, TypeVar

import httpcore
import httpx

from scout_adapters.llm.timeouts import SHORTEST
from scout_adapters.llm.transport.connection import ReadTimeout

END_OF_HEADERS = b"\r\n\r\n"

read_timeout_source: ContextVar[ReadTimeout | None] = ContextVar("scout_reading", default=None)
"""Whom the reads of this thread or task ask, over connections that serve many at once."""


class ReadTimeoutSource:
    """Whom the reads of a connection ask; None leaves it with httpcore's own timeout."""

    allowed: ReadTimeout | None = None


class ContextReadTimeout(ReadTimeoutSource):
    """Asks whom the thread or task has named."""

    @property
    def allowed(self) -> ReadTimeout | None:  # type: ignore[override]  # read only
        return read_timeout_source.get()


CONTEXT_READ_TIMEOUT = ContextReadTimeout()

T = TypeVar("T")


def is_patched() -> bool:
    """Tell whether somebody stands in for the network: vcrpy, respx and pytest-httpx do it here."""
    return not _own(
        httpx.HTTPTransport.handle_request,
        httpx.AsyncHTTPTransport.handle_async_request,
        httpcore.ConnectionPool.handle_request,
        httpcore.AsyncConnectionPool.handle_async_request,
    )


@lru_cache(maxsize=16)
def _own(*doors: object) -> bool:
    """Tell whether these are the libraries' own functions, and nothing wrapped around them.

    What was there when this module was imported says nothing: a cassette may have been playing.
    """
    return all(
        isinstance(door, FunctionType)
        and door.__globals__["__name__"].startswith(("httpx.", "httpcore."))
        for door in doors
    )


def with_read_timeouts(transport: T) -> T:
    """Have the connections of a transport ask at each read, and return the transport.

    httpx has no argument for it. Of a transport of the user's own, only httpx's kinds are changed.
    """
    pool = getattr(transport, "_pool", None)
    backend = getattr(pool, "_network_backend", None)
    if isinstance(backend, Backend | AsyncBackend):
        return transport
    if isinstance(pool, httpcore.ConnectionPool):
        pool._network_backend = Backend(pool._network_backend, CONTEXT_READ_TIMEOUT)  # noqa: SLF001  # see above
    elif isinstance(pool, httpcore.AsyncConnectionPool):
        own = pool._network_backend  # noqa: SLF001  # as above
        pool._network_backend = AsyncBackend(own, CONTEXT_READ_TIMEOUT)  # noqa: SLF001  # as above
    return transport


def _seconds(timing: ReadTimeoutSource, timeout: float | None) -> float | None:
    """Return how long a read may take; where the time is over, there is no use in another one.

    A server that never stops to talk, such as one of endless interim answers, is never late.
    """
    allowed = timing.allowed
    if allowed is None:
        return timeout
    seconds = allowed()
    if seconds == SHORTEST:
        raise httpcore.ReadTimeout("the time for the answer is over")
    return seconds


class Backend(httpcore.NetworkBackend):
    """Makes sync connections that ask `timing`."""

    def __init__(self, inner: httpcore.NetworkBackend, timing: ReadTimeoutSource) -> None:
        self._inner = inner
        self._timing = timing

    def connect_tcp(self, *where: Any, **how: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(*where, **how), self._timing)

    def connect_unix_socket(self, *where: Any, **how: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_unix_socket(*where, **how), self._timing)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """Sends the headers of a request in one piece with its body, which httpcore writes apart."""

    def __init__(self, inner: httpcore.NetworkStream, timing: ReadTimeoutSource) -> None:
        self._inner = inner
        self._timing = timing
        self._headers = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._headers:
            self.write(b"", timeout)
        return self._inner.read(max_bytes, _seconds(self._timing, timeout))

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
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._timing)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class AsyncBackend(httpcore.AsyncNetworkBackend):
    """Twin of `Backend`."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend, timing: ReadTimeoutSource) -> None:
        self._inner = inner
        self._timing = timing

    async def connect_tcp(self, *where: Any, **how: Any) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(await self._inner.connect_tcp(*where, **how), self._timing)

    async def connect_unix_socket(self, *where: Any, **how: Any) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(await self._inner.connect_unix_socket(*where, **how), self._timing)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _AsyncStream(httpcore.AsyncNetworkStream):
    """Twin of `_Stream`; the timeouts among the arguments (ASYNC109) are httpcore's interface."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, timing: ReadTimeoutSource) -> None:
        self._inner = inner
        self._timing = timing
        self._headers = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # httpcore's interface
        if self._headers:
            await self.write(b"", timeout)
        return await self._inner.read(max_bytes, _seconds(self._timing, timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # httpcore's interface
        if not self._headers and buffer.endswith(END_OF_HEADERS):
            self._headers = buffer
            return
        buffer, self._headers = self._headers + buffer, b""
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's interface
    ) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(
            await self._inner.start_tls(ssl_context, server_hostname, timeout), self._timing
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

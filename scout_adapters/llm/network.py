"""httpx's connections, of which every read asks anew how long it may take.

httpcore asks once for all headers of an answer, and once for its whole body: a server that drips
would outlast every timeout, and the first token's time and the idle time would be one.
"""

from __future__ import annotations

import ssl
from contextvars import ContextVar
from typing import Any, TypeVar

import httpcore
import httpx

from scout_adapters.llm.exchange import SHORTEST, ReadTimeouts

END_OF_HEADERS = b"\r\n\r\n"

reading: ContextVar[ReadTimeouts | None] = ContextVar("scout_reading", default=None)
"""Whom the reads of this thread or task ask; None leaves it with httpcore's own timeout."""


T = TypeVar("T")


def _doors() -> tuple[object, ...]:
    return (
        httpx.HTTPTransport.handle_request,
        httpx.AsyncHTTPTransport.handle_async_request,
        httpcore.ConnectionPool.handle_request,
        httpcore.AsyncConnectionPool.handle_async_request,
    )


_ORIGINAL = _doors()


def patched() -> bool:
    """Tell whether somebody stands in for the network: vcrpy, respx and pytest-httpx do it here."""
    return _doors() != _ORIGINAL


def with_read_timeouts(transport: T) -> T:
    """Have the connections of a transport ask at each read, and return the transport.

    httpx has no argument for it. Of a transport of the user's own, only httpx's kinds are changed.
    """
    pool = getattr(transport, "_pool", None)
    backend = getattr(pool, "_network_backend", None)
    if isinstance(backend, _Backend | _AsyncBackend):
        return transport
    if isinstance(pool, httpcore.ConnectionPool):
        pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001  # see above
    elif isinstance(pool, httpcore.AsyncConnectionPool):
        pool._network_backend = _AsyncBackend(pool._network_backend)  # noqa: SLF001
    return transport


def _allowed(timeout: float | None) -> float | None:
    """Return how long a read may take; where the time is over, there is no use in another one.

    A server that never stops to talk, such as one of endless interim answers, is never late.
    """
    patience = reading.get()
    if patience is None:
        return timeout
    allowed = patience.allowed()
    if allowed == SHORTEST:
        raise httpcore.ReadTimeout("the time for the answer is over")
    return allowed


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(self, *where: Any, **how: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(*where, **how))

    def connect_unix_socket(self, *where: Any, **how: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_unix_socket(*where, **how))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """Sends the headers of a request in one piece with its body, which httpcore writes apart."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner
        self._headers = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._headers:
            self.write(b"", timeout)
        return self._inner.read(max_bytes, _allowed(timeout))

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
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner

    async def connect_tcp(self, *where: Any, **how: Any) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(await self._inner.connect_tcp(*where, **how))

    async def connect_unix_socket(self, *where: Any, **how: Any) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(await self._inner.connect_unix_socket(*where, **how))

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _AsyncStream(httpcore.AsyncNetworkStream):
    """Twin of `_Stream`."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._headers = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if self._headers:
            await self.write(b"", timeout)
        return await self._inner.read(max_bytes, _allowed(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
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
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


BACKEND = _Backend(httpcore.SyncBackend())
ASYNC_BACKEND = _AsyncBackend(httpcore.AnyIOBackend())

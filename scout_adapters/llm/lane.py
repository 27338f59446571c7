"""One connection to one server, as a transport of httpx: httpcore's connection without its pool."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any

import httpcore
import httpx

from scout_adapters.llm.exchange import READ_TIMEOUT
from scout_adapters.llm.network import AsyncBackend, Backend, Timing


class _Clean:
    """Lets no frame of httpcore's go out: they hold the headers, and with them the key.

    A cancellation would carry them to the user.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            raise error.with_traceback(None)


CLEAN = _Clean()


class Lane(httpx.BaseTransport):
    """Sends one request at a time; opens the connection when needed, and again when it is gone.

    Errors are httpcore's own.
    """

    keeps_time = True
    """Asks the request how long a read may take."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        """Take the certificates, and how long a connection is used again."""
        self._context = context
        self._idle_seconds = idle_seconds
        self._timing = Timing()
        self._backend = Backend(httpcore.SyncBackend(), self._timing)
        self._connection: httpcore.HTTPConnection | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and read the headers of the answer."""
        asked = _asked(request)
        self._timing.allowed = request.extensions[READ_TIMEOUT]
        with CLEAN:
            said = self._ready(asked.url.origin).handle_request(asked)
        return httpx.Response(
            said.status,
            headers=said.headers,
            stream=_Body(said.stream),
            extensions=said.extensions,
        )

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
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


class AsyncLane(httpx.AsyncBaseTransport):
    """Twin of `Lane`."""

    keeps_time = True

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        """Take the certificates, and how long a connection is used again."""
        self._context = context
        self._idle_seconds = idle_seconds
        self._timing = Timing()
        self._backend = AsyncBackend(httpcore.AnyIOBackend(), self._timing)
        self._connection: httpcore.AsyncHTTPConnection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and read the headers of the answer."""
        asked = _asked(request)
        self._timing.allowed = request.extensions[READ_TIMEOUT]
        with CLEAN:
            connection = await self._ready(asked.url.origin)
            said = await connection.handle_async_request(asked)
        return httpx.Response(
            said.status,
            headers=said.headers,
            stream=_AsyncBody(said.stream),
            extensions=said.extensions,
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
        """Close the connection."""
        if self._connection is not None:
            await self._connection.aclose()


def _asked(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        ),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


class _Body(httpx.SyncByteStream):
    """httpcore's stream, of the class that httpx asks for."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._inner)

    def close(self) -> None:
        self._inner.close()


class _AsyncBody(httpx.AsyncByteStream):
    """Twin of `_Body`."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._inner)

    async def aclose(self) -> None:
        await self._inner.aclose()

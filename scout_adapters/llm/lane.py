"""One connection to one server, as a transport of httpx: httpcore's connection without its pool."""

from __future__ import annotations

import ssl
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx

from scout_adapters.llm.network import ASYNC_BACKEND, BACKEND

_NAMES: dict[type[BaseException], type[httpx.HTTPError]] = {
    kind: getattr(httpx, name)
    for name, kind in vars(httpcore).items()
    if isinstance(kind, type) and issubclass(kind, Exception) and hasattr(httpx, name)
}
"""httpx's word for each error of httpcore's."""


class _Naming:
    """Says in httpx's words what went wrong, and lets no frame of httpcore's go out.

    They hold the headers, and with them the key; a cancellation would carry them to the user.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or isinstance(error, StopIteration | StopAsyncIteration):
            return
        named = _NAMES.get(type(error))
        raise error.with_traceback(None) if named is None else named(str(error)) from None


NAMING = _Naming()


class Lane(httpx.BaseTransport):
    """Sends one request at a time; opens the connection when needed, and again when it is gone."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        """Take the certificates, and how long a connection is used again."""
        self._context = context
        self._idle_seconds = idle_seconds
        self._connection: httpcore.HTTPConnection | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and read the headers of the answer."""
        asked = _asked(request)
        with NAMING:
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
            network_backend=BACKEND,
        )
        return self._connection

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


class AsyncLane(httpx.AsyncBaseTransport):
    """Twin of `Lane`."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        """Take the certificates, and how long a connection is used again."""
        self._context = context
        self._idle_seconds = idle_seconds
        self._connection: httpcore.AsyncHTTPConnection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and read the headers of the answer."""
        asked = _asked(request)
        with NAMING:
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
            network_backend=ASYNC_BACKEND,
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
    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._pieces = iter(inner)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        with NAMING:
            piece: bytes = next(self._pieces)
        return piece

    def close(self) -> None:
        self._inner.close()


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._pieces = aiter(inner)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        with NAMING:
            piece: bytes = await anext(self._pieces)
        return piece

    async def aclose(self) -> None:
        await self._inner.aclose()

"""One connection to one server: h11 over httpcore's sockets, without httpx and httpcore's requests.

httpcore's own connection does the same with 50 us more of CPU time for each exchange, a tenth of
`invoke`; an httpx transport for each connection takes another 13 % (ratios of processes measured in
turn, November 2026). The targets of `invoke` in `benchmarks/targets.py` would not hold then.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Iterator
from typing import Generic, TypeVar

import anyio
import h11
import httpcore

from scout_adapters.llm.transport.backend import AsyncBackend, Backend, ReadTimeoutSource
from scout_adapters.llm.transport.connection import (
    STRIP_TRACEBACK,
    AsyncWireResponse,
    WireRequest,
    WireResponse,
)
from scout_adapters.llm.transport.http11 import Event, Head, Http11, is_final, place_of

StreamT = TypeVar("StreamT", httpcore.NetworkStream, httpcore.AsyncNetworkStream)

READ_BYTES = 64 * 1024
"""Bytes: the most that one read returns."""

PROTOCOLS = ["http/1.1"]
"""Protocols that a TLS handshake offers (ALPN)."""


class _Idling(Generic[StreamT]):
    """Socket of a sync or async connection, and the time for which it may stay unused."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        """`idle_seconds`: a connection that was unused for longer is not used again."""
        self._context = context
        self._idle_seconds = idle_seconds
        self._read_timeout_source = ReadTimeoutSource()
        self._stream: StreamT | None = None
        self._http = Http11()
        self._idle_until: float | None = None
        """When the unused socket expires (monotonic seconds); None while it is in use."""

    def is_stale(self) -> bool:
        stream, until = self._stream, self._idle_until
        if stream is None:
            return True
        if until is None:
            return False
        # An unused connection is readable if the server has closed it.
        return time.monotonic() > until or bool(stream.get_extra_info("is_readable"))

    def _open_stream(self) -> StreamT | None:
        """Return the socket for the next request; None if there is none that can be used."""
        return None if self._idle_until is None or self.is_stale() else self._stream


class H11Connection(_Idling[httpcore.NetworkStream]):
    """Sends one request at a time; errors are httpcore's."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        super().__init__(context, idle_seconds)
        self._backend = Backend(httpcore.SyncBackend(), self._read_timeout_source)

    def send(self, request: WireRequest) -> WireResponse:
        self._read_timeout_source.read_timeout = request.read_timeout
        with STRIP_TRACEBACK:
            try:
                stream = self._open_stream() or self._reopen(request)
                self._idle_until = None
                body = ResponseBody(self, stream, self._http)
                head = self._exchange(request, stream, body)
            except BaseException:  # raised again: an error, or Ctrl-C
                self.close()
                raise
        headers = head.headers.raw_items()
        return WireResponse(head.status_code, headers, iter(body), body.close, reusable=True)

    def _exchange(
        self, request: WireRequest, stream: httpcore.NetworkStream, body: ResponseBody
    ) -> Head:
        """Write a request, and return the head of its response."""
        data = self._http.request_bytes(request)
        try:
            stream.write(data, request.timeouts["write"])
        except httpcore.WriteError:  # a server may refuse a request before its end
            self._http.is_cut = True
        self._http.receive(stream.read(READ_BYTES))
        while not is_final(event := body.receive()):
            pass
        return event

    def _reopen(self, request: WireRequest) -> httpcore.NetworkStream:
        """Open a connection, instead of one that cannot be used any more."""
        self.close()
        place, seconds = place_of(request.address), request.timeouts["connect"]
        self._http, connect = Http11(), self._backend.connect_tcp
        # Held at once, so that an exception at any line closes the socket.
        self._stream = connect(host=place.host, port=place.port, timeout=seconds)
        if place.is_tls:
            self._context.set_alpn_protocols(PROTOCOLS)
            self._stream = self._stream.start_tls(self._context, place.host, seconds)
        return self._stream

    def keep(self, stream: httpcore.NetworkStream, *, usable: bool) -> None:
        """Keep a stream for the next request after a response; close it if it is not usable."""
        if usable:
            self._idle_until = time.monotonic() + self._idle_seconds
            return
        if stream is self._stream:
            self._stream = None
        stream.close()

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()


class ResponseBody:
    """The body of one response; the first `close` frees the connection."""

    def __init__(
        self, connection: H11Connection, stream: httpcore.NetworkStream, http: Http11
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._http = http
        self._closed = False

    def receive(self) -> Event:
        """Return the next event; read until there is one."""
        while (event := self._http.next_event()) is None:
            self._http.receive(self._stream.read(READ_BYTES))
        return event

    def __iter__(self) -> Iterator[bytes]:
        try:
            while type(event := self.receive()) is h11.Data:
                yield bytes(event.data)
        except BaseException:  # raised again: an error, or the reader has stopped
            self.close()
            raise

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._connection.keep(self._stream, usable=self._http.next_cycle())


class AsyncH11Connection(_Idling[httpcore.AsyncNetworkStream]):
    """Twin of `H11Connection`."""

    def __init__(self, context: ssl.SSLContext, idle_seconds: float) -> None:
        super().__init__(context, idle_seconds)
        self._backend = AsyncBackend(httpcore.AnyIOBackend(), self._read_timeout_source)

    async def send(self, request: WireRequest) -> AsyncWireResponse:
        self._read_timeout_source.read_timeout = request.read_timeout
        with STRIP_TRACEBACK:
            try:
                stream = self._open_stream() or await self._reopen(request)
                self._idle_until = None
                body = AsyncResponseBody(self, stream, self._http)
                head = await self._exchange(request, stream, body)
            except BaseException:  # raised again: an error, or a cancellation
                with anyio.CancelScope(shield=True):
                    await self.aclose()
                raise
        headers = head.headers.raw_items()
        return AsyncWireResponse(head.status_code, headers, aiter(body), body.close, reusable=True)

    async def _exchange(
        self, request: WireRequest, stream: httpcore.AsyncNetworkStream, body: AsyncResponseBody
    ) -> Head:
        """Write a request, and return the head of its response."""
        data = self._http.request_bytes(request)
        try:
            await stream.write(data, request.timeouts["write"])
        except httpcore.WriteError:  # a server may refuse a request before its end
            self._http.is_cut = True
        self._http.receive(await stream.read(READ_BYTES))
        while not is_final(event := await body.receive()):
            pass
        return event

    async def _reopen(self, request: WireRequest) -> httpcore.AsyncNetworkStream:
        """Open a connection, instead of one that cannot be used any more."""
        await self.aclose()
        place, seconds = place_of(request.address), request.timeouts["connect"]
        self._http, connect = Http11(), self._backend.connect_tcp
        # Held at once, so that an exception at any line closes the socket.
        self._stream = await connect(host=place.host, port=place.port, timeout=seconds)
        if place.is_tls:
            self._context.set_alpn_protocols(PROTOCOLS)
            self._stream = await self._stream.start_tls(self._context, place.host, seconds)
        return self._stream

    async def keep(self, stream: httpcore.AsyncNetworkStream, *, usable: bool) -> None:
        """Keep a stream for the next request after a response; close it if it is not usable."""
        if usable:
            self._idle_until = time.monotonic() + self._idle_seconds
            return
        if stream is self._stream:
            self._stream = None
        await stream.aclose()

    async def aclose(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()


class AsyncResponseBody:
    """Twin of `ResponseBody`."""

    def __init__(
        self, connection: AsyncH11Connection, stream: httpcore.AsyncNetworkStream, http: Http11
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._http = http
        self._closed = False

    async def receive(self) -> Event:
        """Return the next event; read until there is one."""
        while (event := self._http.next_event()) is None:
            self._http.receive(await self._stream.read(READ_BYTES))
        return event

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while type(event := await self.receive()) is h11.Data:
                yield bytes(event.data)
        except BaseException:  # raised again: an error, or the reader has stopped
            with anyio.CancelScope(shield=True):
                await self.close()
            raise

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self._connection.keep(self._stream, usable=self._http.next_cycle())

"""Sends a request and reads what comes back, each read no longer than the exchange allows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from typing import Self

import httpx

from scout_adapters._internal.redaction import PART_CHARS
from scout_adapters.errors import ErrorKind, malformed, provider_error
from scout_adapters.llm.transport.body import CappedBody
from scout_adapters.llm.transport.connection import (
    AsyncConnection,
    AsyncWireResponse,
    Connection,
    Headers,
    WireRequest,
    WireResponse,
    address_of,
)
from scout_adapters.llm.transport.errors import NETWORK_ERRORS
from scout_adapters.llm.transport.exchange import HttpExchange, ReadTimeouts
from scout_adapters.llm.transport.pool import AsyncConnectionPool, ConcurrencyLimit, ConnectionPool

GRACE_SECONDS = 0.25
"""How long a server may take to end a stream after its last event."""

OPEN_CODINGS = frozenset({"", "identity"})
CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
BASE_HEADERS = {
    "user-agent": "scout-adapters",
    "accept": "*/*",
    "accept-encoding": "gzip, identity",
    "content-type": "application/json",
}


class Response:
    """The answer to a request while it comes: in `with`, iterate over its decoded body.

    It holds a place at the `gate`, and a connection.
    """

    _connection: Connection | None = None
    _said: WireResponse | None = None

    def __init__(
        self,
        gate: ConcurrencyLimit,
        connections: ConnectionPool,
        exchange: HttpExchange,
        *,
        stream: bool,
    ) -> None:
        self._gate = gate
        self._connections = connections
        self._exchange = exchange
        self._stream = stream

    def __enter__(self) -> Self:
        self._place = self._gate.take(self._exchange)
        try:
            self.read_timeouts = self._exchange.read_timeouts(stream=self._stream)
            asked = wire_request(self._exchange, self.read_timeouts)
            self._address = asked.address
            self._connection = self._connections.take(asked.address)
            said = self._said = self._connection.ask(asked)
            self.status, self.headers = said.status, headers_by_name(said.headers)
            self._pieces = said.pieces if is_unencoded(self.headers) else _decoded(said)
        except BaseException:  # goes on: a failure, or a cancellation
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        try:
            if self._said is not None:
                self._said.close()
        finally:
            try:
                if self._connection is not None:
                    self._connections.give(self._address, self._connection)
            finally:
                self._place.release()

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    @property
    def reusable(self) -> bool:
        """Whether there is a connection that could serve again."""
        return self._said is not None and self._said.reusable


class AsyncResponse:
    """Twin of `Response`."""

    _connection: AsyncConnection | None = None
    _said: AsyncWireResponse | None = None

    def __init__(
        self,
        gate: ConcurrencyLimit,
        connections: AsyncConnectionPool,
        exchange: HttpExchange,
        *,
        stream: bool,
    ) -> None:
        self._gate = gate
        self._connections = connections
        self._exchange = exchange
        self._stream = stream

    async def __aenter__(self) -> Self:
        self._place = await self._gate.atake(self._exchange)
        try:
            self.read_timeouts = self._exchange.read_timeouts(stream=self._stream)
            asked = wire_request(self._exchange, self.read_timeouts)
            self._address = asked.address
            self._connection = self._connections.take(asked.address)
            said = self._said = await self._connection.ask(asked)
            self.status, self.headers = said.status, headers_by_name(said.headers)
            self._pieces = said.pieces if is_unencoded(self.headers) else _adecoded(said)
        except BaseException:  # goes on: a failure, or a cancellation
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        try:
            if self._said is not None:
                await self._said.close()
        finally:
            try:
                if self._connection is not None:
                    await self._connections.give(self._address, self._connection)
            finally:
                self._place.release()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    @property
    def reusable(self) -> bool:
        """Whether there is a connection that could serve again."""
        return self._said is not None and self._said.reusable


def wire_request(exchange: HttpExchange, read_timeouts: ReadTimeouts) -> WireRequest:
    """Put a request into bytes; of headers that are given twice, the last one holds."""
    address = address_of(exchange.url)
    headers = {"host": address.host, **BASE_HEADERS}
    for name, said in exchange.headers.items():
        headers[name.lower()] = said
    headers["content-length"] = str(len(exchange.content))
    timeouts = exchange.context.timeouts.of(stream=read_timeouts.stream)
    return WireRequest(address, headers, exchange.content, timeouts, allowed=read_timeouts)


def headers_by_name(raw: Headers) -> Mapping[str, str]:
    """Return an answer's headers by lower-case name; one that came twice is one with commas."""
    headers: dict[str, str] = {}
    for key, said in raw:
        name, value = key.decode("latin-1").lower(), said.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def is_unencoded(headers: Mapping[str, str]) -> bool:
    """Tell whether a body is as it is meant to be read; raises where it is packed as we cannot."""
    coding = headers.get("content-encoding", "").strip().lower()
    if not (coding in OPEN_CODINGS or coding in CODINGS):
        raise _packed(coding)
    return coding in OPEN_CODINGS


class _Raw(httpx.SyncByteStream):
    """A body as httpx takes it, which knows how to unpack one."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces


class _AsyncRaw(httpx.AsyncByteStream):
    """Twin of `_Raw`."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces


def _decoded(said: WireResponse) -> Iterator[bytes]:
    return httpx.Response(200, headers=said.headers, stream=_Raw(said.pieces)).iter_bytes()


def _adecoded(said: AsyncWireResponse) -> AsyncIterator[bytes]:
    return httpx.Response(200, headers=said.headers, stream=_AsyncRaw(said.pieces)).aiter_bytes()


def _packed(coding: str) -> Exception:
    """Refuse what was packed as nobody asked: 64 KiB of zstd, or of gzip twice, unfold to GiB."""
    named = f"as {coding} " if coding.isalpha() and len(coding) < PART_CHARS else ""
    return malformed(f"the answer is packed {named}in a way that nobody asked for")


def read(exchange: HttpExchange, reply: Response) -> CappedBody:
    """Read a whole answer, as much of it as we take."""
    body, began = CappedBody(reply.status), exchange.context.clock.now()
    for piece in reply:
        body.add(piece)
        if body.enough:
            break
        _check_total(exchange, began)
    return body


async def aread(exchange: HttpExchange, reply: AsyncResponse) -> CappedBody:
    """Twin of `read`."""
    body, began = CappedBody(reply.status), exchange.context.clock.now()
    async for piece in reply:
        body.add(piece)
        if body.enough:
            break
        _check_total(exchange, began)
    return body


def _check_total(exchange: HttpExchange, began: float) -> None:
    """Fail an answer that drips: each piece in time, all of them together not."""
    total = exchange.context.timeouts.total
    if total is not None and exchange.context.clock.now() - began > total:
        raise provider_error(ErrorKind.TIMEOUT_RESPONSE, f"no whole answer within {total:g} s")


def close_soon(reply: Response) -> None:
    """Read to the end, so that the connection can be used again; but wait for it only shortly."""
    if not reply.reusable:
        return
    reply.read_timeouts.limit_rest(GRACE_SECONDS)
    with suppress(*NETWORK_ERRORS):
        for _ in reply:
            if reply.read_timeouts.expired:
                return


async def aclose_soon(reply: AsyncResponse) -> None:
    """Twin of `close_soon`."""
    if not reply.reusable:
        return
    reply.read_timeouts.limit_rest(GRACE_SECONDS)
    with suppress(*NETWORK_ERRORS):
        async for _ in reply:
            if reply.read_timeouts.expired:
                return

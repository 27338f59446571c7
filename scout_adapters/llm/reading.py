"""Sends a request and reads what comes back, each read no longer than the exchange allows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from typing import Self

import httpx

from scout_adapters.errors import ErrorKind, malformed, provider_error
from scout_adapters.llm.bodies import CappedBody
from scout_adapters.llm.connections import Address, AsyncConnections, Connections, address_of
from scout_adapters.llm.exchange import READ_TIMEOUT, Exchange, ReadTimeouts
from scout_adapters.llm.failures.redaction import PIECE
from scout_adapters.llm.httpx_errors import BROKEN
from scout_adapters.llm.network import Allowed, reading

GRACE_SECONDS = 0.25
"""How long a server may take to end a stream after its last event."""

OPEN_CODINGS = frozenset({"", "identity"})
CODINGS = OPEN_CODINGS | {"gzip", "x-gzip", "deflate"}
BASE_HEADERS = {
    "user-agent": "scout-adapters",
    "accept": "*/*",
    "accept-encoding": "gzip, identity",
    "content-type": "application/json",
}


class Reply:
    """The answer to a request while it comes: in `with`, iterate over its decoded body."""

    def __init__(self, connections: Connections, exchange: Exchange, *, stream: bool) -> None:
        self._connections = connections
        self._exchange = exchange
        self.patience = exchange.patience(stream=stream)

    def __enter__(self) -> Self:
        address = self._address = address_of(self._exchange.url)
        request = request_to(address, self._exchange, self.patience)
        connection = self._connection = self._connections.take(address)
        try:
            if hasattr(connection, "keeps_time"):
                self._response = connection.handle_request(request)
            else:
                self._response = self._watched(request)
        except BaseException:
            self._connections.give(address, connection)
            raise
        self._begin()
        return self

    def _watched(self, request: httpx.Request) -> httpx.Response:
        token = reading.set(self.patience.allowed)
        try:
            return self._connection.handle_request(request)
        finally:
            reading.reset(token)

    def _begin(self) -> None:
        response = self._response
        self.status = response.status_code
        self.headers = headers_of(response)
        coding = self.headers.get("content-encoding", "").strip().lower()
        if coding in OPEN_CODINGS:
            pieces = iter(response.stream)  # type: ignore[arg-type]  # of the sync kind
        elif coding in CODINGS:
            pieces = response.iter_bytes()
        else:
            self.__exit__()
            raise _packed(coding)
        keeps_time = hasattr(self._connection, "keeps_time")
        self._pieces = pieces if keeps_time else _Watched(pieces, self.patience.allowed)

    def __exit__(self, *error: object) -> None:
        try:
            self._response.close()
        finally:
            self._connections.give(self._address, self._connection)

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    @property
    def reusable(self) -> bool:
        """Whether there is a connection that could serve again."""
        return "network_stream" in self._response.extensions


class _Watched(Iterator[bytes]):
    """Names whom the reads ask, around each of them: a connection among many cannot know."""

    def __init__(self, pieces: Iterator[bytes], allowed: Allowed) -> None:
        self._pieces = pieces
        self._allowed = allowed

    def __next__(self) -> bytes:
        token = reading.set(self._allowed)
        try:
            return next(self._pieces)
        finally:
            reading.reset(token)


class AsyncReply:
    """Twin of `Reply`."""

    def __init__(self, connections: AsyncConnections, exchange: Exchange, *, stream: bool) -> None:
        self._connections = connections
        self._exchange = exchange
        self.patience = exchange.patience(stream=stream)

    async def __aenter__(self) -> Self:
        address = self._address = address_of(self._exchange.url)
        request = request_to(address, self._exchange, self.patience)
        connection = self._connection = self._connections.take(address)
        try:
            if hasattr(connection, "keeps_time"):
                self._response = await connection.handle_async_request(request)
            else:
                self._response = await self._watched(request)
        except BaseException:
            await self._connections.give(address, connection)
            raise
        await self._begin()
        return self

    async def _watched(self, request: httpx.Request) -> httpx.Response:
        token = reading.set(self.patience.allowed)
        try:
            return await self._connection.handle_async_request(request)
        finally:
            reading.reset(token)

    async def _begin(self) -> None:
        response = self._response
        self.status = response.status_code
        self.headers = headers_of(response)
        coding = self.headers.get("content-encoding", "").strip().lower()
        if coding in OPEN_CODINGS:
            pieces = aiter(response.stream)  # type: ignore[arg-type]  # of the async kind
        elif coding in CODINGS:
            pieces = response.aiter_bytes()
        else:
            await self.__aexit__()
            raise _packed(coding)
        keeps_time = hasattr(self._connection, "keeps_time")
        self._pieces = pieces if keeps_time else _AsyncWatched(pieces, self.patience.allowed)

    async def __aexit__(self, *error: object) -> None:
        try:
            await self._response.aclose()
        finally:
            await self._connections.give(self._address, self._connection)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    @property
    def reusable(self) -> bool:
        """Whether there is a connection that could serve again."""
        return "network_stream" in self._response.extensions


class _AsyncWatched(AsyncIterator[bytes]):
    """Twin of `_Watched`. No generator: one left early would be closed by a task of its own."""

    def __init__(self, pieces: AsyncIterator[bytes], allowed: Allowed) -> None:
        self._pieces = pieces
        self._allowed = allowed

    async def __anext__(self) -> bytes:
        token = reading.set(self._allowed)
        try:
            return await anext(self._pieces)
        finally:
            reading.reset(token)


def request_to(address: Address, exchange: Exchange, patience: ReadTimeouts) -> httpx.Request:
    """Make httpx's request; of headers that are given twice, the last one holds."""
    headers = {**BASE_HEADERS, **{name.lower(): said for name, said in exchange.headers.items()}}
    raw = [(b"Host", address.host)]
    raw += [(name.encode("ascii"), said.encode("ascii")) for name, said in headers.items()]
    raw.append((b"Content-Length", b"%d" % len(exchange.content)))
    request = httpx.Request(
        "POST",
        address.url,
        headers=raw,
        stream=httpx.ByteStream(exchange.content),
        extensions={
            "timeout": exchange.timeouts.of(stream=patience.stream),
            READ_TIMEOUT: patience.allowed,
        },
    )
    # Transports may look at it; what httpx does to read it from the stream takes 10 µs.
    request._content = exchange.content  # noqa: SLF001
    return request


def headers_of(response: httpx.Response) -> Mapping[str, str]:
    """Return an answer's headers by lower-case name; one that came twice is one with commas."""
    headers: dict[str, str] = {}
    for raw, said in response.headers.raw:
        name, value = raw.decode("latin-1").lower(), said.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _packed(coding: str) -> Exception:
    """Refuse what was packed as nobody asked: 64 KiB of zstd, or of gzip twice, unfold to GiB."""
    named = f"as {coding} " if coding.isalpha() and len(coding) < PIECE else ""
    return malformed(f"the answer is packed {named}in a way that nobody asked for")


def read(exchange: Exchange, reply: Reply) -> CappedBody:
    """Read a whole answer, as much of it as we take."""
    body, began = CappedBody(reply.status), exchange.now()
    for piece in reply:
        body.add(piece)
        if body.enough:
            break
        _check_total(exchange, began)
    return body


async def aread(exchange: Exchange, reply: AsyncReply) -> CappedBody:
    """Twin of `read`."""
    body, began = CappedBody(reply.status), exchange.now()
    async for piece in reply:
        body.add(piece)
        if body.enough:
            break
        _check_total(exchange, began)
    return body


def _check_total(exchange: Exchange, began: float) -> None:
    """Fail an answer that drips: each piece in time, all of them together not."""
    total = exchange.timeouts.total
    if total is not None and exchange.now() - began > total:
        raise provider_error(ErrorKind.TIMEOUT_RESPONSE, f"no whole answer within {total:g} s")


def hang_up_soon(reply: Reply) -> None:
    """Read to the end, so that the connection can be used again; but wait for it only shortly."""
    if not reply.reusable:
        return
    reply.patience.hurry(GRACE_SECONDS)
    with suppress(*BROKEN):
        for _ in reply:
            if reply.patience.over:
                return


async def ahang_up_soon(reply: AsyncReply) -> None:
    """Twin of `hang_up_soon`."""
    if not reply.reusable:
        return
    reply.patience.hurry(GRACE_SECONDS)
    with suppress(*BROKEN):
        async for _ in reply:
            if reply.patience.over:
                return

"""Send a request and read its response, each read within the timeouts of the exchange."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from typing import Self

from scout_adapters.errors import ErrorKind, provider_error
from scout_adapters.llm.transport.body import CappedBody, LoopTurns
from scout_adapters.llm.transport.connection import (
    AsyncConnection,
    AsyncWireResponse,
    Connection,
    Headers,
    WireRequest,
    WireResponse,
    address_of,
)
from scout_adapters.llm.transport.content_coding import (
    AsyncDecodedPieces,
    BodyDecoder,
    DecodedPieces,
    content_coding,
)
from scout_adapters.llm.transport.errors import NETWORK_ERRORS
from scout_adapters.llm.transport.exchange import HttpExchange, ReadTimeouts
from scout_adapters.llm.transport.pool import AsyncConnectionPool, ConnectionPool

DRAIN_SECONDS = 0.25
"""Seconds that a server may take to end a stream after its last event."""

COMPLETED = (Exception, GeneratorExit, type(None))
"""Exceptions after which a connection is usable, or closed by the HTTP library. After others, such
as Ctrl-C or a cancellation, its state is unknown."""

BASE_HEADERS = {
    "user-agent": "scout-adapters",
    "accept": "*/*",
    "accept-encoding": "gzip, identity",
    "content-type": "application/json",
}


class Response:
    """Context manager that sends a request; iterate over it for the pieces of the decoded body."""

    _wire_response: WireResponse | None = None
    connection: Connection | None = None
    """The connection in use; the pool sets and clears it."""

    def __init__(self, pool: ConnectionPool, exchange: HttpExchange, *, stream: bool) -> None:
        self._pool = pool
        self._exchange = exchange
        self._stream = stream

    def __enter__(self) -> Self:
        self._exchange.context.progress.response = self  # before anything is taken
        try:
            connection = self._pool.acquire(self._exchange, self)
            self.read_timeouts = self._exchange.read_timeouts(stream=self._stream)
            request = wire_request(self._exchange, self.read_timeouts)
            response = self._wire_response = connection.send(request)
            self.status, self.headers = response.status, headers_by_name(response.headers)
            self._pieces = response.pieces
            if (coding := content_coding(self.headers)) is not None:
                self._pieces = DecodedPieces(response.pieces, BodyDecoder(coding))
        except BaseException as error:  # raised again: an error, or a cancellation
            self.__exit__(type(error), error)
            raise
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object = None) -> None:
        if not isinstance(error, COMPLETED):
            self.abort()
            return
        try:
            if self._wire_response is not None:
                self._wire_response.close()
        finally:
            self._pool.release(self._exchange, self)
            self._exchange.context.progress.response = None

    def abort(self) -> None:
        """Close the connection and free its slot, when an exception came between two steps."""
        response = self._wire_response
        try:
            # A response of our own connection may be closed behind a lock that is held for ever.
            if response is not None and self._pool.is_shared(self.connection):
                with suppress(Exception):  # the exception before it is raised
                    response.close()
        finally:
            self._pool.release(self._exchange, self, interrupted=True)
            self._exchange.context.progress.response = None

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    @property
    def reusable(self) -> bool:
        """Whether the connection can serve another request once the body has been read."""
        return self._wire_response is not None and self._wire_response.reusable


class AsyncResponse:
    """Twin of `Response`."""

    _wire_response: AsyncWireResponse | None = None
    connection: AsyncConnection | None = None

    def __init__(self, pool: AsyncConnectionPool, exchange: HttpExchange, *, stream: bool) -> None:
        self._pool = pool
        self._exchange = exchange
        self._stream = stream

    async def __aenter__(self) -> Self:
        self._exchange.context.progress.response = self  # before anything is taken
        try:
            connection = await self._pool.acquire(self._exchange, self)
            self.read_timeouts = self._exchange.read_timeouts(stream=self._stream)
            request = wire_request(self._exchange, self.read_timeouts)
            response = self._wire_response = await connection.send(request)
            self.status, self.headers = response.status, headers_by_name(response.headers)
            self._pieces = response.pieces
            if (coding := content_coding(self.headers)) is not None:
                self._pieces = AsyncDecodedPieces(response.pieces, BodyDecoder(coding))
        except BaseException as error:  # raised again: an error, or a cancellation
            await self.__aexit__(type(error), error)
            raise
        return self

    async def __aexit__(
        self, kind: object, error: BaseException | None, trace: object = None
    ) -> None:
        if not isinstance(error, COMPLETED):
            await self.abort()
            return
        try:
            if self._wire_response is not None:
                await self._wire_response.close()
        finally:
            await self._pool.release(self._exchange, self)
            self._exchange.context.progress.response = None

    async def abort(self) -> None:
        """Twin of `Response.abort`."""
        response = self._wire_response
        try:
            if response is not None and self._pool.is_shared(self.connection):
                with suppress(Exception):  # the exception before it is raised
                    await response.close()
        finally:
            await self._pool.release(self._exchange, self, interrupted=True)
            self._exchange.context.progress.response = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    @property
    def reusable(self) -> bool:
        """Whether the connection can serve another request once the body has been read."""
        return self._wire_response is not None and self._wire_response.reusable


def wire_request(exchange: HttpExchange, read_timeouts: ReadTimeouts) -> WireRequest:
    """Return the request with its headers; of a header that is set twice, the last value."""
    address = address_of(exchange.url)
    headers = {"host": address.host, **BASE_HEADERS}
    for name, value in exchange.headers.items():
        headers[name.lower()] = value
    if exchange.method == "GET":
        del headers["content-type"]
    timeouts = exchange.context.timeouts.of(stream=read_timeouts.stream)
    return WireRequest(address, headers, exchange.content, timeouts, read_timeouts, exchange.method)


def headers_by_name(raw: Headers) -> Mapping[str, str]:
    """Return headers by lower-case name; the values of a repeated one are joined by commas."""
    names = b"\n".join([name for name, _ in raw]).decode("latin-1").lower().split("\n")
    values = b"\n".join([value for _, value in raw]).decode("latin-1").split("\n")
    headers = dict(zip(names, values, strict=False))
    if len(headers) == len(names) == len(values) == len(raw):
        return headers  # no name is repeated: half of the time of a loop
    headers = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def read(exchange: HttpExchange, response: Response) -> CappedBody:
    """Return a whole body, read up to the size limit.

    Raises: `ProviderTimeout` after the total timeout; `MalformedResponse` for a too long answer.
    """
    body, began = CappedBody(response.status), exchange.context.clock.now()
    for piece in response:
        body.add(piece)
        if body.enough:
            break
        _check_total(exchange, began)
    return body


async def aread(exchange: HttpExchange, response: AsyncResponse) -> CappedBody:
    """Twin of `read`."""
    body, began = CappedBody(response.status), exchange.context.clock.now()
    turns = LoopTurns()
    async for piece in response:
        body.add(piece)
        if body.enough:
            break
        if turns.due(len(piece)):
            await asyncio.sleep(0)
        _check_total(exchange, began)
    return body


def _check_total(exchange: HttpExchange, began: float) -> None:
    """Raise `ProviderTimeout` if the whole body takes longer than the total timeout."""
    total = exchange.context.timeouts.total
    if total is not None and exchange.context.clock.now() - began > total:
        raise provider_error(ErrorKind.TIMEOUT_RESPONSE, f"no whole answer within {total:g} s")


def drain(response: Response) -> None:
    """Read the rest of a body for a short time, so that the connection can be used again."""
    if not response.reusable:
        return
    response.read_timeouts.limit_rest(DRAIN_SECONDS)
    with suppress(*NETWORK_ERRORS):
        for _ in response:
            if response.read_timeouts.expired:
                return


async def adrain(response: AsyncResponse) -> None:
    """Twin of `drain`."""
    if not response.reusable:
        return
    response.read_timeouts.limit_rest(DRAIN_SECONDS)
    with suppress(*NETWORK_ERRORS):
        async for _ in response:
            if response.read_timeouts.expired:
                return

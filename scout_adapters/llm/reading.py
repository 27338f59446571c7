"""Sends a request and reads what comes back, each read no longer than the exchange allows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Self

import httpx

from scout_adapters.errors import ErrorKind, malformed, provider_error
from scout_adapters.llm.bodies import CappedBody
from scout_adapters.llm.connections import Address, AsyncConnections, Connections, address_of
from scout_adapters.llm.exchange import READ_TIMEOUT, Exchange, ReadTimeouts
from scout_adapters.llm.failures.redaction import PIECE
from scout_adapters.llm.network import reading

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
    """The answer to a request while it comes: in `with`, iterate over its decoded body.

    No generator: one that is left early would be closed by a task of its own.
    """

    def __init__(self, connections: Connections, exchange: Exchange, *, stream: bool) -> None:
        self._connections = connections
        self._exchange = exchange
        self.patience = exchange.patience(stream=stream)

    def __enter__(self) -> Self:
        address = self._address = address_of(self._exchange.url)
        request = request_to(address, self._exchange, self.patience)
        self._connection = self._connections.take(address)
        token = reading.set(self.patience)
        try:
            response = self._connection.handle_request(request)
        except BaseException:
            self._connections.give(address, self._connection)
            raise
        finally:
            reading.reset(token)
        self._begin(response)
        return self

    def _begin(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers = headers_of(response)
        coding = self.headers.get("content-encoding", "").strip().lower()
        if coding in OPEN_CODINGS:
            self._pieces = iter(response.stream)  # type: ignore[arg-type]  # of the sync kind
        elif coding in CODINGS:
            self._pieces = response.iter_bytes()
        else:
            self.__exit__()
            raise _packed(coding)

    def __exit__(self, *error: object) -> None:
        try:
            self._response.close()
        finally:
            self._connections.give(self._address, self._connection)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        token = reading.set(self.patience)
        try:
            return next(self._pieces)
        finally:
            reading.reset(token)

    @property
    def reusable(self) -> bool:
        """Whether there is a connection that could serve again."""
        return "network_stream" in self._response.extensions


class AsyncReply:
    """Twin of `Reply`."""

    def __init__(self, connections: AsyncConnections, exchange: Exchange, *, stream: bool) -> None:
        self._connections = connections
        self._exchange = exchange
        self.patience = exchange.patience(stream=stream)

    async def __aenter__(self) -> Self:
        address = self._address = address_of(self._exchange.url)
        request = request_to(address, self._exchange, self.patience)
        self._connection = self._connections.take(address)
        token = reading.set(self.patience)
        try:
            response = await self._connection.handle_async_request(request)
        except BaseException:
            await self._connections.give(address, self._connection)
            raise
        finally:
            reading.reset(token)
        await self._begin(response)
        return self

    async def _begin(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers = headers_of(response)
        coding = self.headers.get("content-encoding", "").strip().lower()
        if coding in OPEN_CODINGS:
            self._pieces = aiter(response.stream)  # type: ignore[arg-type]  # of the async kind
        elif coding in CODINGS:
            self._pieces = response.aiter_bytes()
        else:
            await self.__aexit__()
            raise _packed(coding)

    async def __aexit__(self, *error: object) -> None:
        try:
            await self._response.aclose()
        finally:
            await self._connections.give(self._address, self._connection)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        token = reading.set(self.patience)
        try:
            return await anext(self._pieces)
        finally:
            reading.reset(token)

    @property
    def reusable(self) -> bool:
        """Whether there is a connection that could serve again."""
        return "network_stream" in self._response.extensions


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
    with suppress(httpx.HTTPError):
        for _ in reply:
            if reply.patience.over:
                return


async def ahang_up_soon(reply: AsyncReply) -> None:
    """Twin of `hang_up_soon`."""
    if not reply.reusable:
        return
    reply.patience.hurry(GRACE_SECONDS)
    with suppress(httpx.HTTPError):
        async for _ in reply:
            if reply.patience.over:
                return

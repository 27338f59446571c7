"""The only module that touches the network: send and stream, each sync and async, over httpx."""

from __future__ import annotations

import asyncio
import atexit
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache, lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from scout_adapters.errors import ProviderError, malformed
from scout_adapters.llm.bodies import GOOD, CappedBody, EventBody
from scout_adapters.llm.concurrency import ConcurrencyLimit
from scout_adapters.llm.exchange import Answer, Exchange
from scout_adapters.llm.failures import refusal
from scout_adapters.llm.failures.redaction import PIECE
from scout_adapters.llm.httpx_errors import Translating
from scout_adapters.llm.network import with_read_timeouts
from scout_adapters.llm.reading import (
    AsyncPieces,
    Pieces,
    ahang_up_soon,
    aread,
    asent,
    hang_up_soon,
    read,
    sent,
)
from scout_adapters.llm.types import Json
from scout_adapters.locks import ForkSafeLock, process

MOST_AT_ONCE = 1000
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=200, keepalive_expiry=60)
CODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
_opening = ForkSafeLock()
BASE_HEADERS = {"content-type": "application/json", "accept-encoding": "gzip, identity"}


class Transport:
    """The connection pools, opened when first needed; async ones belong to their event loop.

    `inner` takes the place of the network: an `httpx.MockTransport`, or anything of httpx's
    transport interface that serves both kinds of client. `trust_env` is whether `HTTPS_PROXY` and
    its like are heeded; `most` is how many exchanges there may be at a time, in each loop and in
    all threads together.
    """

    def __init__(
        self, inner: Any = None, *, most: int = MOST_AT_ONCE, trust_env: bool = True
    ) -> None:
        self._inner = inner
        self._gate = ConcurrencyLimit(most)
        self._trust_env = trust_env
        self._sync: tuple[int, httpx.Client] | None = None
        self._loops: dict[
            asyncio.AbstractEventLoop, tuple[httpx.AsyncClient, AsyncGenerator[None]]
        ] = {}

    def client(self) -> httpx.Client:
        """Return the sync client of this process; a forked child opens its own."""
        held = self._sync
        if held is None or held[0] != process.pid:
            held = self._open()
        return held[1]

    def _open(self) -> tuple[int, httpx.Client]:
        """Open the client, unless another thread has just done so."""
        with _opening:
            if self._sync is None or self._sync[0] != process.pid:
                self._sync = (process.pid, with_read_timeouts(httpx.Client(**self._settings())))
            return self._sync

    async def aclient(self) -> httpx.AsyncClient:
        """Return the async client of the running loop; it is closed when the loop shuts down."""
        loop = asyncio.get_running_loop()
        held = self._loops.get(loop)
        if held is None:
            for closed in [one for one in list(self._loops) if one.is_closed()]:
                self._loops.pop(closed, None)  # other threads tidy up as well
            client = with_read_timeouts(httpx.AsyncClient(**self._settings()))
            # asyncio.run closes pending async generators before it closes the loop: the one
            # moment at which connections can still be closed in an orderly way.
            closer = self._close_with_loop(loop, client)
            await anext(closer)
            self._loops[loop] = held = (client, closer)
        return held[0]

    async def _close_with_loop(
        self, loop: asyncio.AbstractEventLoop, client: httpx.AsyncClient
    ) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            self._loops.pop(loop, None)
            await client.aclose()

    def _settings(self) -> dict[str, Any]:
        return {
            "follow_redirects": False,
            # Kept, a cookie of one key's session would go out with another key.
            "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=())),
            "limits": LIMITS,
            "transport": self._inner,
            "trust_env": self._trust_env,
            "verify": tls_context(),
            "headers": BASE_HEADERS,
        }

    def send(self, exchange: Exchange) -> Answer:
        """Post once and read the whole answer; a refusal is raised as what it means."""
        client = self.client()
        with Translating(exchange) as failure, self._gate.passing(exchange):
            with _sent(client, _request(client, exchange, stream=False)) as response:
                body = read(exchange, response)
            return _answer(exchange, response, body)
        raise failure.named

    async def asend(self, exchange: Exchange) -> Answer:
        """Twin of `send`."""
        client = await self.aclient()
        with Translating(exchange) as failure:
            async with (
                self._gate.apassing(exchange),
                _asent(client, _request(client, exchange, stream=False)) as response,
            ):
                body = await aread(exchange, response)
            return _answer(exchange, response, body)
        raise failure.named

    def stream(self, exchange: Exchange) -> Generator[list[Json | None]]:
        """Post once and yield the events of each network chunk; None stands for `[DONE]`.

        An empty list says that the server is alive (a comment, a half event).
        """
        client = self.client()
        with Translating(exchange) as failure, self._gate.passing(exchange):
            with _sent(client, _request(client, exchange, stream=True)) as response:
                if response.status_code != GOOD:
                    raise _refused(exchange, response, read(exchange, response))
                exchange.watch.headers = response.headers
                body, pieces = EventBody(), Pieces(response)
                try:
                    for piece in pieces:
                        yield body.add(piece)
                        if body.done:
                            return
                    yield body.rest()
                finally:
                    if body.done:
                        hang_up_soon(response, pieces)
            return
        raise failure.named

    async def astream(self, exchange: Exchange) -> AsyncGenerator[list[Json | None]]:
        """Twin of `stream`."""
        client = await self.aclient()
        with Translating(exchange) as failure:
            async with (
                self._gate.apassing(exchange),
                _asent(client, _request(client, exchange, stream=True)) as response,
            ):
                if response.status_code != GOOD:
                    raise _refused(exchange, response, await aread(exchange, response))
                exchange.watch.headers = response.headers
                body, pieces = EventBody(), AsyncPieces(response)
                try:
                    async for piece in pieces:
                        yield body.add(piece)
                        if body.done:
                            return
                    yield body.rest()
                finally:
                    if body.done:
                        await ahang_up_soon(response, pieces)
            return
        raise failure.named

    def close(self) -> None:
        """Close this process's sync client; the next call opens another."""
        held, self._sync = self._sync, None
        if held is not None and held[0] == process.pid:
            # A parent's connections are not ours to end: a child would say goodbye in its name.
            held[1].close()

    async def aclose(self) -> None:
        """Close the running loop's client; the next call opens another."""
        if held := self._loops.get(asyncio.get_running_loop()):
            await held[1].aclose()


@cache
def shared_transport() -> Transport:
    """Return the transport that every model without one of its own uses; closed at exit."""
    transport = Transport()
    atexit.register(transport.close)
    return transport


@cache
def tls_context() -> ssl.SSLContext:
    """Load the certificates once: it takes 30 ms, and every client can share them."""
    return httpx.create_ssl_context()


@contextmanager
def _sent(client: httpx.Client, request: httpx.Request) -> Iterator[httpx.Response]:
    response = sent(client, request)
    try:
        _check_coding(response)
        yield response
    finally:
        response.close()


@asynccontextmanager
async def _asent(
    client: httpx.AsyncClient, request: httpx.Request
) -> AsyncIterator[httpx.Response]:
    response = await asent(client, request)
    try:
        _check_coding(response)
        yield response
    finally:
        await response.aclose()


def _check_coding(response: httpx.Response) -> None:
    """Refuse what was packed as nobody asked: 64 KiB of zstd, or of gzip twice, unfold to GiB."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding not in CODINGS:
        named = f"as {coding} " if coding.isalpha() and len(coding) < PIECE else ""
        raise malformed(f"the answer is packed {named}in a way that nobody asked for")


def _request(
    client: httpx.Client | httpx.AsyncClient, exchange: Exchange, *, stream: bool
) -> httpx.Request:
    return client.build_request(
        "POST",
        _url(exchange.url),
        headers=exchange.headers,
        content=exchange.content,
        extensions={"timeout": exchange.patience(stream=stream)},
    )


@lru_cache(maxsize=256)
def _url(url: str) -> httpx.URL:
    return httpx.URL(url)


def _answer(exchange: Exchange, response: httpx.Response, body: CappedBody) -> Answer:
    if response.status_code != GOOD:
        raise _refused(exchange, response, body)
    exchange.watch.headers = response.headers
    return Answer(body.answer(), response.headers)


def _refused(exchange: Exchange, response: httpx.Response, body: CappedBody) -> ProviderError:
    """Name what a refusal means."""
    if not body.failed:
        return malformed(f"status {body.status} is not an answer", status=body.status)
    return refusal(
        exchange.provider,
        status=response.status_code,
        headers=response.headers,
        body=body.raw(),
        model=exchange.model,
        key_id=exchange.key_id,
        redact=exchange.redact,
    )

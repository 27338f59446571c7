"""Bytes behind a complete response: the connection is closed, so no call gets another's answer."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from scout_adapters.errors import ProviderError, ProviderRefusal
from scout_adapters.llm.timeouts import AttemptContext, Timeouts
from scout_adapters.llm.transport import pool
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.http_transport import Transport
from tests.support.waiting import HANG

JSON = b"content-type: application/json\r\n"
EVENTS = b"content-type: text/event-stream\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"


def length(body: bytes, kind: bytes = JSON) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + kind + b"content-length: %d\r\n\r\n%b" % (len(body), body)


def chunks(body: bytes, kind: bytes = JSON) -> bytes:
    return b"HTTP/1.1 200 OK\r\n%b%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (kind, CHUNKED, len(body), body)


STOLEN = b'{"answer": "of another"}'
OTHER = length(STOLEN)
OTHER_EVENTS = length(b"data: " + STOLEN + b"\n\ndata: [DONE]\n\n", EVENTS)
GOOD, FORMS = b'{"answer": "own"}', (length, chunks)
LATER = object()
"""The rest of the bytes comes while the connection is idle."""

SURPLUS: dict[str, list[Any]] = {
    "a response in the same segment": [OTHER],
    "a chunked response in the same segment": [chunks(STOLEN)],
    "a streamed response in the same segment": [OTHER_EVENTS],
    "two responses": [OTHER + OTHER],
    "the beginning of a response": [OTHER[:20], LATER, OTHER[20:]],
    "the headers of a response": [OTHER[:-10], LATER, OTHER[-10:]],
    "an empty line": [b"\r\n", LATER, OTHER],
    "one byte": [b"H", LATER, OTHER[1:]],
    "no HTTP": [b"}garbage"],
    "a response while idle": [LATER, OTHER],
    "the beginning of a response while idle": [LATER, OTHER[:30]],
    "a refusal": [b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}"],
    "a response without a body": [b"HTTP/1.1 204 No Content\r\n\r\n", LATER, OTHER],
    "much": [OTHER * 5000],
}


class Server:
    """Answers each connection's first request with surplus bytes, and counts connections."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.first: bytes = b""
        self.surplus: list[Any] = []
        self.connections = 0
        self.surplus_sent = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while request := connection.recv(65536):
                while not request.endswith(b"{}"):
                    request += connection.recv(65536)
                segments = [self.first]
                for piece in self.surplus:
                    if piece is LATER:
                        segments.append(b"")
                    else:
                        segments[-1] += piece
                for number, segment in enumerate(segments):
                    time.sleep(0.01 if number else 0)
                    connection.sendall(segment)
                self.surplus_sent.set()

    def close(self) -> None:
        """Stop accepting: a thread that still waits might accept for the next server's socket."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def exchange(url: str) -> HttpExchange:
    context = AttemptContext(
        provider="p", model="m", timeouts=Timeouts(total=HANG, first_token=HANG)
    )
    return HttpExchange(url=url, headers={}, content=b"{}", context=context)


async def run(verb: str, transport: Transport, sent: HttpExchange) -> Any:
    try:
        match verb:
            case "send":
                return await asyncio.to_thread(transport.send, sent)
            case "asend":
                return await transport.asend(sent)
            case "stream":
                return await asyncio.to_thread(lambda: list(transport.stream(sent)))
            case _:
                return [events async for events in transport.astream(sent)]
    except (ProviderError, ProviderRefusal) as error:
        return error


@pytest.fixture(params=["httpcore", "aiohttp", "proxy", "own"])
def transport(
    request: pytest.FixtureRequest, server: Server, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, dict[str, Any]]:
    """The kind of connection; through a proxy, and for a user's own transport, it is httpx's."""
    if request.param != "aiohttp":
        monkeypatch.setattr(pool, "has_aiohttp", lambda: False)
    for name in ("HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "no_proxy", "all_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    if request.param == "proxy":
        monkeypatch.setenv("http_proxy", server.url)
    return request.param, {}


@pytest.mark.parametrize("verb", ["send", "asend", "stream", "astream"])
@pytest.mark.parametrize("surplus", SURPLUS)
async def test_no_call_gets_bytes_that_came_behind_another_answer(
    server: Server, transport: tuple[str, Any], surplus: str, verb: str
) -> None:
    kind, _ = transport
    inner: Any = None
    if kind == "own":
        inner = httpx.HTTPTransport() if verb in {"send", "stream"} else httpx.AsyncHTTPTransport()
    url = "http://api.example" if kind == "proxy" else server.url
    for form in FORMS:
        own = (b'data: {"answer": "own"}\n\ndata: [DONE]\n\n', EVENTS)
        body, header = own if "stream" in verb else (GOOD, JSON)
        server.first, server.surplus = form(body, header), SURPLUS[surplus]
        carrier = Transport(inner)
        first = server.connections
        for _ in range(2):
            server.surplus_sent.clear()
            answer = await run(verb, carrier, exchange(url))
            assert "another" not in str(answer), answer
            await asyncio.to_thread(server.surplus_sent.wait, 5)
            await asyncio.sleep(0.005)
        assert server.connections == first + 2, "a connection was used again"
        carrier.close()
        await carrier.aclose()
        inner = None if inner is None else type(inner)()


@pytest.mark.parametrize("verb", ["send", "asend", "stream", "astream"])
async def test_a_body_longer_than_its_length_and_a_body_that_may_not_be(
    server: Server, transport: tuple[str, Any], verb: str
) -> None:
    kind, _ = transport
    url = "http://api.example" if kind == "proxy" else server.url
    carrier = Transport()
    for first in (b"HTTP/1.1 204 No Content\r\n\r\n", length(GOOD), length(b"")):
        server.first, server.surplus = first, [OTHER]
        before = server.connections
        for _ in range(2):
            server.surplus_sent.clear()
            assert "another" not in str(await run(verb, carrier, exchange(url)))
            await asyncio.to_thread(server.surplus_sent.wait, 5)
            await asyncio.sleep(0.005)
        assert server.connections == before + 2
    carrier.close()
    await carrier.aclose()


@pytest.mark.parametrize("verb", ["send", "asend", "stream", "astream"])
async def test_an_answer_without_surplus_leaves_the_connection_open(
    server: Server, transport: tuple[str, Any], verb: str
) -> None:
    kind, _ = transport
    url = "http://api.example" if kind == "proxy" else server.url
    body, header = (b"data: {}\n\ndata: [DONE]\n\n", EVENTS) if "stream" in verb else (GOOD, JSON)
    interim = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    carrier = Transport()
    for first in (
        length(body, header),
        chunks(body, header),
        interim + chunks(body, header),
    ):
        server.first = first
        for _ in range(3):
            assert not isinstance(await run(verb, carrier, exchange(url)), Exception)
    assert server.connections == 1
    carrier.close()
    await carrier.aclose()

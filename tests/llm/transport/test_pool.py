"""Connections between calls: taken again, given up in time, one packet for one request."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import respx

from scout_adapters import ScoutOpenAICompatibleChatModel
from scout_adapters.errors import ProviderTimeout
from scout_adapters.llm.timeouts import AttemptContext, Timeouts
from scout_adapters.llm.transport import idle_connections, pool
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.http_transport import Transport
from scout_adapters.llm.transport.network_options import NetworkOptions, tls_context
from scout_adapters.llm.transport.over_aiohttp import AiohttpConnections
from scout_adapters.llm.transport.response import wire_request
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("carried")
has_aiohttp_uncached = pool.has_aiohttp.__wrapped__
ANSWER = (
    b'{"id":"1","model":"m","choices":[{"index":0,"finish_reason":"stop",'
    b'"message":{"role":"assistant","content":"hello"}}]}'
)


class Server:
    """Answers on raw sockets, and notes each connection and what the first read of it brought."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=300)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.first_reads: list[bytes] = []
        self.requests: list[bytes] = []
        self.open = 0
        self.together = 1
        """No answer leaves before so many requests have come."""

        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self.open += 1
            self._connections.append(connection)
        first = True
        with connection, suppress(OSError):
            while received := connection.recv(65536):
                if first:
                    self.first_reads.append(received)
                first = False
                head, _, body = received.partition(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                while len(body) < size:
                    body += connection.recv(65536)
                self.requests.append(head)
                until(lambda: len(self.requests) >= self.together)
                length = b"content-length: %d\r\n" % len(ANSWER)
                kind = b"content-type: application/json\r\n"
                connection.sendall(b"HTTP/1.1 200 OK\r\n" + kind + length + b"\r\n" + ANSWER)
        with self._lock:
            self.open -= 1

    def settle(self, expected: int) -> int:
        """Wait until so many connections are open; return how many there are."""
        until(lambda: self.open == expected)
        return self.open

    def hang_up(self) -> None:
        """Close the server's side of all connections."""
        for connection in self._connections:
            connection.shutdown(socket.SHUT_RDWR)

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


def model_at(url: str, transport: Transport) -> Any:
    return ScoutOpenAICompatibleChatModel(model="m", base_url=url, transport=transport)


def test_calls_one_after_another_share_one_connection(server: Server) -> None:
    transport = Transport()
    model = model_at(server.url, transport)
    for _ in range(5):
        assert model.invoke("hi").text == "hello"
    assert (len(server.first_reads), len(server.requests)) == (1, 5)
    transport.close()
    assert server.settle(0) == 0


async def test_async_calls_one_after_another_share_one_connection(server: Server) -> None:
    transport = Transport()
    model = model_at(server.url, transport)
    for _ in range(5):
        assert (await model.ainvoke("hi")).text == "hello"
    assert (len(server.first_reads), len(server.requests)) == (1, 5)
    await transport.aclose()
    assert await asyncio.to_thread(server.settle, 0) == 0


def test_a_request_leaves_in_one_piece(server: Server) -> None:
    transport = Transport()
    model_at(server.url, transport).invoke("hi")
    transport.close()
    assert all(b'"hi"' in first for first in server.first_reads)


async def test_as_many_connections_are_kept_as_may_be(
    server: Server, monkeypatch: pytest.MonkeyPatch, carried: str
) -> None:
    monkeypatch.setattr(idle_connections, "MAX_IDLE", 3)
    transport = Transport()
    model = model_at(server.url, transport)
    server.together = 12
    await asyncio.gather(*(model.ainvoke("hi") for _ in range(12)))
    idle = 3 if carried == "httpx" else 12  # aiohttp keeps all, and gives them up in time
    assert await asyncio.to_thread(server.settle, idle) == idle
    await asyncio.gather(*(model.ainvoke("hi") for _ in range(3)))
    assert len(server.first_reads) == 12
    await transport.aclose()
    assert await asyncio.to_thread(server.settle, 0) == 0


def test_a_connection_that_was_idle_for_long_is_closed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = Transport()
    model = model_at(server.url, transport)
    model.batch(["hi"] * 4)
    opened = len(server.first_reads)
    assert server.settle(opened) == opened
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(idle_connections, "IDLE_SECONDS", 0.05)
    time.sleep(0.1)
    model.invoke("hi")
    assert server.settle(1) == 1
    transport.close()


def test_what_is_in_use_while_all_are_closed_is_closed_when_it_is_given_back(
    server: Server,
) -> None:
    transport = Transport()
    model = model_at(server.url, transport)
    pool = transport.pool()
    sent = exchange(server.url)
    model.invoke("hi")
    holder = UsesConnection()
    pool.acquire(sent, holder)
    transport.close()
    assert server.open == 1
    pool.release(sent, holder)
    assert server.settle(0) == 0


class UsesConnection:
    """What acquires a connection."""

    connection: Any = None


def exchange(url: str, total: float = 600) -> HttpExchange:
    attempt = AttemptContext(provider="p", model="m", timeouts=Timeouts(total=total))
    return HttpExchange(url=url, headers={}, content=b"{}", context=attempt)


async def test_a_slot_and_a_connection_are_acquired_and_released_together(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, bad = exchange(server.url, total=0.05), exchange("ftp://api.example/x")
    sync = pool.ConnectionPool(None, max_concurrent=1, options=NetworkOptions(trust_env=False))
    asynchronous = pool.AsyncConnectionPool(
        None, max_concurrent=1, options=NetworkOptions(trust_env=False)
    )
    for _ in range(2):
        with pytest.raises(httpx.UnsupportedProtocol):
            sync.acquire(bad, UsesConnection())
        with pytest.raises(httpx.UnsupportedProtocol):
            await asynchronous.acquire(bad, UsesConnection())
        first, other = UsesConnection(), UsesConnection()
        sync.acquire(sent, first)
        await asynchronous.acquire(sent, other)
        with pytest.raises(ProviderTimeout, match="no connection came free"):
            sync.acquire(sent, UsesConnection())
        with pytest.raises(ProviderTimeout, match="no connection came free"):
            await asynchronous.acquire(sent, UsesConnection())
        sync.release(sent, first)
        await asynchronous.release(sent, other)

    def broken() -> bool:
        raise OSError("no connection can be made")

    with monkeypatch.context() as patch:
        patch.setattr(pool, "is_patched", broken)
        for _ in range(2):
            with pytest.raises(OSError, match="no connection"):
                sync.acquire(sent, UsesConnection())
            with pytest.raises(OSError, match="no connection"):
                await asynchronous.acquire(sent, UsesConnection())
    last = UsesConnection()
    sync.acquire(sent, last)
    sync.release(sent, last)
    await asynchronous.acquire(sent, last)
    await asynchronous.release(sent, last)
    sync.close()
    await asynchronous.aclose()


@pytest.fixture
def by_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Have the environment name the server as the proxy for everything."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url.removeprefix("http://"))
    return server


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
async def test_a_proxy_of_the_environment_carries_the_calls(by_proxy: Server, verb: str) -> None:
    transport = Transport()
    model = model_at("http://api.example/v1", transport)
    for _ in range(2):
        answer = model.invoke("hi") if verb == "invoke" else await model.ainvoke("hi")
        assert answer.text == "hello"
    line = b"POST http://api.example/v1/chat/completions HTTP/1.1"
    assert [head.split(b"\r\n")[0] for head in by_proxy.requests] == [line] * 2
    assert len(by_proxy.first_reads) == 1
    transport.close()
    await transport.aclose()


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
async def test_a_host_that_the_environment_excepts_is_asked_directly(
    by_proxy: Server, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    transport = Transport()
    model = model_at(by_proxy.url, transport)
    await (asyncio.to_thread(model.invoke, "hi") if verb == "invoke" else model.ainvoke("hi"))
    assert by_proxy.requests[0].startswith(b"POST /v1/chat/completions")
    transport.close()
    await transport.aclose()


async def test_a_substitute_for_the_network_is_used_instead_of_it(server: Server) -> None:
    transport = Transport()
    model = model_at(server.url, transport)
    assert (await model.ainvoke("hi")).text == "hello"
    with respx.mock() as router:
        body = ANSWER.replace(b"hello", b"mocked")
        route = router.post(f"{server.url}/v1/chat/completions")
        route.mock(return_value=httpx.Response(200, content=body))
        assert (await model.ainvoke("hi")).text == "mocked"
        assert model.invoke("hi").text == "mocked"
        assert route.call_count == 2
    assert (await model.ainvoke("hi")).text == "hello"
    transport.close()
    await transport.aclose()


async def test_of_headers_that_are_given_twice_the_last_one_goes_out(server: Server) -> None:
    transport = Transport()
    headers = {"User-Agent": "mine", "ACCEPT": "text/plain"}
    model = ScoutOpenAICompatibleChatModel(
        model="m", base_url=server.url, transport=transport, default_headers=headers
    )
    await model.ainvoke("hi")
    await transport.aclose()
    lines = server.requests[0].lower().split(b"\r\n")
    assert [line for line in lines if line.startswith(b"user-agent")] == [b"user-agent: mine"]
    assert [line for line in lines if line.startswith(b"accept:")] == [b"accept: text/plain"]
    assert len(lines) == len({line.partition(b":")[0] for line in lines})


@pytest.mark.parametrize(
    ("release", "serves"), [("3.13.2", False), ("3.14.0", True), ("3.14.5rc1", True), ("4.0", True)]
)
def test_an_aiohttp_that_is_too_old_is_left_alone(
    release: str, serves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "version", lambda _: release)
    assert has_aiohttp_uncached() is serves


def test_without_aiohttp_itself_the_extra_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert has_aiohttp_uncached() is False


OVER_AIOHTTP = """
import asyncio, sys
sys.modules["httpx_aiohttp"] = None
from scout_adapters import ScoutOpenAICompatibleChatModel
model = ScoutOpenAICompatibleChatModel(model="m", base_url=sys.argv[1])
print(asyncio.run(model.ainvoke("hi")).text, "aiohttp" in sys.modules)
"""


def test_the_extra_needs_aiohttp_alone(server: Server) -> None:
    command = [sys.executable, "-W", "error", "-c", OVER_AIOHTTP, server.url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["hello", "True"]


async def test_the_connections_of_aiohttp_close_themselves(server: Server) -> None:
    connections = AiohttpConnections(tls_context(), 60)
    assert AiohttpConnections.__mro__ == (AiohttpConnections, object)
    sent = exchange(server.url)
    response = await connections.send(wire_request(sent, sent.read_timeouts(stream=False)))
    assert b"".join([piece async for piece in response.pieces]) == ANSWER
    await response.close()
    assert server.open == 1
    await connections.aclose()
    assert await asyncio.to_thread(server.settle, 0) == 0

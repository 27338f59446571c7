"""A server may refuse a long request before it has read all of it, and close the connection."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest

from scout_adapters import ScoutAnthropicChatModel
from scout_adapters.errors import InvalidRequest
from scout_adapters.llm.transport import pool
from tests.support.verbs import ASYNC, SYNC, call_model

LONG = "x" * (12 << 20)
"""A prompt that no socket's buffers can hold."""

ERROR = {"type": "error", "error": {"type": "request_too_large", "message": "Request too large"}}
ANSWER = {"type": "message", "content": [{"type": "text", "text": "hello"}], "model": "m"}
Play = Callable[[socket.socket], None]


def http(status: str, body: Any) -> bytes:
    data = json.dumps(body).encode()
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status.encode(), len(data), data)


def close_at_once(line: socket.socket) -> None:
    """Close with unread data: the client's writes fail.

    asyncio drops what has arrived where a write fails before it was read, so that comes first.
    """
    line.recv(1000)
    line.sendall(http("413 Payload Too Large", ERROR))
    time.sleep(0.3)


def stop_reading(line: socket.socket) -> None:
    line.recv(1000)
    line.sendall(http("413 Payload Too Large", ERROR))
    line.shutdown(socket.SHUT_WR)
    line.settimeout(0.2)
    with suppress(OSError):
        while line.recv(1 << 20):
            pass


def hint_and_read(line: socket.socket) -> None:
    """Send an interim response early, then read everything and answer; twice."""
    for _ in range(2):
        head = b""
        while b"\r\n\r\n" not in head:
            head += line.recv(1000)
        line.sendall(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")
        head, _, body = head.partition(b"\r\n\r\n")
        fields = dict(field.lower().split(b": ", 1) for field in head.split(b"\r\n")[1:])
        size = len(body)
        while size < int(fields[b"content-length"]):
            size += len(line.recv(1 << 20))
        line.sendall(http("200 OK", ANSWER))


@contextmanager
def serving(play: Play, connections: int = 1) -> Iterator[str]:
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(connections):
            line, _ = server.accept()
            with line, suppress(OSError):
                play(line)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    thread.join(10)


@pytest.fixture(params=["aiohttp", "httpcore", "httpx"])
def connections(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Connect models in one of three ways; sync calls of the first are those of the second."""
    if request.param != "aiohttp":
        monkeypatch.setattr(pool, "has_aiohttp", lambda: False)
    return str(request.param)


def model_at(url: str, connections: str, verb: str) -> ScoutAnthropicChatModel:
    transport: Any = None
    if connections == "httpx":
        transport = httpx.AsyncHTTPTransport() if verb in ASYNC else httpx.HTTPTransport()
    return ScoutAnthropicChatModel(
        model="m", api_key="k", base_url=url, transport=transport, max_retries=0
    )


@pytest.mark.parametrize("play", [close_at_once, stop_reading])
@pytest.mark.parametrize("verb", [*SYNC, *ASYNC])
async def test_an_early_refusal_is_read(connections: str, verb: str, play: Play) -> None:
    with serving(play) as url, pytest.raises(InvalidRequest, match="Request too large") as caught:
        await call_model(model_at(url, connections, verb), verb, LONG)
    assert caught.value.status == 413


async def test_an_early_hint_does_not_end_the_request(connections: str) -> None:
    with serving(hint_and_read) as url:
        model = model_at(url, connections, "ainvoke")
        assert (await model.ainvoke(LONG)).text == "hello"
        assert (await model.ainvoke("hi")).text == "hello"

"""A server may refuse a long request before it has read all of it, and close the connection."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import httpx
import pytest

from scout_adapters import ScoutAnthropicChatModel
from scout_adapters.errors import InvalidRequest
from scout_adapters.llm.transport import pool
from tests.support.verbs import ASYNC, SYNC, call_model
from tests.support.waiting import HANG

LONG = "x" * (12 << 20)
"""A prompt that no socket's buffers can hold."""

ERROR = {"type": "error", "error": {"type": "request_too_large", "message": "Request too large"}}
ANSWER = {"type": "message", "content": [{"type": "text", "text": "hello"}], "model": "m"}
Play = Callable[[socket.socket], None]
Loop = asyncio.AbstractEventLoop


def http(status: str, body: Any) -> bytes:
    data = json.dumps(body).encode()
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status.encode(), len(data), data)


def close_at_once(loop: Loop | None, line: socket.socket) -> None:
    """Close with unread data: the client's writes fail.

    asyncio drops what has arrived where a write fails before it was read, so its loop, if the
    client has one, first takes some turns.
    """
    line.recv(1000)
    line.sendall(http("413 Payload Too Large", ERROR))
    for _ in range(5 if loop else 0):
        turn = asyncio.run_coroutine_threadsafe(asyncio.sleep(0.02), loop)  # type: ignore[arg-type]  # there is one
        turn.result(HANG)


def stop_reading(_loop: Loop | None, line: socket.socket) -> None:
    """Refuse, and read what the client still writes: all of it, or until it closes."""
    size = read_head(line)
    line.sendall(http("413 Payload Too Large", ERROR))
    line.shutdown(socket.SHUT_WR)
    with suppress(OSError):
        read_body(line, size)


def hint_and_read(line: socket.socket) -> None:
    """Send an interim response early, then read everything and answer; twice."""
    for _ in range(2):
        size = read_head(line)
        line.sendall(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")
        read_body(line, size)
        line.sendall(http("200 OK", ANSWER))


def read_head(line: socket.socket) -> int:
    """Read the head of a request; return how many bytes of its body are still to come."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += line.recv(1000)
    head, _, body = head.partition(b"\r\n\r\n")
    fields = dict(field.lower().split(b": ", 1) for field in head.split(b"\r\n")[1:])
    return int(fields[b"content-length"]) - len(body)


def read_body(line: socket.socket, size: int) -> None:
    """Read so many bytes, or all that come before the client closes."""
    while size > 0 and (piece := line.recv(1 << 20)):
        size -= len(piece)


@asynccontextmanager
async def serving(play: Play, connections: int = 1) -> AsyncIterator[str]:
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
    await asyncio.to_thread(thread.join, HANG)


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
async def test_an_early_refusal_is_read(connections: str, verb: str, play: Any) -> None:
    loop = asyncio.get_running_loop() if verb in ASYNC else None
    async with serving(partial(play, loop)) as url:
        with pytest.raises(InvalidRequest, match="Request too large") as caught:
            await call_model(model_at(url, connections, verb), verb, LONG)
    assert caught.value.status == 413


async def test_an_early_hint_does_not_end_the_request(connections: str) -> None:
    async with serving(hint_and_read) as url:
        model = model_at(url, connections, "ainvoke")
        assert (await model.ainvoke(LONG)).text == "hello"
        assert (await model.ainvoke("hi")).text == "hello"

"""The loopback server: HTTP/1.1 with asyncio, in one thread of its own.

It keeps connections alive, sends each event of a stream in a chunk of its own, and logs when a
client closes the connection early. Nagle's algorithm is off, asyncio's default.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, cast

from scout_adapters.testing.http_messages import HttpReply, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scout_adapters.testing.emulator.answerer import Answerer
    from scout_adapters.testing.http_messages import PlayedAnswer

_MAX_HEAD = 65536
"""Bytes of a request line and its headers."""

_NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER of 0 seconds: closing sends a TCP reset."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class Server:
    """Serves the answers of an emulator until it is stopped."""

    def __init__(self, emulator: Answerer, host: str, port: int) -> None:
        self._emulator = emulator
        self._at = (host, port)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: Exception | None = None
        self.connections: set[EmulatedConnection] = set()

    def start(self) -> str:
        """Open the port and return the root of all URLs.

        Raises:
            OSError: the port is in use, or this user may not open it.
            OverflowError: there is no such port.
            ValueError: the host is no name.

        """
        self._thread.start()
        self._ready.wait()
        if self._failure:
            self._thread.join()
            raise self._failure
        host, port = self._at
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def stop(self) -> None:
        """Close the port and every connection, and wait for the thread to end."""
        if self._loop and self._stop:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await self._loop.create_server(
                lambda: EmulatedConnection(self._emulator, self.connections), *self._at, backlog=512
            )
        except Exception as error:  # noqa: BLE001  # raised by `start`
            self._failure = error
            self._ready.set()
            return
        self._at = (self._at[0], server.sockets[0].getsockname()[1])
        self._ready.set()
        await self._stop.wait()
        server.close()
        for connection in tuple(self.connections):
            connection.abort()
            await connection.closed.wait()


class EmulatedConnection(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, emulator: Answerer, connections: set[EmulatedConnection]) -> None:
        self._emulator = emulator
        self._connections = connections
        self.closed = asyncio.Event()
        self._received = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._last = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Cancel the answer that is being sent."""
        self.closed.set()
        self._connections.discard(self)
        if self._task:
            self._task.cancel()

    def abort(self) -> None:
        """Close at once."""
        if self._transport:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._received += data
        self._answer_requests()

    def _answer_requests(self) -> None:
        while self._task is None and self._transport and not self._transport.is_closing():
            request = self._next_request()
            if request is None:
                return
            played = self._emulator.answer(request)
            if played.reply.slow:
                self._task = asyncio.ensure_future(self._send(played))
                self._task.add_done_callback(self._sent)
            else:
                self._send_at_once(played.reply)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.result()
            self._answer_requests()

    def _next_request(self) -> Request | None:
        """Remove a complete request from the received bytes, None if there is none yet."""
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            if len(self._received) > _MAX_HEAD:
                self.abort()
            return None
        line, headers = _head(bytes(self._received[:end]))
        if headers.pop("expect", "") and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body, used = _body(self._received, end + 4, headers)
        if used < 0:
            return None
        del self._received[:used]
        self._last = headers.get("connection", "").lower() == "close"
        method, target, _ = line.split(" ", 2)
        path, _, query = target.partition("?")
        return Request(method, path, query, "", headers, body)

    def _send_at_once(self, reply: HttpReply) -> None:
        """Write a whole answer without delays."""
        transport = cast("asyncio.Transport", self._transport)
        if not reply.dropped:
            if reply.streamed:
                transport.write(_start(reply, self._emulator.date()))
                for part in reply.parts:
                    if transport.is_closing():  # asyncio warns of writes after the client's close
                        return
                    transport.write(_chunk(part.data))
                if reply.ending == "clean":
                    transport.write(b"0\r\n\r\n")
            else:
                transport.write(_start(reply, self._emulator.date()) + reply.body)
        self._end(reply)

    def _end(self, reply: HttpReply) -> None:
        transport = cast("asyncio.Transport", self._transport)
        if reply.ending == "reset":
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
            )
            transport.abort()
        elif reply.ending == "cut" or reply.dropped or self._last:
            transport.close()

    async def _send(self, played: PlayedAnswer) -> None:
        """Write an answer with its delays, and log how it ended."""
        reply, tokens, finished = played.reply, 0, False
        if reply.parts and (reply.dropped or not reply.streamed):
            tokens = reply.parts[-1].tokens
        try:
            for step in _steps(reply, self._emulator.date()):
                if not isinstance(step, _Step):
                    await asyncio.sleep(step)
                    continue
                tokens = max(tokens, step.tokens)
                if step.last:
                    finished = reply.ending == "clean"
                    self._close_exchange(played, tokens, finished=finished)
                cast("asyncio.Transport", self._transport).write(step.data)
            self._end(reply)
        finally:
            self._close_exchange(played, tokens, finished=finished)

    def _close_exchange(self, played: PlayedAnswer, tokens: int, *, finished: bool) -> None:
        self._emulator.request_log.close(
            played.number, finished=finished, output_tokens=tokens, price=played.price
        )


class _Step(NamedTuple):
    """Bytes that are written at once, with the output tokens up to their end."""

    data: bytes
    tokens: int
    last: bool
    """Whether nothing follows."""


def _steps(reply: HttpReply, date: str) -> Iterator[_Step | float]:
    """Yield what is written, and the delays between, in seconds."""
    yield reply.first
    if reply.dropped:
        return
    yield _Step(_start(reply, date), 0, not reply.parts)
    for at, part in enumerate(reply.parts):
        yield reply.between if at else reply.lull
        last = at == len(reply.parts) - 1 and not reply.linger
        data = _chunk(part.data) if reply.streamed else part.data
        if last and reply.streamed and reply.ending == "clean":
            data += b"0\r\n\r\n"
        yield _Step(data, part.tokens, last)
    yield reply.linger


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def _start(reply: HttpReply, date: str) -> bytes:
    """Return the status line and the headers."""
    status = reply.status
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Unknown')}", f"date: {date}"]
    lines += [f"{name}: {value}" for name, value in (*reply.headers.items(), *reply.besides)]
    if reply.streamed:
        lines.append("transfer-encoding: chunked")
    else:
        missing = reply.ending != "clean"  # a body that is cut announces a byte more than it has
        lines.append(f"content-length: {len(reply.body) + missing}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _head(raw: bytes) -> tuple[str, dict[str, str]]:
    """Split the head into the request line and headers, names in lower case."""
    line, *rest = raw.decode("latin-1").split("\r\n")
    pairs = (header.partition(":") for header in rest)
    return line, {name.strip().lower(): value.strip() for name, _, value in pairs}


def _body(received: bytearray, start: int, headers: Mapping[str, str]) -> tuple[bytes, int]:
    """Return the body and its end, which is -1 while the body is incomplete."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _chunks(received, start)
    end = start + int(headers.get("content-length") or 0)
    return (bytes(received[start:end]), end) if len(received) >= end else (b"", -1)


def _chunks(received: bytearray, at: int) -> tuple[bytes, int]:
    body = bytearray()
    while (end := received.find(b"\r\n", at)) >= 0:
        size = int(received[at:end].split(b";")[0], 16)
        after = end + 2 + size + 2
        if len(received) < after:
            break
        if not size:
            return bytes(body), after
        body += received[end + 2 : end + 2 + size]
        at = after
    return b"", -1

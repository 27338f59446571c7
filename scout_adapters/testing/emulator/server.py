"""The loopback server: HTTP/1.1 on asyncio's streams of bytes, in one thread of its own.

It keeps connections alive, sends each event of a stream in a chunk of its own, and notices when a
client hangs up. Nagle's algorithm is off, as asyncio has it.
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

    from scout_adapters.testing.emulator.emulator import Emulator
    from scout_adapters.testing.http_messages import PlayedAnswer

_MOST_HEAD = 65536
_HASTE = struct.pack("ii", 1, 0)
"""SO_LINGER for nought seconds: closing sends a reset."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class Server:
    """Serves one emulator until it is stopped."""

    def __init__(self, emulator: Emulator, host: str, port: int) -> None:
        self._emulator = emulator
        self._at = (host, port)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: OSError | None = None
        self.lines: set[EmulatedConnection] = set()

    def start(self) -> str:
        """Open the port and return the root of all URLs; raises `OSError` where it is taken."""
        self._thread.start()
        self._ready.wait()
        if self._failure:
            self._thread.join()
            raise self._failure
        host, port = self._at
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def stop(self) -> None:
        """Close the port and every connection, and wait until all is gone."""
        if self._loop and self._stop:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await self._loop.create_server(
                lambda: EmulatedConnection(self._emulator, self.lines), *self._at, backlog=512
            )
        except OSError as error:
            self._failure = error
            self._ready.set()
            return
        self._at = (self._at[0], server.sockets[0].getsockname()[1])
        self._ready.set()
        await self._stop.wait()
        server.close()
        for line in tuple(self.lines):
            line.hang_up()
            await line.gone.wait()


class EmulatedConnection(asyncio.Protocol):
    """One connection."""

    def __init__(self, emulator: Emulator, lines: set[EmulatedConnection]) -> None:
        self._emulator = emulator
        self._lines = lines
        self.gone = asyncio.Event()
        self._heard = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._last = False
        self._wire: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._wire = cast("asyncio.Transport", transport)
        self._lines.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Stop talking to nobody."""
        self.gone.set()
        self._lines.discard(self)
        if self._task:
            self._task.cancel()

    def hang_up(self) -> None:
        """Close at once."""
        if self._wire:
            self._wire.abort()

    def data_received(self, data: bytes) -> None:
        """Listen, and answer every request that is complete."""
        self._heard += data
        self._attend()

    def _attend(self) -> None:
        while self._task is None and self._wire and not self._wire.is_closing():
            request = self._take()
            if request is None:
                return
            played = self._emulator.answer(request)
            if played.reply.slow:
                self._task = asyncio.ensure_future(self._give(played))
                self._task.add_done_callback(self._given)
            else:
                self._give_at_once(played.reply)

    def _given(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.result()
            self._attend()

    def _take(self) -> Request | None:
        """Take a complete request off what has been heard, None while there is none."""
        end = self._heard.find(b"\r\n\r\n")
        if end < 0:
            if len(self._heard) > _MOST_HEAD:
                self.hang_up()
            return None
        line, headers = _head(bytes(self._heard[:end]))
        if headers.pop("expect", "") and self._wire:
            self._wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body, used = _body(self._heard, end + 4, headers)
        if used < 0:
            return None
        del self._heard[:used]
        self._last = headers.get("connection", "").lower() == "close"
        method, target, _ = line.split(" ", 2)
        path, _, query = target.partition("?")
        return Request(method, path, query, "", headers, body)

    def _give_at_once(self, reply: HttpReply) -> None:
        """Write a whole answer without a pause."""
        wire = cast("asyncio.Transport", self._wire)
        if not reply.dropped:
            if reply.streamed:
                wire.write(_start(reply, self._emulator.date()))
                for part in reply.parts:
                    if wire.is_closing():  # the client has hung up; asyncio warns of more
                        return
                    wire.write(_chunk(part.data))
                if reply.ending == "clean":
                    wire.write(b"0\r\n\r\n")
            else:
                wire.write(_start(reply, self._emulator.date()) + reply.body)
        self._end(reply)

    def _end(self, reply: HttpReply) -> None:
        wire = cast("asyncio.Transport", self._wire)
        if reply.ending == "reset":
            wire.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HASTE)
            wire.abort()
        elif reply.ending == "cut" or reply.dropped or self._last:
            wire.close()

    async def _give(self, played: PlayedAnswer) -> None:
        """Write an answer with its pauses; the log says when it ended, and how."""
        reply, spoken, finished = played.reply, 0, False
        if reply.parts and (reply.dropped or not reply.streamed):
            spoken = reply.parts[-1].tokens
        try:
            for step in _steps(reply, self._emulator.date()):
                if not isinstance(step, _Step):
                    await asyncio.sleep(step)
                    continue
                spoken = max(spoken, step.tokens)
                if step.last:
                    finished = reply.ending == "clean"
                    self._note(played, spoken, finished=finished)
                cast("asyncio.Transport", self._wire).write(step.data)
            self._end(reply)
        finally:
            self._note(played, spoken, finished=finished)

    def _note(self, played: PlayedAnswer, spoken: int, *, finished: bool) -> None:
        self._emulator.ledger.close(
            played.number, finished=finished, output_tokens=spoken, price=played.price
        )


class _Step(NamedTuple):
    """What is written at once, the tokens said by then, and whether it is the last."""

    data: bytes
    tokens: int
    last: bool


def _steps(reply: HttpReply, date: str) -> Iterator[_Step | float]:
    """Yield what is written, and the silences between, in seconds."""
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
    """Write the status line and the headers."""
    status = reply.status
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Unknown')}", f"date: {date}"]
    lines += [f"{name}: {value}" for name, value in (*reply.headers.items(), *reply.besides)]
    if reply.streamed:
        lines.append("transfer-encoding: chunked")
    else:
        # A body that is cut promises more than there is.
        more = reply.ending != "clean"
        lines.append(f"content-length: {len(reply.body) + more}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _head(raw: bytes) -> tuple[str, dict[str, str]]:
    """Split the head into the request line and headers, names in lower case."""
    line, *rest = raw.decode("latin-1").split("\r\n")
    pairs = (one.partition(":") for one in rest)
    return line, {name.strip().lower(): value.strip() for name, _, value in pairs}


def _body(heard: bytearray, start: int, headers: Mapping[str, str]) -> tuple[bytes, int]:
    """Return the body and where it ends, or -1 while it is not complete."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _chunks(heard, start)
    end = start + int(headers.get("content-length") or 0)
    return (bytes(heard[start:end]), end) if len(heard) >= end else (b"", -1)


def _chunks(heard: bytearray, at: int) -> tuple[bytes, int]:
    body = bytearray()
    while (end := heard.find(b"\r\n", at)) >= 0:
        size = int(heard[at:end].split(b";")[0], 16)
        after = end + 2 + size + 2
        if len(heard) < after:
            break
        if not size:
            return bytes(body), after
        body += heard[end + 2 : end + 2 + size]
        at = after
    return b"", -1

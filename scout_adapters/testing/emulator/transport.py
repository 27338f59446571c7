"""Plays the emulator inside httpx, without sockets: for unit tests and for recording cassettes.

The transport is a `MockTransport`, so that vcrpy records what passes through it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import httpx

from scout_adapters.llm.transport.exchange import READ_TIMEOUT
from scout_adapters.testing.http_messages import BodyPart, HttpReply, Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator

    from scout_adapters.testing.emulator.emulator import Emulator
    from scout_adapters.testing.http_messages import PlayedAnswer

_ASYNC = "scout_async"


class EmulatorTransport(httpx.MockTransport):
    """Answers requests to the real hosts, and to the emulator's own paths at any other host.

    Faults of the connection raise what httpx would: `RemoteProtocolError`, `ReadError`, and
    `ReadTimeout` where an answer is slower than the request's read timeout.
    """

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(self._handle)
        self._emulator = emulator
        self._open: set[int] = set()

    @property
    def open_answers(self) -> int:
        """How many answers are neither given to their end nor closed by the client."""
        return len(self._open)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer for an async client."""
        request.extensions[_ASYNC] = True
        return await super().handle_async_request(request)

    def _handle(self, request: httpx.Request) -> Any:
        if request.extensions.pop(_ASYNC, False):
            return self._aanswer(request)
        stage = _Stage(self._emulator, self._play(request), request, self._open)
        with stage.giving():
            for seconds in stage.opening():
                self._emulator.sleep(seconds)
        return stage.response()

    async def _aanswer(self, request: httpx.Request) -> httpx.Response:
        stage = _Stage(self._emulator, self._play(request), request, self._open)
        with stage.giving():
            for seconds in stage.opening():
                await stage.asleep(seconds)
        return stage.response()

    def _play(self, request: httpx.Request) -> PlayedAnswer:
        url = request.url
        host = url.host if url.port in {None, 80, 443} else f"{url.host}:{url.port}"
        headers = {name.lower(): value for name, value in request.headers.items()}
        path, _, query = url.raw_path.decode().partition("?")
        heard = Request(request.method, path, query, host, headers, request.content)
        return self._emulator.answer(heard)


@dataclass
class _Stage(httpx.SyncByteStream, httpx.AsyncByteStream):
    """One answer as it is given, and its body."""

    emulator: Emulator
    played: PlayedAnswer
    request: httpx.Request = field(repr=False)
    open: set[int] = field(repr=False)
    spoken: int = 0
    done: bool = False

    @property
    def patience(self) -> float:
        """Seconds that the client waits for the next bytes."""
        told = self.request.extensions
        live = told.get(READ_TIMEOUT)
        read = live() if live else told.get("timeout", {}).get("read")
        return float("inf") if read is None else float(read)

    @property
    def reply(self) -> HttpReply:
        """The answer."""
        return self.played.reply

    def __post_init__(self) -> None:
        self.open.add(self.played.number)

    @contextmanager
    def giving(self) -> Iterator[None]:
        """Note that the client is gone where it does not wait for the status line."""
        try:
            yield
        except BaseException:  # a cancellation is the usual one; it goes on
            self._close(finished=False)
            raise

    def asleep(self, seconds: float) -> Awaitable[None]:
        """Wait, in an async client."""
        return (self.emulator.asleep or anyio.sleep)(seconds)

    def opening(self) -> Iterator[float]:
        """Yield the silence before the status line; raises where no status line comes."""
        if self.reply.parts and (self.reply.dropped or not self.reply.streamed):
            self.spoken = self.reply.parts[-1].tokens
        yield from self._silence(self.reply.first)
        if self.reply.dropped:
            self._close(finished=False)
            if self.reply.ending == "reset":
                raise httpx.ReadError("Connection reset by peer", request=self.request)
            text = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(text, request=self.request)

    def response(self) -> httpx.Response:
        """Make the response, its body still to come."""
        headers = {"date": self.emulator.date(), **self.reply.headers}
        if not self.reply.streamed and self.reply.ending == "clean":
            headers["content-length"] = str(len(self.reply.body))
        lines = [*headers.items(), *self.reply.besides]
        status = self.reply.status
        return httpx.Response(status, headers=lines, stream=self, request=self.request)

    def _silence(self, seconds: float) -> Iterator[float]:
        if seconds > (patience := self.patience):
            yield patience
            self._close(finished=False)
            raise httpx.ReadTimeout("The read operation timed out", request=self.request)
        if seconds > 0:
            yield seconds

    def _steps(self) -> Iterator[float | BodyPart]:
        """Yield silences and parts in their order, then fail if the answer is cut."""
        parts = self.reply.parts
        for at, part in enumerate(parts):
            yield from self._silence(self.reply.between if at else self.reply.lull)
            self.spoken = max(self.spoken, part.tokens)
            if at == len(parts) - 1 and not self.reply.linger:
                self._close(finished=self.reply.ending == "clean")
            yield part
        yield from self._silence(self.reply.linger)
        self._close(finished=self.reply.ending == "clean")
        self._fail()

    def _fail(self) -> None:
        if self.reply.ending == "reset":
            raise httpx.ReadError("Connection reset by peer", request=self.request)
        if self.reply.ending == "cut":
            text = "peer closed connection without sending complete message body"
            raise httpx.RemoteProtocolError(text, request=self.request)

    def __iter__(self) -> Iterator[bytes]:
        for step in self._steps():
            if isinstance(step, BodyPart):
                yield step.data
            else:
                self.emulator.sleep(step)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self._steps():
            if isinstance(step, BodyPart):
                yield step.data
            else:
                await self.asleep(step)

    def close(self) -> None:
        """Hear that the client wants no more."""
        self._close(finished=False)

    async def aclose(self) -> None:
        """Hear that the client wants no more."""
        self._close(finished=False)

    def _close(self, *, finished: bool) -> None:
        if not self.done:
            self.done = True
            self.open.discard(self.played.number)
            self.emulator.ledger.close(
                self.played.number,
                finished=finished,
                output_tokens=self.spoken,
                price=self.played.price,
            )

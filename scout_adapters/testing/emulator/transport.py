"""An httpx transport that answers from an emulator, without sockets.

It is a `MockTransport`, so that vcrpy records what passes through it.
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

    from scout_adapters.testing.emulator.answerer import Answerer
    from scout_adapters.testing.http_messages import PlayedAnswer

_ASYNC = "scout_async"


class EmulatorTransport(httpx.MockTransport):
    """Answers requests to the real hosts, and to the emulator's own paths at any other host.

    Faults of the connection raise what httpx raises: `RemoteProtocolError`, `ReadError`, and
    `ReadTimeout` if an answer is slower than the request's read timeout.
    """

    def __init__(self, emulator: Answerer) -> None:
        super().__init__(self._handle)
        self._emulator = emulator
        self._open: set[int] = set()

    @property
    def open_answers(self) -> int:
        """The number of answers that are neither sent to their end nor closed by the client."""
        return len(self._open)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of a client that has another transport."""
        request.read()
        response: httpx.Response = self._handle(request)
        return response

    async def aanswer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an async client that has another transport."""
        await request.aread()
        return await self._aanswer(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer an async client."""
        request.extensions[_ASYNC] = True
        return await super().handle_async_request(request)

    def _handle(self, request: httpx.Request) -> Any:
        if request.extensions.pop(_ASYNC, False):
            return self._aanswer(request)
        answering = _Answering(self._emulator, self._play(request), request, self._open)
        with answering.cancellable():
            for seconds in answering.opening():
                self._emulator.sleep(seconds)
        return answering.response()

    async def _aanswer(self, request: httpx.Request) -> httpx.Response:
        answering = _Answering(self._emulator, self._play(request), request, self._open)
        with answering.cancellable():
            for seconds in answering.opening():
                await answering.asleep(seconds)
        return answering.response()

    def _play(self, request: httpx.Request) -> PlayedAnswer:
        url = request.url
        host = url.host if url.port in {None, 80, 443} else f"{url.host}:{url.port}"
        headers = {name.lower(): value for name, value in request.headers.items()}
        path, _, query = url.raw_path.decode().partition("?")
        received = Request(request.method, path, query, host, headers, request.content)
        return self._emulator.answer(received)


@dataclass
class _Answering(httpx.SyncByteStream, httpx.AsyncByteStream):
    """One answer while it is sent; also the stream of its body."""

    emulator: Answerer
    played: PlayedAnswer
    request: httpx.Request = field(repr=False)
    open: set[int] = field(repr=False)
    tokens: int = 0
    """Output tokens sent so far."""

    done: bool = False

    @property
    def read_timeout(self) -> float:
        """Seconds for which the client waits for the next bytes."""
        extensions = self.request.extensions
        current = extensions.get(READ_TIMEOUT)
        read = current() if current else extensions.get("timeout", {}).get("read")
        return float("inf") if read is None else float(read)

    @property
    def reply(self) -> HttpReply:
        """The answer."""
        return self.played.reply

    def __post_init__(self) -> None:
        self.open.add(self.played.number)

    @contextmanager
    def cancellable(self) -> Iterator[None]:
        """Log the exchange as unfinished if the client does not wait for the status line."""
        try:
            yield
        except BaseException:  # usually a cancellation; raised again
            self._close(finished=False)
            raise

    def asleep(self, seconds: float) -> Awaitable[None]:
        """Wait in an async client."""
        return (self.emulator.asleep or anyio.sleep)(seconds)

    def opening(self) -> Iterator[float]:
        """Yield the delay before the status line, in seconds; raise if there is no status line."""
        if self.reply.parts and (self.reply.dropped or not self.reply.streamed):
            self.tokens = self.reply.parts[-1].tokens
        yield from self._delay(self.reply.first)
        if self.reply.dropped:
            self._close(finished=False)
            if self.reply.error is not None:
                kind = getattr(httpx, self.reply.error)
                raise kind(self.reply.error_message, request=self.request)
            if self.reply.ending == "reset":
                raise httpx.ReadError("Connection reset by peer", request=self.request)
            text = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(text, request=self.request)

    def response(self) -> httpx.Response:
        """Return the response; its body is read from this stream."""
        headers = {"date": self.emulator.date(), **self.reply.headers}
        if not self.reply.streamed and self.reply.ending == "clean":
            headers["content-length"] = str(len(self.reply.body))
        lines = [*headers.items(), *self.reply.besides]
        status = self.reply.status
        return httpx.Response(status, headers=lines, stream=self, request=self.request)

    def _delay(self, seconds: float) -> Iterator[float]:
        if seconds > (timeout := self.read_timeout):
            yield timeout
            self._close(finished=False)
            raise httpx.ReadTimeout("The read operation timed out", request=self.request)
        if seconds > 0:
            yield seconds

    def _steps(self) -> Iterator[float | BodyPart]:
        """Yield delays and parts in their order, then raise if the answer is cut."""
        parts = self.reply.parts
        for at, part in enumerate(parts):
            yield from self._delay(self.reply.between if at else self.reply.lull)
            self.tokens = max(self.tokens, part.tokens)
            if at == len(parts) - 1 and not self.reply.linger:
                self._close(finished=self.reply.ending == "clean")
            yield part
        yield from self._delay(self.reply.linger)
        self._close(finished=self.reply.ending == "clean")
        self._raise_ending()

    def _raise_ending(self) -> None:
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
        """Log that the client has closed the answer."""
        self._close(finished=False)

    async def aclose(self) -> None:
        """Log that the client has closed the answer."""
        self._close(finished=False)

    def _close(self, *, finished: bool) -> None:
        if not self.done:
            self.done = True
            self.open.discard(self.played.number)
            self.emulator.request_log.close(
                self.played.number,
                finished=finished,
                output_tokens=self.tokens,
                price=self.played.price,
            )

"""All providers' hosts behind one httpx transport with scripted answers and a request log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpx

from scout_adapters.llm.transport.exchange import READ_TIMEOUT

PROVIDERS = {
    "api.groq.com": "groq",
    "api.openai.com": "openai",
    "api.cerebras.ai": "cerebras",
}
SPENT_SECONDS = 20.0
TOKENS = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
calling: ContextVar[Any] = ContextVar("calling")
"""The call that runs now."""


@dataclass(frozen=True, repr=False)
class Played:
    """One scripted answer, and its expected effect by the rules."""

    name: str
    kind: str = ""
    """The outcome that must be recorded; empty for a good answer."""

    status: int = 200
    code: str | int | None = None
    wait: float | None = None
    key: str = "none"
    """Effect on the key: none, cooldown, refuse or quarantine."""

    again: bool = False
    circuit: bool = False
    stops: bool = False
    billed: str = "no"
    shows: bool = False
    """Whether content comes first, where it is streamed."""

    seconds: float = 0.0
    """Seconds until the answer; with `shows`, after the first content."""

    headers: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"<{self.name}>"


SPENT = (
    ("x-ratelimit-remaining-requests", "0"),
    ("x-ratelimit-reset-requests", f"{SPENT_SECONDS:g}s"),
    ("x-ratelimit-remaining-requests-day", "0"),
    ("x-ratelimit-reset-requests-day", f"{SPENT_SECONDS:g}"),
)
GOOD = Played("good")
LOW = Played("low", headers=SPENT)
LIMITED = [
    Played(f"limited {wait}", "rate_limit", 429, "rate_limit_exceeded", wait, "cooldown")
    for wait in (None, 0.0, 3.0, 25.0, 900.0)
]
REVOKED = Played("revoked", "auth_invalid", 401, "invalid_api_key", key="refuse")
BROKE = Played("broke", "billing", 402, key="quarantine")
DOWN = [
    Played("down", "capacity", 503, again=True, circuit=True),
    Played("down a while", "capacity", 503, wait=4.0, again=True, circuit=True),
    Played("broken", "server_error", 500, again=True, circuit=True),
    Played("away", "connect", -1, again=True, circuit=True),
]
RESET = Played("reset", "protocol", -2, again=True, circuit=True, billed="unknown")
CUT = [
    Played("cut", "protocol", 0, circuit=True, billed="unknown"),
    Played("cut late", "protocol", 0, circuit=True, billed="unknown", shows=True),
]
SLOW = [
    Played("slow", seconds=7.0),
    Played("silent", seconds=130.0),
    Played("hung", seconds=5000.0),
    Played("stalled", seconds=90.0, shows=True),
]
IN_BAND = [
    Played("busy in band", "capacity", 200, 503, again=True, circuit=True),
    Played("limit in band", "rate_limit", 200, "rate_limit_exceeded", None, "cooldown"),
    Played("busy late", "capacity", 200, 503, again=True, circuit=True, shows=True),
    *(
        Played(
            f"limit late {wait}",
            "rate_limit",
            200,
            "rate_limit_exceeded",
            wait,
            "cooldown",
            shows=True,
        )
        for wait in (None, 4.0, 50.0)
    ),
]
WRONG = Played("wrong", "invalid_request", 400, stops=True)
OF_KEYS = [GOOD, LOW, REVOKED, BROKE, *LIMITED]
OF_PROVIDERS = [None, *DOWN, SLOW[1], REVOKED]
ONCE = [*OF_KEYS, *DOWN, RESET, *CUT, *SLOW, *IN_BAND, WRONG]


@dataclass(eq=False)
class ReceivedRequest:
    """One received request and its answer."""

    number: int
    provider: str
    model: str
    key: str
    stream: bool
    played: Played
    at: float
    timed_out: bool = False
    whole: bool = False
    """Whether all of a good answer was read."""

    open: bool = False

    @property
    def text(self) -> str:
        return f"answer {self.number} ends"


@dataclass(eq=False)
class ScriptedServer:
    """Answer with the next scripted answer, else with the provider's, else with the key's."""

    now: Callable[[], float]
    go_by: Callable[[float], None]
    log: list[ReceivedRequest] = field(default_factory=list)
    once: list[Played] = field(default_factory=list)
    down: dict[str, Played | None] = field(default_factory=dict)
    keys: dict[str, Played] = field(default_factory=dict)

    def handle(self, request: httpx.Request) -> httpx.Response:
        received = self._receive(request)
        if received.played.status < 0:
            kind = httpx.ConnectError if received.played.status == -1 else httpx.ReadError
            raise kind("broken", request=request)
        body = Body(self, received, request)
        received.open = True
        if not received.played.shows:
            try:
                body.take(received.played.seconds)
            except httpx.ReadTimeout:
                received.open = False
                raise
        headers = dict(received.played.headers)
        if received.played.wait is not None:
            headers["retry-after"] = f"{received.played.wait:g}"
        streamed = received.stream and received.played.status in {0, 200}
        headers["content-type"] = "text/event-stream" if streamed else "application/json"
        return httpx.Response(received.played.status or 200, headers=headers, stream=body)

    def _receive(self, request: httpx.Request) -> ReceivedRequest:
        provider, body = PROVIDERS[request.url.host], json.loads(request.content)
        key = request.headers["authorization"].removeprefix("Bearer ")
        played = self.down.get(provider) or self.keys.get(key, GOOD)
        if self.once:
            played = self.once.pop(0)
        received = ReceivedRequest(
            number=len(self.log),
            provider=provider,
            model=body["model"],
            key=key,
            stream=bool(body.get("stream")),
            played=played,
            at=self.now(),
        )
        self.log.append(received)
        calling.get().request_received(received, body["messages"][-1]["content"])
        return received


class ScriptedTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The scripted server as a transport for sync and async clients."""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.server.handle(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        response = self.server.handle(request)
        try:
            await asyncio.sleep(0)
        except BaseException:  # goes on: a cancellation, after which the client closes no answer
            await response.aclose()
            raise
        return response


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of an answer, whole or as events."""

    def __init__(
        self, server: ScriptedServer, received: ReceivedRequest, request: httpx.Request
    ) -> None:
        self.server = server
        self.received = received
        self.request = request

    def take(self, seconds: float) -> None:
        """Move the clock, up to the client's read timeout."""
        limit = self.request.extensions[READ_TIMEOUT]()
        if limit is not None and seconds >= limit:
            self.server.go_by(limit)
            self.received.timed_out = True
            raise httpx.ReadTimeout("empty_answers", request=self.request)
        self.server.go_by(seconds)

    def __iter__(self) -> Iterator[bytes]:
        received = self.received
        pieces = self._events() if received.stream else self._whole()
        if received.played.status not in {0, 200}:
            pieces = iter([_error(received.played)])
        yield from pieces
        received.whole = not received.played.kind

    def _events(self) -> Iterator[bytes]:
        played = self.received.played
        yield _event({"id": "c", "choices": [{"index": 0, "delta": {"role": "assistant"}}]})
        words = self.received.text.split(" ")
        if played.shows:
            yield _delta(words[0])
            self.take(played.seconds)
        if played.kind:
            if played.status:
                yield b"data: " + _error(played) + b"\n\n"
            return
        for word in words[1:] if played.shows else words:
            yield _delta(word if word == words[0] else f" {word}")
        ending = {"index": 0, "delta": {}, "finish_reason": "stop"}
        yield _event({"id": "c", "choices": [ending]})
        yield _event({"id": "c", "choices": [], "usage": TOKENS})
        self.received.whole = True
        yield b"data: [DONE]\n\n"

    def _whole(self) -> Iterator[bytes]:
        played, message = self.received.played, {"role": "assistant", "content": self.received.text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        if played.shows:
            self.take(played.seconds)
        if played.kind and played.status:
            yield _error(played)
            return
        data = json.dumps({"id": "c", "choices": [choice], "usage": TOKENS}).encode()
        yield data[:40]
        if not played.kind:
            yield data[40:]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            await asyncio.sleep(0)
            yield piece

    def close(self) -> None:
        self.received.open = False

    async def aclose(self) -> None:
        self.received.open = False


def _event(body: Any) -> bytes:
    return f"data: {json.dumps(body)}\n\n".encode()


def _delta(text: str) -> bytes:
    return _event({"id": "c", "choices": [{"index": 0, "delta": {"content": text}}]})


def _error(played: Played) -> bytes:
    error = {"message": f"{played.name} it is", "code": played.code, "type": played.kind}
    return json.dumps({"error": error}).encode()

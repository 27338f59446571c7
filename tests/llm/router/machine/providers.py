"""All providers' hosts behind one httpx transport: it answers as told, and keeps its own log."""

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
"""The call that is being driven at this moment."""


@dataclass(frozen=True, repr=False)
class Played:
    """One way to answer, and what the rules say must come of it."""

    name: str
    kind: str = ""
    """The outcome that must be booked; empty where it is a good answer."""

    status: int = 200
    code: str | int | None = None
    wait: float | None = None
    key: str = "none"
    """What becomes of the key: none, cooldown, refuse, quarantine."""

    again: bool = False
    circuit: bool = False
    stops: bool = False
    billed: str = "no"
    shows: bool = False
    """Whether content comes first, where it is streamed."""

    seconds: float = 0.0
    """How long it takes; with `shows` after the first content."""

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
OF_HOUSES = [None, *DOWN, SLOW[1], REVOKED]
ONCE = [*OF_KEYS, *DOWN, RESET, *CUT, *SLOW, *IN_BAND, WRONG]


@dataclass(eq=False)
class Heard:
    """One request as it came in, and what was answered."""

    number: int
    provider: str
    model: str
    key: str
    stream: bool
    played: Played
    at: float
    timed_out: bool = False
    whole: bool = False
    """Whether all of a good answer was handed out."""

    open: bool = False

    @property
    def text(self) -> str:
        return f"answer {self.number} ends"


@dataclass(eq=False)
class House:
    """Answers by what is next, else by what befalls the provider, else by what befalls the key."""

    now: Callable[[], float]
    go_by: Callable[[float], None]
    log: list[Heard] = field(default_factory=list)
    once: list[Played] = field(default_factory=list)
    down: dict[str, Played | None] = field(default_factory=dict)
    keys: dict[str, Played] = field(default_factory=dict)

    def handle(self, request: httpx.Request) -> httpx.Response:
        heard = self._hear(request)
        if heard.played.status < 0:
            kind = httpx.ConnectError if heard.played.status == -1 else httpx.ReadError
            raise kind("broken", request=request)
        body = Body(self, heard, request)
        heard.open = True
        if not heard.played.shows:
            try:
                body.take(heard.played.seconds)
            except httpx.ReadTimeout:
                heard.open = False
                raise
        headers = dict(heard.played.headers)
        if heard.played.wait is not None:
            headers["retry-after"] = f"{heard.played.wait:g}"
        streamed = heard.stream and heard.played.status in {0, 200}
        headers["content-type"] = "text/event-stream" if streamed else "application/json"
        return httpx.Response(heard.played.status or 200, headers=headers, stream=body)

    def _hear(self, request: httpx.Request) -> Heard:
        provider, body = PROVIDERS[request.url.host], json.loads(request.content)
        key = request.headers["authorization"].removeprefix("Bearer ")
        played = self.down.get(provider) or self.keys.get(key, GOOD)
        if self.once:
            played = self.once.pop(0)
        heard = Heard(
            number=len(self.log),
            provider=provider,
            model=body["model"],
            key=key,
            stream=bool(body.get("stream")),
            played=played,
            at=self.now(),
        )
        self.log.append(heard)
        calling.get().heard(heard, body["messages"][-1]["content"])
        return heard


class HouseTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The house, for both kinds of client."""

    def __init__(self, house: House) -> None:
        self.house = house

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.house.handle(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        response = self.house.handle(request)
        try:
            await asyncio.sleep(0)
        except BaseException:  # goes on: a cancellation, whose answer nobody closes
            await response.aclose()
            raise
        return response


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """An answer as it comes, whole or in events."""

    def __init__(self, house: House, heard: Heard, request: httpx.Request) -> None:
        self.house = house
        self.heard = heard
        self.request = request

    def take(self, seconds: float) -> None:
        """Let time go by, no more than the other side will wait."""
        limit = self.request.extensions[READ_TIMEOUT]()
        if limit is not None and seconds >= limit:
            self.house.go_by(limit)
            self.heard.timed_out = True
            raise httpx.ReadTimeout("empty_answers", request=self.request)
        self.house.go_by(seconds)

    def __iter__(self) -> Iterator[bytes]:
        heard = self.heard
        pieces = self._events() if heard.stream else self._whole()
        if heard.played.status not in {0, 200}:
            pieces = iter([_error(heard.played)])
        yield from pieces
        heard.whole = not heard.played.kind

    def _events(self) -> Iterator[bytes]:
        played = self.heard.played
        yield _event({"id": "c", "choices": [{"index": 0, "delta": {"role": "assistant"}}]})
        words = self.heard.text.split(" ")
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
        self.heard.whole = True
        yield b"data: [DONE]\n\n"

    def _whole(self) -> Iterator[bytes]:
        played, message = self.heard.played, {"role": "assistant", "content": self.heard.text}
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
        self.heard.open = False

    async def aclose(self) -> None:
        self.heard.open = False


def _event(body: Any) -> bytes:
    return f"data: {json.dumps(body)}\n\n".encode()


def _delta(text: str) -> bytes:
    return _event({"id": "c", "choices": [{"index": 0, "delta": {"content": text}}]})


def _error(played: Played) -> bytes:
    said = {"message": f"{played.name} it is", "code": played.code, "type": played.kind}
    return json.dumps({"error": said}).encode()

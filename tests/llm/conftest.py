"""A provider's side of the wire, played by httpx's own mock transport, and a clock that is ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters._internal.clock import Clock

Json = dict[str, Any]
Reply = Callable[[httpx.Request], httpx.Response]
VERBS = ("invoke", "ainvoke", "stream", "astream")


class FakeTime:
    """Stands still until somebody sleeps or a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.now, sleep=self.sleep, asleep=self.asleep, random=lambda: 0.5)


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that arrives in pieces; a piece may be an exception, or a function to call first."""

    def __init__(self, pieces: Iterable[Any]) -> None:
        self._pieces = pieces
        self.given = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.given += 1
            if isinstance(piece, BaseException):
                raise piece
            yield piece() if callable(piece) else piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            await asyncio.sleep(0)
            yield piece

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


def event(body: Json | str) -> bytes:
    data = body if isinstance(body, str) else json.dumps(body)
    return f"data: {data}\n\n".encode()


def delta(text: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": {} if text is None else {"content": text}}
    return event({"id": "c1", "choices": [choice | {"finish_reason": finish}], **more})


class Wire:
    """Answers in OpenAI's dialect, whole or streamed, as the request asks."""

    Pieces = Pieces
    event = staticmethod(event)
    delta = staticmethod(delta)
    DONE = event("[DONE]")
    USAGE: Json = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}  # noqa: RUF012  # nobody changes it

    def say(self, text: str = "hello", **more: Any) -> Reply:
        usage = more.pop("usage", self.USAGE)

        def reply(request: httpx.Request) -> httpx.Response:
            if not json.loads(request.content).get("stream"):
                message = {"role": "assistant", "content": text}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                body = {"id": "c1", "choices": [choice], "usage": usage, **more}
                return httpx.Response(200, json=body)
            middle = len(text) // 2
            parts = [delta(text[:middle], **more), delta(text[middle:]), delta(finish="stop")]
            tail = [event({"id": "c1", "choices": [], "usage": usage}), self.DONE]
            return self.sse(*parts, *tail)(request)

        return reply

    def sse(self, *pieces: Any) -> Reply:
        def reply(request: httpx.Request) -> httpx.Response:
            headers = {"content-type": "text/event-stream"}
            return httpx.Response(200, headers=headers, stream=Pieces(pieces))

        return reply

    def refuse(self, status: int, message: str = "", headers: Any = None, **error: Any) -> Reply:
        body = {"error": {"message": message or f"status {status}", **error}}
        return lambda request: httpx.Response(status, json=body, headers=headers)

    def fail(self, error: type[httpx.HTTPError]) -> Reply:
        def reply(request: httpx.Request) -> httpx.Response:
            raise error("broken", request=request)  # type: ignore[call-arg]  # its subclasses take one

        return reply


class House:
    """All providers' hosts: what each one answers, in order (the last for ever), and was asked."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._replies: dict[str, list[Reply]] = {}
        self._by_key: dict[str, list[Reply]] = {}
        self.transport = httpx.MockTransport(self._answer)

    def on(self, host: str, *replies: Reply) -> None:
        self._replies[host] = list(replies)

    def on_key(self, key: str, *replies: Reply) -> None:
        self._by_key[key] = list(replies)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        replies = self._by_key.get(key_of(request)) or self._replies[request.url.host]
        return (replies.pop(0) if len(replies) > 1 else replies[0])(request)

    @property
    def hosts(self) -> list[str]:
        return [request.url.host for request in self.requests]

    @property
    def keys(self) -> list[str]:
        return [key_of(request) for request in self.requests]

    @property
    def bodies(self) -> list[Json]:
        return [json.loads(request.content) for request in self.requests]


def key_of(request: httpx.Request) -> str:
    headers = request.headers
    bearer = headers.get("authorization", "").removeprefix("Bearer ")
    return headers.get("x-api-key") or headers.get("x-goog-api-key") or bearer


class Ask:
    """Calls a model with one of the four verbs and gives the merged answer."""

    def __init__(self, verb: str) -> None:
        self.verb = verb
        self.streams = verb in {"stream", "astream"}

    async def __call__(
        self, model: Any, /, text: Any = "hi", config: Any = None, **options: Any
    ) -> AIMessage:
        match self.verb:
            case "invoke":
                return model.invoke(text, config, **options)
            case "ainvoke":
                return await model.ainvoke(text, config, **options)
            case "stream":
                return merged(list(model.stream(text, config, **options)))
            case _:
                return merged([chunk async for chunk in model.astream(text, config, **options)])


def merged(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    return chunks[0].__add__(chunks[1:]) if len(chunks) > 1 else chunks[0]


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def asks() -> type[Ask]:
    """Where a test chooses the verb itself."""
    return Ask


@pytest.fixture(params=VERBS)
def ask(request: pytest.FixtureRequest) -> Ask:
    return Ask(request.param)


@pytest.fixture
def groq(house: House, time: FakeTime) -> Callable[..., Any]:
    """Make Groq's chat model over the house and the fake clock; one key by default."""
    from scout_adapters import ScoutGroqChatModel

    def make(*keys: str, **options: Any) -> ScoutGroqChatModel:
        given = {"model": "llama-3.3-70b-versatile", "transport": house.transport}
        given |= {"clock": time.clock, "api_keys": list(keys) or ["gsk_only"]}
        return ScoutGroqChatModel(**given | options)

    return make


@pytest.fixture
def router(house: House, time: FakeTime) -> Callable[..., Any]:
    """Make a router; entries are `provider/model` strings or dicts, each with a key of its own."""
    from scout_adapters import ScoutRouterChatModel

    def make(*entries: Any, **options: Any) -> ScoutRouterChatModel:
        models = [{"model": e} if isinstance(e, str) else e for e in entries]
        filled = [
            {"api_keys": [f"key-of-{e['model'].partition('/')[0]}"]}
            | {"transport": house.transport}
            | e
            for e in models
        ]
        return ScoutRouterChatModel(models=filled, clock=time.clock, **options)

    return make


GROQ = "api.groq.com"
OPENAI = "api.openai.com"

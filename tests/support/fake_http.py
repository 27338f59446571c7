"""Providers behind httpx's mock transport, and models that call them with a clock that tests move.

The fixtures belong to the conftest of a folder that uses them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage

from scout_adapters import ScoutGroqChatModel, ScoutRouterChatModel
from scout_adapters.llm.health.shared_states import shared_state
from tests.support.clock import FakeTime
from tests.support.verbs import STREAMS, VERBS, call_model

GROQ, OPENAI, ANTHROPIC = "api.groq.com", "api.openai.com", "api.anthropic.com"
"""Hosts, under which a test sets the answers of a provider."""

GROQ_70B, OPENAI_MINI = "groq/llama-3.3-70b-versatile", "openai/gpt-4o-mini"
"""Candidates of a route."""

Json = dict[str, Any]
Reply = Callable[[httpx.Request], httpx.Response]


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that arrives in pieces; a piece may be an exception, or a function to call first."""

    def __init__(self, pieces: Iterable[Any]) -> None:
        self._pieces = pieces
        self.yielded = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.yielded += 1
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


class FakeAnswers:
    """Answers in OpenAI's format, whole or streamed as the request specifies."""

    Pieces = Pieces
    event = staticmethod(event)
    delta = staticmethod(delta)
    DONE = event("[DONE]")
    USAGE: Json = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}  # noqa: RUF012  # never changed

    def say(self, text: str = "hello", *, finish: str = "stop", **more: Any) -> Reply:
        usage = more.pop("usage", self.USAGE)

        def reply(request: httpx.Request) -> httpx.Response:
            if not json.loads(request.content).get("stream"):
                message = {"role": "assistant", "content": text}
                choice = {"index": 0, "message": message, "finish_reason": finish}
                body = {"id": "c1", "choices": [choice], "usage": usage, **more}
                return httpx.Response(200, json=body)
            middle = len(text) // 2
            parts = [delta(text[:middle], **more), delta(text[middle:]), delta(finish=finish)]
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


class FakeProviders:
    """The hosts of all providers: the answers of each in order, of which the last repeats."""

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


def key_state(key: str, provider: str = "groq", url: str = "https://api.groq.com/openai/v1") -> Any:
    """Return the health of a key."""
    return shared_state(provider, url, key)


class Ask:
    """Calls a model by one verb and returns the merged answer."""

    def __init__(self, verb: str) -> None:
        self.verb = verb
        self.streams = verb in STREAMS

    async def __call__(
        self, model: Any, /, text: Any = "hi", config: Any = None, **options: Any
    ) -> AIMessage:
        message: AIMessage = await call_model(model, self.verb, text, config, **options)
        return message


@pytest.fixture
def time() -> FakeTime:
    """The clock of the models below."""
    return FakeTime()


@pytest.fixture
def providers() -> FakeProviders:
    """The hosts of all providers, and the requests that reached them."""
    return FakeProviders()


@pytest.fixture
def wire() -> FakeAnswers:
    """Answers that the hosts can give."""
    return FakeAnswers()


@pytest.fixture
def asks() -> type[Ask]:
    """The class `Ask`, for tests that choose the verb themselves."""
    return Ask


@pytest.fixture(params=VERBS)
def ask(request: pytest.FixtureRequest) -> Ask:
    return Ask(request.param)


@pytest.fixture
def groq(providers: FakeProviders, time: FakeTime) -> Callable[..., Any]:
    """Make Groq's chat model over the fake providers and the fake clock; default: one key."""

    def make(*keys: str, **options: Any) -> ScoutGroqChatModel:
        defaults = {"model": "llama-3.3-70b-versatile", "transport": providers.transport}
        defaults |= {"clock": time.clock, "api_keys": list(keys) or ["gsk_only"]}
        return ScoutGroqChatModel(**defaults | options)

    return make


@pytest.fixture
def router(providers: FakeProviders, time: FakeTime) -> Callable[..., Any]:
    """Make a router; entries are `provider/model` strings or dicts, each with a key of its own."""

    def make(*entries: Any, **options: Any) -> ScoutRouterChatModel:
        models = [{"model": e} if isinstance(e, str) else e for e in entries]
        filled = [
            {"api_keys": [f"key-of-{e['model'].partition('/')[0]}"]}
            | {"transport": providers.transport}
            | e
            for e in models
        ]
        return ScoutRouterChatModel(models=filled, clock=time.clock, **options)

    return make

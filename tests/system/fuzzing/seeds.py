"""Good answers to spoil: those of the emulator, and of recorded traffic where there is some."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import orjson
from langchain_core.messages import HumanMessage

from scout_adapters.llm.providers import registry
from scout_adapters.llm.transport.sse import EventDecoder
from scout_adapters.llm.types import CHOICE, ChatRequest, ProviderSpec
from scout_adapters.testing import Emulator
from scout_adapters.testing.http_messages import Request
from tests.support import recordings

RECORDED_AS = {"google": "gemini", "ollama": "ollama-openai"}
RESPONSES = "responses"
SPEAKERS = {
    "openai": ("openai", "groq", "minimax", "openrouter", "deepseek", "mistral", "xai", "zai"),
    "anthropic": ("anthropic",),
    "gemini": ("google",),
    RESPONSES: ("openai", "xai", "openrouter", "azure-openai", "deepseek", "copilot"),
}
"""By wire, whose answers are spoilt; the first one's card reads them."""

LARGEST = 6000
MOST = 40
DEEPEST_SHIPPED = 60  # events

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather at a place.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
    },
}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "Joke",
        "schema": {"type": "object", "properties": {"setup": {"type": "string"}}},
    },
}
REQUESTS: tuple[dict[str, Any], ...] = (
    {"text": "Hello"},
    {"text": "Write a long story"},
    {"text": "First say why, then get the weather in Paris and Rome", "tools": [TOOL]},
    {"text": "What is 2 + 2?", "reasoning_effort": "high"},
    {"text": "Tell me a joke", "response_format": SCHEMA},
)


def card(wire: str) -> ProviderSpec:
    """Return the card that reads the answers of a wire."""
    spec = registry.spec(SPEAKERS[wire][0])
    if wire != RESPONSES:
        return spec
    assert spec.second_card is not None
    return spec.second_card


def played(provider: str, wire: str, *, stream: bool) -> Iterator[bytes]:
    """Yield the bodies with which the emulator answers over a wire."""
    emulator = Emulator()
    client = registry.client(provider, api_keys=("k" * 8,), base_url=emulator.url(provider))
    for fields in REQUESTS:
        options = {name: value for name, value in fields.items() if name != "text"}
        model = client.spec.default_model or "m"
        messages = [HumanMessage(fields["text"])]
        over = {"extra": {CHOICE: True}} if wire == RESPONSES else {}
        prepared = client.endpoint.adapter.prepare(
            ChatRequest(model=model, messages=messages, stream=stream, **options, **over)
        )
        _, host, path, query, _ = urlsplit(prepared.url)
        headers = {"authorization": "Bearer k", "x-api-key": "k", "x-goog-api-key": "k"}
        headers["anthropic-version"] = "2023-06-01"
        request = Request("POST", path, query, host, headers, prepared.content)
        reply = emulator.answer(request).reply
        # The card chooses the API for some requests.
        if reply.status == 200 and path.endswith("/responses") == (wire == RESPONSES):
            yield reply.body


def recorded(provider: str, wire: str, *, stream: bool, most: int = MOST) -> Iterator[bytes]:
    """Yield recorded good answers of moderate size; none where there are no recordings."""
    name = RECORDED_AS.get(provider, provider)
    for record in recordings.records(f"{name}-responses" if wire == RESPONSES else name):
        body = (record["response_body"] or "").encode()
        features = record.get("features") or []
        odd = record.get("truncated_response") or "json_array_stream" in features
        if odd or "error_in_200" in features or "n_choices" in features:
            continue
        good = record["status"] == 200 and bool(record["stream"]) is stream
        if good and 0 < len(body) <= LARGEST and (most := most - 1) >= 0:
            yield body


@cache
def wholes(wire: str, *, real: bool = True) -> list[bytes]:
    """Return whole answers, each as JSON."""
    bodies: list[bytes] = []
    for provider in SPEAKERS[wire]:
        if provider in registry:
            bodies += played(provider, wire, stream=False)
        bodies += recorded(provider, wire, stream=False) if real else ()
    return [body.strip() for body in bodies if body.strip().startswith(b"{")]


@cache
def streams(wire: str, *, real: bool = True) -> list[bytes]:
    """Return streamed answers, each as the bytes of its server-sent events."""
    bodies: list[bytes] = []
    for provider in SPEAKERS[wire]:
        if provider in registry:
            bodies += played(provider, wire, stream=True)
        bodies += recorded(provider, wire, stream=True) if real else ()
    return [body for body in bodies if b"data:" in body]


def events_of(stream: bytes) -> list[Any]:
    """Return the events of a stream; None is `[DONE]`."""
    decoder = EventDecoder()
    datas = decoder.feed(stream) + decoder.finish()
    return [None if data.startswith(b"[DONE]") else orjson.loads(data) for data in datas]


@cache
def event_lists(wire: str, *, real: bool = True) -> list[bytes]:
    """Return the events of streamed answers, each list as JSON."""
    lists = (events_of(stream) for stream in streams(wire, real=real))
    return [orjson.dumps(events) for events in lists if len(events) <= DEEPEST_SHIPPED]

"""Streams of Chat Completions with text and tool calls at once, in all of LangChain's forms."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream

from scout_adapters import (
    ScoutGroqChatModel,
    ScoutMiniMaxChatModel,
    ScoutOpenAIChatModel,
    ScoutOpenRouterChatModel,
)

CALLS = [
    {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}},
    {"index": 0, "function": {"arguments": '{"x":'}},
    {"index": 0, "function": {"arguments": "1}"}},
    {"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": '{"y"'}},
    {"index": 1, "function": {"arguments": ":2}"}},
]
DELTAS = [
    {"role": "assistant", "content": ""},
    {"content": "Let "},
    {"content": "me."},
    *({"tool_calls": [call]} for call in CALLS),
]
MODEL_CLASSES = [
    ScoutGroqChatModel,
    ScoutMiniMaxChatModel,
    ScoutOpenAIChatModel,
    ScoutOpenRouterChatModel,
]


@pytest.fixture(autouse=True)
def vcr() -> None:
    """Leave these tests without a cassette: no emulator sends text and calls at once."""


def answer(_: httpx.Request) -> httpx.Response:
    choices: list[Any] = [{"index": 0, "delta": delta} for delta in DELTAS]
    choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
    events = [json.dumps({"id": "c", "model": "m", "choices": [choice]}) for choice in choices]
    body = "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"])
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=body)


@pytest.fixture(params=MODEL_CLASSES, ids=lambda model_class: model_class.provider)
def build(request: pytest.FixtureRequest) -> Any:
    def make(**options: Any) -> Any:
        transport = httpx.MockTransport(answer)
        return request.param(model="m", api_key="k", transport=transport, **options)

    return make


def assert_whole(message: Any) -> None:
    assert message.text == "Let me."
    assert [(call["name"], call["args"]) for call in message.tool_calls] == [
        ("f", {"x": 1}),
        ("g", {"y": 2}),
    ]
    blocks = [(block["type"], block.get("args")) for block in message.content_blocks]
    assert blocks == [("text", None), ("tool_call", {"x": 1}), ("tool_call", {"y": 2})]


@pytest.mark.parametrize("version", [None, "v0", "v1"])
def test_text_and_calls_in_fragments_stay_apart_in_a_stream(build: Any, version: Any) -> None:
    chunks = list(build(output_version=version).stream("x"))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert_whole(whole)


@pytest.mark.parametrize("version", [None, "v1"])
async def test_text_and_calls_in_fragments_stay_apart_behind_ainvoke(
    build: Any, version: Any
) -> None:
    assert_whole(await build(output_version=version).ainvoke("x", stream=True))


@pytest.mark.filterwarnings("ignore::langchain_core._api.beta_decorator.LangChainBetaWarning")
def test_text_and_calls_in_fragments_stay_apart_in_v3_events(build: Any) -> None:
    stream = build().stream_events("x", version="v3")
    assert_valid_event_stream(list(stream))
    assert_whole(stream.output)

"""An answer has a bounded number of blocks and tool calls, whole or streamed, in every wire."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.messages.ai import add_ai_message_chunks

from scout_adapters.errors import MalformedResponse
from scout_adapters.llm.providers import registry
from scout_adapters.llm.types import Wire
from scout_adapters.llm.wires import anthropic_messages, gemini, openai_chat, openai_responses
from scout_adapters.llm.wires.openai_chat import tool_calls
from scout_adapters.llm.wires.openai_chat.tool_calls import CallFragments
from scout_adapters.llm.wires.parsing import MAX_BLOCKS, MAX_CALLS

Json = dict[str, Any]


def chat_call(number: int) -> Json:
    function = {"name": "f", "arguments": "{}"}
    return {"index": number, "id": f"c{number}", "type": "function", "function": function}


def chat_whole(count: int) -> Json:
    message = {"content": None, "tool_calls": [chat_call(number) for number in range(count)]}
    return {"choices": [{"message": message, "finish_reason": "tool_calls"}]}


def chat_stream(count: int) -> Iterator[Json]:
    for number in range(count):
        yield {"choices": [{"index": 0, "delta": {"tool_calls": [chat_call(number)]}}]}


def chat_delta(count: int) -> Iterator[Json]:
    calls = [chat_call(number) for number in range(count)]
    yield {"choices": [{"index": 0, "delta": {"tool_calls": calls}}]}


def tool_use(number: int) -> Json:
    return {"type": "tool_use", "id": f"c{number}", "name": "f", "input": {}}


def anthropic_whole(count: int) -> Json:
    content = [tool_use(number) for number in range(count)]
    return {"type": "message", "content": content, "stop_reason": "tool_use"}


def anthropic_stream(count: int) -> Iterator[Json]:
    for number in range(count):
        block = tool_use(number)
        yield {"type": "content_block_start", "index": number, "content_block": block}


def anthropic_deltas(count: int) -> Iterator[Json]:
    for number in range(count):
        thought = {"type": "thinking_delta", "thinking": "x"}
        yield {"type": "content_block_delta", "index": number, "delta": thought}


def gemini_parts(count: int) -> list[Json]:
    return [{"functionCall": {"name": "f", "args": {}}} for _ in range(count)]


def gemini_whole(count: int) -> Json:
    return {"candidates": [{"content": {"parts": gemini_parts(count)}, "finishReason": "STOP"}]}


def gemini_stream(count: int) -> Iterator[Json]:
    for _ in range(count):
        yield {"candidates": [{"content": {"parts": gemini_parts(1)}}]}


def gemini_turns(count: int) -> Iterator[Json]:
    for number in range(count):
        part = {"text": "x", "thought": number % 2 == 0}
        yield {"candidates": [{"content": {"parts": [part]}}]}


def item(number: int) -> Json:
    call = {"type": "function_call", "id": f"i{number}", "call_id": f"c{number}"}
    return {**call, "name": "f", "arguments": "{}", "status": "completed"}


def responses_whole(count: int) -> Json:
    return {"status": "completed", "output": [item(number) for number in range(count)]}


def responses_stream(count: int) -> Iterator[Json]:
    for number in range(count):
        added = {"type": "response.output_item.added", "output_index": number}
        yield {**added, "item": item(number)}


STREAMS: list[tuple[Wire, str, Callable[[int], Iterator[Json]]]] = [
    (anthropic_messages.WIRE, "anthropic", anthropic_stream),
    (anthropic_messages.WIRE, "anthropic", anthropic_deltas),
    (gemini.WIRE, "google", gemini_turns),
    (openai_responses.WIRE, "openai", responses_stream),
]
WHOLE: list[tuple[Wire, str, Callable[[int], Json]]] = [
    (openai_chat.WIRE, "openai", chat_whole),
    (anthropic_messages.WIRE, "anthropic", anthropic_whole),
    (gemini.WIRE, "google", gemini_whole),
    (openai_responses.WIRE, "openai", responses_whole),
]


@pytest.mark.parametrize(("wire", "provider", "make"), STREAMS)
def test_a_stream_has_at_most_so_many_blocks(wire: Wire, provider: str, make: Any) -> None:
    def read(count: int) -> None:
        reader = wire.reader(registry.spec(provider), {})
        for event in make(count):
            reader.feed(event)

    read(MAX_BLOCKS - 1)
    with pytest.raises(MalformedResponse, match="more than 1024 blocks"):
        read(MAX_BLOCKS + 1)


MANY: list[tuple[Wire, str, Callable[[int], Iterator[Json]]]] = [
    (openai_chat.WIRE, "openai", chat_stream),
    (openai_chat.WIRE, "openai", chat_delta),
    (gemini.WIRE, "google", gemini_stream),
]


@pytest.mark.parametrize(("wire", "provider", "make"), MANY)
def test_very_many_calls_of_a_stream_are_merged_in_linear_time(
    wire: Wire, provider: str, make: Any
) -> None:
    reader, count = wire.reader(registry.spec(provider), {}), MAX_BLOCKS + 200
    chunks = [chunk for event in make(count) if (chunk := reader.feed(event)) is not None]
    chunks.append(reader.close())
    fragments = [call for chunk in chunks for call in chunk.tool_call_chunks]
    assert sum(call["index"] is not None for call in fragments) == MAX_BLOCKS
    calls = add_ai_message_chunks(*chunks).tool_calls
    assert [(call["name"], call["args"]) for call in calls] == [("f", {})] * count
    assert len({call["id"] for call in calls}) == count


def test_a_stream_has_at_most_so_many_calls() -> None:
    reader = openai_chat.WIRE.reader(registry.spec("openai"), {})
    with pytest.raises(MalformedResponse, match="more than 10000 blocks"):
        reader.feed(*chat_delta(MAX_CALLS + 1))


def test_a_custom_tool_beyond_the_limit_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_calls, "MAX_BLOCKS", 1)
    calls = CallFragments()
    custom = {"type": "custom", "custom": {"name": "run", "input": "ls"}}
    calls.read([{"index": 0, "id": "a", **custom}, {"index": 1, "id": "b", **custom}])
    calls.read([{"index": 1, "custom": {"input": " -l"}}])
    last = calls.endings()[-1]
    assert (last["id"], last["name"], last["index"]) == ("b", "run", None)
    assert json.loads(last["args"] or "") == {"__arg1": "ls -l"}


@pytest.mark.parametrize(("wire", "provider", "make"), WHOLE)
def test_a_whole_answer_has_at_most_so_many_calls(wire: Wire, provider: str, make: Any) -> None:
    spec = registry.spec(provider)
    assert len(wire.parse_response(make(1500), spec).tool_calls) == 1500
    with pytest.raises(MalformedResponse, match="more than 10000 blocks"):
        wire.parse_response(make(MAX_CALLS + 1), spec)


def test_arguments_that_repeat_the_name_are_not_parsed_after_each_fragment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[int] = []
    loads = json.loads
    monkeypatch.setattr(json, "loads", lambda text, **more: parsed.append(1) or loads(text, **more))
    calls = CallFragments()
    for text in ('{"a": "', *("word, " for _ in range(500)), '"}'):
        calls.read([{"function": {"name": "f", "arguments": text}}])
    assert len(parsed) < 10
    assert len(calls._calls) == 1

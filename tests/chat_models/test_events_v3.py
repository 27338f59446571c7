"""Version 3 of LangChain's events: calls, thoughts, and both beside text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.testing import Emulator, Raw, ServerError
from tests.chat_models.prompts import (
    SAYINGS,
    SHY,
    TOOLS,
    UNASKED,
    Saying,
    blocks_of,
    first_provider,
    thinking,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::langchain_core._api.beta_decorator.LangChainBetaWarning"
)

Make = Callable[..., ScoutChatModel]
Events = list[Any]

SYNC_AND_ASYNC = pytest.mark.parametrize("verb", ["stream_events", "astream_events"])


async def listen(runnable: Any, prompt: str, verb: str) -> tuple[Events, AIMessage]:
    """Take all events of a stream, and the message that they make."""
    if verb == "stream_events":
        stream = runnable.stream_events(prompt, version="v3")
        return list(stream), stream.output
    stream = await runnable.astream_events(prompt, version="v3")
    return [event async for event in stream], await stream.output


def blocks(events: Events) -> list[tuple[str, Any]]:
    """List the finished blocks in the order in which they began."""
    ended = {e["index"]: e["content"] for e in events if e["event"] == "content-block-finish"}
    begun = [e["index"] for e in events if e["event"] == "content-block-start"]
    assert begun == sorted(ended)
    return blocks_of(AIMessage([ended[at] for at in begun], response_metadata=V1))


V1 = {"output_version": "v1"}


@SYNC_AND_ASYNC
@pytest.mark.parametrize("saying", SAYINGS.values(), ids=list(SAYINGS))
async def test_every_call_is_one_block_with_all_its_arguments(
    name: str, model: ScoutChatModel, emulator: Emulator, saying: Saying, verb: str
) -> None:
    events, message = await listen(model.bind_tools(TOOLS), saying.prompt, verb)
    assert_valid_event_stream(events)
    expected = saying.blocks(thought=name in UNASKED)
    assert blocks(events) == expected
    assert blocks_of(message) == expected
    assert [(c["name"], c["args"]) for c in message.tool_calls] == list(saying.calls)
    assert len({call["id"] for call in message.tool_calls}) == len(saying.calls)
    assert len(emulator.log) == 1


@SYNC_AND_ASYNC
@pytest.mark.parametrize("saying", SAYINGS.values(), ids=list(SAYINGS))
async def test_thoughts_come_before_what_they_lead_to(
    name: str, make: Make, saying: Saying, verb: str
) -> None:
    model = make(**thinking(name)).bind_tools(TOOLS)
    events, message = await listen(model, saying.prompt, verb)
    assert_valid_event_stream(events)
    expected = saying.blocks(thought=name not in SHY)
    assert blocks(events) == expected
    assert blocks_of(message) == expected


async def test_the_views_of_a_stream_are_whole(name: str, make: Make) -> None:
    saying = SAYINGS["text and calls of one tool"]
    model = make(**thinking(name)).bind_tools(TOOLS)
    thought = "" if name in SHY else saying.thought
    stream = model.stream_events(saying.prompt, version="v3")
    assert "".join(stream.text) == saying.text
    assert stream.reasoning.get() == thought
    assert [(c["name"], c["args"]) for c in stream.tool_calls.get()] == list(saying.calls)
    later = await model.astream_events(saying.prompt, version="v3")
    assert await later.text == saying.text
    assert await later.reasoning == thought
    assert [(c["name"], c["args"]) for c in await later.tool_calls] == list(saying.calls)


@SYNC_AND_ASYNC
async def test_the_first_event_names_the_provider_and_the_last_has_the_usage(
    name: str, model: ScoutChatModel, emulator: Emulator, verb: str
) -> None:
    events, message = await listen(model, "Hello", verb)
    (exchange,) = emulator.log
    metadata = message.response_metadata
    assert events[0]["metadata"]["model"] == metadata["model_name"] == exchange.model
    assert events[0]["metadata"]["provider"] == metadata["model_provider"]
    usage = message.usage_metadata or {}
    counted = (usage["input_tokens"], usage["output_tokens"])
    assert counted == (exchange.input_tokens, exchange.output_tokens)
    assert events[-1]["usage"]["total_tokens"] == sum(counted)
    assert metadata["scout"]["provider"] == first_provider(name) == exchange.provider


@SYNC_AND_ASYNC
@pytest.mark.parametrize("name", ["router"])
async def test_the_next_candidates_answer_is_the_only_message_of_a_failover(
    make: Make, emulator: Emulator, verb: str
) -> None:
    saying = SAYINGS["text and calls of one tool"]
    emulator.script("groq", [ServerError()] * 9)
    model = make(max_retries=0).bind_tools(TOOLS)
    events, message = await listen(model, saying.prompt, verb)
    assert_valid_event_stream(events)
    assert blocks(events) == saying.blocks(thought=False)
    assert events[0]["metadata"]["provider"] == "anthropic"
    assert message.response_metadata["scout"]["provider"] == "anthropic"
    assert {exchange.provider for exchange in emulator.log} == {"groq", "anthropic"}


def chat_event(delta: Any, finish: Any = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    event = {"id": "gen-1", "model": "m", "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def called(at: int, **function: str) -> Any:
    fields = {"id": f"call_{at}", "type": "function"} if "name" in function else {}
    return {"tool_calls": [{"index": at, **fields, "function": function}]}


INTERLEAVED = (
    chat_event({"role": "assistant", "content": ""}),
    chat_event({"reasoning": "First, "}),
    chat_event({"content": "Let "}),
    chat_event({"reasoning": "second."}),
    chat_event(called(0, name="f", arguments="")),
    chat_event(called(1, name="g", arguments='{"y"')),
    chat_event(called(0, arguments='{"x": 1}')),
    chat_event({"content": "me."}),
    chat_event(called(1, arguments=": 2}")),
    chat_event({}, "tool_calls"),
    b"data: [DONE]\n\n",
)


@SYNC_AND_ASYNC
@pytest.mark.parametrize("name", ["groq", "minimax", "openai", "openrouter", "router"])
async def test_blocks_whose_pieces_come_in_turns_stay_whole(
    name: str, model: ScoutChatModel, emulator: Emulator, verb: str
) -> None:
    kind = {"content-type": "text/event-stream"}
    emulator.script(first_provider(name), [Raw(events=INTERLEAVED, headers=kind)])
    events, message = await listen(model, "Hello", verb)
    assert_valid_event_stream(events)
    expected = [
        ("reasoning", "First, second."),
        ("text", "Let me."),
        ("tool_call", ("f", {"x": 1})),
        ("tool_call", ("g", {"y": 2})),
    ]
    assert blocks(events) == blocks_of(message) == expected

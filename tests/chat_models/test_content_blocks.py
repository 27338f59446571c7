"""Text and calls in one answer: content as text and as blocks, whole and streamed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.testing import Emulator, ServerError
from tests.chat_models.prompts import SAYINGS, TOOLS, UNASKED, blocks_of, first_provider
from tests.support.verbs import STREAMS, VERBS, merge_chunks

Make = Callable[..., ScoutChatModel]

EVERY_VERSION = pytest.mark.parametrize("version", ["v0", "v1"])


async def chunks_of(runnable: Any, prompt: str, verb: str) -> list[AIMessageChunk]:
    if verb == "stream":
        return list(runnable.stream(prompt))
    return [chunk async for chunk in runnable.astream(prompt)]


async def answer(runnable: Any, prompt: str, verb: str) -> AIMessage:
    match verb:
        case "invoke":
            return runnable.invoke(prompt)
        case "ainvoke":
            return await runnable.ainvoke(prompt)
        case _:
            return merge_chunks(await chunks_of(runnable, prompt, verb))


EVERY_VERB = pytest.mark.parametrize("verb", VERBS)
EVERY_STREAM = pytest.mark.parametrize("verb", STREAMS)


@EVERY_VERB
@EVERY_VERSION
async def test_an_answer_has_the_same_blocks_however_it_comes(
    name: str, make: Make, version: Any, verb: str
) -> None:
    model = make(output_version=version).bind_tools(TOOLS)
    for saying in SAYINGS.values():
        message = await answer(model, saying.prompt, verb)
        assert blocks_of(message) == saying.blocks(thought=name in UNASKED)
        assert message.text == saying.text
        assert [(c["name"], c["args"]) for c in message.tool_calls] == list(saying.calls)
        assert not message.invalid_tool_calls


@EVERY_VERB
async def test_version_1_puts_blocks_into_the_content(name: str, make: Make, verb: str) -> None:
    saying = SAYINGS["text and calls of one tool"]
    message = await answer(make(output_version="v1").bind_tools(TOOLS), saying.prompt, verb)
    assert isinstance(message.content, list)
    kinds = ["text", "tool_call", "tool_call"]
    expected = ["reasoning", *kinds] if name in UNASKED else kinds
    assert [block["type"] for block in message.content] == expected
    assert message.response_metadata["output_version"] == "v1"


@EVERY_STREAM
@EVERY_VERSION
async def test_only_the_last_chunk_is_marked_as_the_last(
    make: Make, version: Any, verb: str
) -> None:
    model = make(output_version=version).bind_tools(TOOLS)
    chunks = await chunks_of(model, SAYINGS["text and call"].prompt, verb)
    assert [chunk.chunk_position for chunk in chunks] == [None] * (len(chunks) - 1) + ["last"]


@EVERY_STREAM
@EVERY_VERSION
async def test_a_stream_is_one_message_that_counts_its_tokens_once(
    make: Make, emulator: Emulator, version: Any, verb: str
) -> None:
    chunks = await chunks_of(make(output_version=version), "Write a long story.", verb)
    assert len([chunk for chunk in chunks if chunk.text]) > 3
    assert len({chunk.id for chunk in chunks}) == 1
    assert len([c for c in chunks if (c.usage_metadata or {}).get("input_tokens")]) == 1
    (exchange,) = emulator.log
    usage = merge_chunks(chunks).usage_metadata or {}
    counted = (usage["input_tokens"], usage["output_tokens"])
    assert counted == (exchange.input_tokens, exchange.output_tokens)


@EVERY_STREAM
async def test_text_arrives_in_the_order_of_the_answer(make: Make, verb: str) -> None:
    whole = (await make().ainvoke("Write a long story.")).text
    for version in ("v0", "v1"):
        chunks = await chunks_of(make(output_version=version), "Write a long story.", verb)
        assert "".join(chunk.text for chunk in chunks) == whole


@EVERY_STREAM
async def test_the_chunks_of_a_call_name_it_once_and_spell_its_arguments(
    make: Make, verb: str
) -> None:
    saying = SAYINGS["calls of two tools"]
    chunks = await chunks_of(make().bind_tools(TOOLS), saying.prompt, verb)
    pieces = [piece for chunk in chunks for piece in chunk.tool_call_chunks]
    assert [piece["name"] for piece in pieces if piece["name"]] == [c[0] for c in saying.calls]
    assert len({piece["index"] for piece in pieces}) == len(saying.calls)
    assert len([piece for piece in pieces if piece["id"]]) == len(saying.calls)


@EVERY_STREAM
@pytest.mark.parametrize("version", ["v0", "v1"])
@pytest.mark.parametrize("name", ["router"])
async def test_the_next_candidates_stream_is_one_message_in_its_own_protocol(
    make: Make, emulator: Emulator, version: str, verb: str
) -> None:
    saying = SAYINGS["text and calls of one tool"]
    emulator.script("groq", [ServerError()] * 9)
    model = make(output_version=version, max_retries=0).bind_tools(TOOLS)
    message = merge_chunks(await chunks_of(model, saying.prompt, verb))
    assert blocks_of(message) == saying.blocks(thought=False)
    assert message.response_metadata["model_provider"] == "anthropic"


async def test_an_answer_in_blocks_goes_back_as_it_came(
    name: str, make: Make, emulator: Emulator
) -> None:
    saying = SAYINGS["text and call"]
    for version in ("v0", "v1"):
        model = make(output_version=version).bind_tools(TOOLS)
        first = merge_chunks(list(model.stream(saying.prompt)))
        result = ToolMessage("Sunny.", tool_call_id=first.tool_calls[0]["id"])
        history = [HumanMessage(saying.prompt), first, result]
        second = await model.ainvoke(history)
        assert second.text == "The tools have answered: Sunny."
        assert second.response_metadata["scout"]["provider"] == first_provider(name)
    sent = [exchange.body for exchange in emulator.log]
    assert _without_ids(sent[1]) == _without_ids(sent[3])


def _without_ids(body: Any) -> Any:
    """Leave out what differs from answer to answer: the ids of calls, and thoughts."""
    if isinstance(body, dict):
        gone = {"id", "tool_call_id", "tool_use_id"}
        return {name: _without_ids(each) for name, each in body.items() if name not in gone}
    return [_without_ids(each) for each in body] if isinstance(body, list) else body

"""`disable_streaming`, `streaming` and `stream=`: requests sent as a stream, and the chunks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableLambda

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.testing import Emulator
from tests.chat_models.prompts import SAYINGS, UNASKED, blocks_of
from tests.support.verbs import merge_chunks
from tests.support.weather import get_weather

Make = Callable[..., ScoutChatModel]

STORY = "Write a long story."
SAYING = SAYINGS["text and calls of one tool"]


async def chunks_of(model: Any, prompt: str, *, is_async: bool) -> list[AIMessageChunk]:
    if is_async:
        return [chunk async for chunk in model.astream(prompt)]
    return list(model.stream(prompt))


BOTH = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@BOTH
async def test_a_model_that_must_not_stream_answers_a_stream_in_one_piece(
    make: Make, emulator: Emulator, *, is_async: bool
) -> None:
    model = make(disable_streaming=True)
    chunks = await chunks_of(model, STORY, is_async=is_async)
    assert len([chunk for chunk in chunks if chunk.text]) == 1
    assert [exchange.stream for exchange in emulator.log] == [False]
    assert merge_chunks(chunks).text == model.invoke(STORY).text
    assert merge_chunks(chunks).usage_metadata


@BOTH
async def test_a_model_that_must_not_stream_with_tools_streams_without_them(
    name: str, make: Make, emulator: Emulator, *, is_async: bool
) -> None:
    model = make(disable_streaming="tool_calling")
    plain = await chunks_of(model, STORY, is_async=is_async)
    tooled = await chunks_of(model.bind_tools([get_weather]), SAYING.prompt, is_async=is_async)
    assert [exchange.stream for exchange in emulator.log] == [True, False]
    assert len([chunk for chunk in plain if chunk.text]) > 3
    assert blocks_of(merge_chunks(tooled)) == SAYING.blocks(thought=name in UNASKED)


@BOTH
async def test_a_model_streams_with_tools_by_default(
    make: Make, emulator: Emulator, *, is_async: bool
) -> None:
    model = make(disable_streaming=False).bind_tools([get_weather])
    await chunks_of(model, SAYING.prompt, is_async=is_async)
    assert [exchange.stream for exchange in emulator.log] == [True]


@pytest.mark.parametrize("how", ["streaming=True", "stream=True"])
@BOTH
async def test_a_call_that_streams_inside_is_the_same_answer(
    name: str, make: Make, emulator: Emulator, how: str, *, is_async: bool
) -> None:
    plain = make(streaming=True) if how == "streaming=True" else make()
    model = plain.bind_tools([get_weather])
    options = {"stream": True} if how == "stream=True" else {}
    answer = (
        await model.ainvoke(SAYING.prompt, **options)
        if is_async
        else model.invoke(SAYING.prompt, **options)
    )
    assert type(answer).__name__ == "AIMessage"
    assert blocks_of(answer) == SAYING.blocks(thought=name in UNASKED)
    (exchange,) = emulator.log
    assert exchange.stream
    usage = answer.usage_metadata or {}
    counted = (usage["input_tokens"], usage["output_tokens"])
    assert counted == (exchange.input_tokens, exchange.output_tokens)
    assert answer.response_metadata["model_name"] == exchange.model


def test_a_streaming_model_can_return_a_whole_answer(make: Make, emulator: Emulator) -> None:
    make(streaming=True).invoke("Hello", stream=False)
    make(streaming=True, disable_streaming=True).invoke("Hello")
    make(streaming=False).invoke("Hello")
    assert [exchange.stream for exchange in emulator.log] == [False, False, False]
    assert all(exchange.body.get("stream") in {None, False} for exchange in emulator.log)


class Tokens(BaseCallbackHandler):
    def __init__(self) -> None:
        self.tokens: list[str] = []

    def on_llm_new_token(self, token: str, **kwargs: Any) -> None:
        self.tokens.append(token)


@BOTH
async def test_handlers_receive_every_token_of_a_call_that_streams_inside(
    make: Make, *, is_async: bool
) -> None:
    tokens = Tokens()
    model = make(streaming=True)
    config: Any = {"callbacks": [tokens]}
    answer = await model.ainvoke(STORY, config) if is_async else model.invoke(STORY, config)
    assert "".join(tokens.tokens) == answer.text
    assert len(tokens.tokens) > 3


@pytest.mark.filterwarnings("ignore:astream_events version='v1' is deprecated")
@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("caller", ["model", "chain that invokes", "chain that streams"])
async def test_events_have_every_piece_once_and_the_whole_at_the_end(
    name: str, make: Make, emulator: Emulator, version: Any, caller: str
) -> None:
    model = make().bind_tools([get_weather])
    chain: Any = model
    if caller == "chain that invokes":

        async def call(prompt: str) -> Any:
            return await model.ainvoke(prompt)

        chain = RunnableLambda(call)
    elif caller == "chain that streams":
        chain = RunnableLambda(lambda prompt: prompt) | model
    events = [event async for event in chain.astream_events(SAYING.prompt, version=version)]
    pieces = [e["data"]["chunk"] for e in events if e["event"] == "on_chat_model_stream"]
    (end,) = [e["data"]["output"] for e in events if e["event"] == "on_chat_model_end"]
    (_start,) = [e for e in events if e["event"] == "on_chat_model_start"]
    whole = end["generations"][0][0]["message"] if isinstance(end, dict) else end
    assert blocks_of(merge_chunks(pieces)) == blocks_of(whole)
    assert blocks_of(whole) == SAYING.blocks(thought=name in UNASKED)
    assert len({event["run_id"] for event in events if "chat_model" in event["event"]}) == 1
    assert [exchange.stream for exchange in emulator.log] == [True]

"""Tokens: estimated before a call, offline; counted once after it, by the model that answered."""

from __future__ import annotations

import base64
import warnings
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, trim_messages

from scout_adapters.testing import CutMidStream, Overloaded, Revoked
from tests.chat_models.request_parts import fail, providers_of
from tests.support.clock import NO_PAUSES
from tests.support.verbs import VERBS, call_model
from tests.support.weather import get_time, get_weather

PICTURE = {"type": "image", "base64": base64.b64encode(b"x" * 300_000).decode()}
MESSAGES = [SystemMessage("Be brief."), HumanMessage("What is the weather in Paris, please?")]


def test_a_conversation_is_counted_without_a_network(model, emulator) -> None:
    alone = model.get_num_tokens_from_messages(MESSAGES)
    assert 8 < alone < 40
    assert emulator.log == []


def test_tools_count(model) -> None:
    alone = model.get_num_tokens_from_messages(MESSAGES)
    with_one = model.get_num_tokens_from_messages(MESSAGES, tools=[get_weather])
    with_two = model.get_num_tokens_from_messages(MESSAGES, tools=[get_weather, get_time])
    schema = {"title": "f", "type": "object", "properties": {"a": {"type": "string"}}}
    assert alone < with_one < with_two
    assert model.get_num_tokens_from_messages(MESSAGES, tools=[schema]) > alone


def test_a_picture_counts_as_a_picture_and_not_by_its_bytes(model) -> None:
    picture = PICTURE | {"mime_type": "image/png"}
    url = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE['base64']}"}}
    for block in (picture, url):
        message = HumanMessage([{"type": "text", "text": "What is this?"}, block])
        assert 20 < model.get_num_tokens_from_messages([message]) < 5000


def test_calls_of_tools_count(model) -> None:
    call = {"name": "get_weather", "args": {"location": "Paris" * 20}, "id": "1"}
    message = AIMessage("", tool_calls=[call])
    assert model.get_num_tokens_from_messages([message]) > 25


def test_a_text_is_counted_without_a_download(model) -> None:
    assert model.get_num_tokens("x" * 400) == 100
    assert model.get_num_tokens("") == 0
    with pytest.raises(ValueError, match="custom_get_token_ids"):
        model.get_token_ids("x" * 400)


def test_a_tokenizer_of_the_users_own_counts(make) -> None:
    model = make(custom_get_token_ids=lambda text: [ord(letter) for letter in text])
    assert model.get_token_ids("hi") == [104, 105]
    assert model.get_num_tokens("hello") == 5


def test_trimming_counts_by_the_model(model) -> None:
    long = [
        message for _ in range(20) for message in (HumanMessage("a" * 100), AIMessage("b" * 90))
    ]
    trimmed = trim_messages(
        [SystemMessage("Be brief."), *long, HumanMessage("Hello")],
        max_tokens=200,
        token_counter=model,
        include_system=True,
        start_on="human",
    )
    assert trimmed[0].text == "Be brief."
    assert trimmed[-1].text == "Hello"
    assert 3 < len(trimmed) < 12
    assert model.get_num_tokens_from_messages(trimmed) <= 200


async def call(path: str, model: Any) -> int:
    """Call by a path; return the expected number of answers."""
    match path:
        case "batch":
            return len(model.batch(["Hello", "Hey", "Good day"]))
        case "abatch":
            return len(await model.abatch(["Hello", "Hey"]))
        case "events v2":
            _ = [event async for event in model.astream_events("Hello", version="v2")]
        case "events v3":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _ = model.stream_events("Hello", version="v3").output
        case "invoke(stream=True)":
            model.invoke("Hello", stream=True)
        case _:
            await call_model(model, path)
    return 1


PATHS = (*VERBS, "batch", "abatch", "events v2", "events v3", "invoke(stream=True)")


@pytest.mark.parametrize("path", PATHS)
async def test_each_token_is_counted_once_by_the_model_that_answered(
    path, name, model, emulator
) -> None:
    with get_usage_metadata_callback() as usage:
        answers = await call(path, model)
    assert len(emulator.log) == answers
    ((counted_model, counted),) = usage.usage_metadata.items()
    assert counted_model.startswith(emulator.log[0].model)
    assert counted["input_tokens"] == sum(e.input_tokens for e in emulator.log)
    assert counted["output_tokens"] == sum(e.output_tokens for e in emulator.log)


@pytest.mark.parametrize("path", PATHS)
async def test_a_failed_candidate_is_not_counted(path, make, emulator) -> None:
    from tests.chat_models.models import IDS, build

    assert "router" in IDS
    emulator.down = {"groq": Overloaded(), "anthropic": Revoked()}
    router = build("router", emulator, max_retries=0)
    with get_usage_metadata_callback() as usage:
        await call(path, router)
    ((counted_model, counted),) = usage.usage_metadata.items()
    assert counted_model.startswith("gemini")
    good = [e for e in emulator.log if e.billed]
    assert counted["input_tokens"] == sum(e.input_tokens for e in good)
    assert counted["output_tokens"] == sum(e.output_tokens for e in good)


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
async def test_every_call_of_an_agent_is_counted_once(verb, name, model, emulator) -> None:
    agent = create_agent(model, [get_weather])
    state = {"messages": [("user", "What is the weather in Paris?")]}
    with get_usage_metadata_callback() as usage:
        await (agent.ainvoke(state) if verb == "ainvoke" else _sync(agent, state))
        for _ in agent.stream(state, stream_mode="messages"):
            pass
    (counted,) = usage.usage_metadata.values()
    assert len(emulator.log) == 4
    assert counted["input_tokens"] == sum(e.input_tokens for e in emulator.log)
    assert counted["output_tokens"] == sum(e.output_tokens for e in emulator.log)


async def _sync(agent: Any, state: Any) -> Any:
    return agent.invoke(state)


async def test_a_stream_that_breaks_before_its_content_is_counted_once(
    name, make, emulator
) -> None:
    """The first answer is cut before any text; only the second try is counted."""
    fail(emulator, name, CutMidStream(after=0))
    with get_usage_metadata_callback() as usage:
        message = await call_model(make(clock=NO_PAUSES), "astream")
    (counted,) = usage.usage_metadata.values()
    last = emulator.log[-1]
    assert last.provider in providers_of(name)
    assert (counted["input_tokens"], counted["output_tokens"]) == (
        last.input_tokens,
        last.output_tokens,
    )
    assert message.usage_metadata == counted

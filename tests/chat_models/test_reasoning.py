"""Reasoning as it streams, and as providers require it back beside the results of tools."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from langchain_core.load import dumps, loads
from langchain_core.messages import (
    AIMessage,
    HumanMessage,
    ToolMessage,
    messages_from_dict,
    messages_to_dict,
)

from scout_adapters import ScoutRouterChatModel
from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.testing import Emulator, ServerError
from scout_adapters.testing.ids import sign
from scout_adapters.testing.protocols.gemini import signature
from tests.chat_models.models import MODELS, ROUTE, entry
from tests.chat_models.prompts import SAYINGS, SHY, TOOLS, blocks_of, first_provider, thinking
from tests.support.verbs import merge_chunks

pytestmark = pytest.mark.filterwarnings(
    "ignore::langchain_core._api.beta_decorator.LangChainBetaWarning"
)

Make = Callable[..., ScoutChatModel]
Json = dict[str, Any]

SAYING = SAYINGS["text and calls of one tool"]
THOUGHT = SAYING.thought


async def answer(make: Make, way: str, **options: Any) -> AIMessage:
    """Get the answer with a thought, two calls, and text, in one of the forms it can have."""
    verb, _, version = way.partition(" ")
    model = make(output_version=version or None, **options).bind_tools(TOOLS)
    match verb:
        case "invoke":
            return model.invoke(SAYING.prompt)
        case "ainvoke":
            return await model.ainvoke(SAYING.prompt)
        case "stream":
            return merge_chunks(list(model.stream(SAYING.prompt)))
        case "astream":
            return merge_chunks([chunk async for chunk in model.astream(SAYING.prompt)])
        case "stream_events":
            return model.stream_events(SAYING.prompt, version="v3").output
        case _:
            stream = await model.astream_events(SAYING.prompt, version="v3")
            return await stream.output


WAYS = [
    "invoke v0",
    "invoke v1",
    "ainvoke v1",
    "stream v0",
    "stream v1",
    "astream v0",
    "astream v1",
    "stream_events",
    "astream_events",
]
EVERY_WAY = pytest.mark.parametrize("way", WAYS)


def details(form: str, **more: str) -> list[Json]:
    block = {"text": THOUGHT, "format": form, "index": 0}
    return [{"type": "reasoning.text", **more, **block}]


def chat(name: str) -> Callable[[Json], Any]:
    return lambda body: body["messages"][1].get(name)


def claude(body: Json) -> Any:
    return body["messages"][1]["content"][0]


def gemini(body: Json) -> Any:
    parts = body["contents"][1]["parts"]
    calls = [part for part in parts if "functionCall" in part]
    return [part.get("thoughtSignature") for part in calls]


EXPECTED: Mapping[str, tuple[str, Callable[[Json], Any], Any]] = {
    # https://platform.claude.com/docs/en/build-with-claude/extended-thinking
    "anthropic": (
        "claude-haiku-4-5",
        claude,
        {"type": "thinking", "thinking": THOUGHT, "signature": sign(THOUGHT)},
    ),
    # https://ai.google.dev/gemini-api/docs/thought-signatures: parallel calls share one
    "google": ("gemini-3.5-flash", gemini, [signature("get_weather"), None]),
    # https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
    "openrouter": ("anthropic/claude-sonnet-4.5", chat("reasoning_details"), details("unknown")),
    # https://platform.minimax.io/docs/guides/text-m2-function-call
    "minimax": (
        "MiniMax-M3",
        chat("reasoning_details"),
        details("MiniMax-response-v1", id="reasoning-text-1"),
    ),
    # https://console.groq.com/docs/reasoning
    "groq": ("openai/gpt-oss-20b", chat("reasoning"), THOUGHT),
    # https://api-docs.deepseek.com/guides/thinking_mode
    "deepseek": ("deepseek-v4-flash", chat("reasoning_content"), THOUGHT),
    # https://docs.mistral.ai/capabilities/reasoning
    "mistral": (
        "magistral-medium-latest",
        lambda body: body["messages"][1]["content"][:1],
        [{"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}], "closed": True}],
    ),
}
"""By provider: a model that requires its reasoning back, its place in the request, its value."""


def history(message: AIMessage) -> list[Any]:
    """Put an answer back into its conversation, and answer its calls."""
    results = [ToolMessage("Sunny.", tool_call_id=c["id"]) for c in message.tool_calls]
    return [HumanMessage(SAYING.prompt), message, *results]


@EVERY_WAY
async def test_an_answers_thought_is_a_reasoning_block_before_the_rest(
    name: str, make: Make, way: str
) -> None:
    message = await answer(make, way, **thinking(name))
    assert blocks_of(message) == SAYING.blocks(thought=name not in SHY)


@pytest.mark.parametrize("version", ["v0", "v1"])
async def test_a_thought_streams_in_pieces_that_are_reasoning(
    name: str, make: Make, emulator: Emulator, version: str
) -> None:
    model = make(output_version=version, **thinking(name))
    pieces = [
        block["reasoning"]
        async for chunk in model.astream("Hello")
        for block in chunk.content_blocks
        if block["type"] == "reasoning" and block.get("reasoning")
    ]
    thought = "The user says: Hello I will answer in a sentence or two."
    assert "".join(pieces) == ("" if name in SHY else thought)
    assert name in {*SHY, "google"} or len(pieces) > 1  # Google's thoughts come in summaries
    spent = emulator.log[0].output_tokens
    whole = await model.ainvoke("Hello")
    usage = whole.usage_metadata or {}
    assert usage["output_tokens"] == spent
    if first_provider(name) != "minimax":
        assert usage["output_token_details"]["reasoning"] > 0


@EVERY_WAY
@pytest.mark.parametrize("name", EXPECTED)
async def test_a_thought_goes_back_to_its_maker_as_it_came(
    name: str, make: Make, emulator: Emulator, way: str
) -> None:
    model, find, expected = EXPECTED[name]
    message = await answer(make, way, model=model, reasoning_effort="low")
    make(model=model, reasoning_effort="low").bind_tools(TOOLS).invoke(history(message))
    assert find(emulator.log[1].body) == expected


@EVERY_WAY
@pytest.mark.parametrize("first", ["groq", "anthropic", "google"])
@pytest.mark.parametrize("name", ["router"])
async def test_a_route_sends_reasoning_back_to_its_provider_alone(
    make: Make, emulator: Emulator, first: str, way: str
) -> None:
    models = {**MODELS, "google": "gemini-3.5-flash"}
    order = [first, *(provider for provider in ROUTE if provider != first)]
    route = [
        entry(provider, emulator) | {"model": f"{provider}/{models[provider]}"}
        for provider in order
    ]

    def make_route(**more: Any) -> ScoutChatModel:
        return ScoutRouterChatModel(models=route, reasoning_effort="low", max_retries=0, **more)

    message = await answer(make_route, way)
    assert message.response_metadata["scout"]["provider"] == first
    emulator.script(first, [None, *[ServerError()] * 9])
    make_route().bind_tools(TOOLS).invoke(history(message))
    _, find, expected = EXPECTED[first]
    assert find(emulator.requests(first)[1].body) == expected
    make_route().bind_tools(TOOLS).invoke(history(message))
    elsewhere = [exchange for exchange in emulator.log if exchange.provider != first]
    assert [exchange.status for exchange in elsewhere] == [200]
    assert THOUGHT not in str(elsewhere[0].body)


@pytest.mark.parametrize("kind", ["json", "pickle", "dumps"])
@pytest.mark.parametrize("way", ["invoke v0", "stream v0", "stream v1"])
@pytest.mark.parametrize("name", EXPECTED)
async def test_a_thought_that_was_stored_goes_back_as_it_came(
    name: str, make: Make, emulator: Emulator, way: str, kind: str
) -> None:
    model, find, expected = EXPECTED[name]
    message = stored(await answer(make, way, model=model, reasoning_effort="low"), kind)
    make(model=model, reasoning_effort="low").bind_tools(TOOLS).invoke(history(message))
    assert find(emulator.log[1].body) == expected


def stored(message: AIMessage, kind: str) -> AIMessage:
    """Write a message down and read it again, as checkpointers and databases do."""
    match kind:
        case "json":
            (read,) = messages_from_dict(json.loads(json.dumps(messages_to_dict([message]))))
            return read
        case "pickle":
            return pickle.loads(pickle.dumps(message))
        case _:
            return loads(dumps(message), allowed_objects="messages")

"""Messages that no provider takes as they are: made to fit, or refused with a named error."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from pydantic import BaseModel

from scout_adapters import (
    ScoutAnthropicChatModel,
    ScoutGoogleChatModel,
    ScoutGroqChatModel,
    ScoutMistralChatModel,
    ScoutOpenAIChatModel,
)
from scout_adapters.errors import UnsupportedContent
from scout_adapters.testing import Emulator
from tests.support.verbs import VERBS, call_model

MODELS = {
    "openai": ScoutOpenAIChatModel,
    "groq": ScoutGroqChatModel,
    "mistral": ScoutMistralChatModel,
    "anthropic": ScoutAnthropicChatModel,
    "google": ScoutGoogleChatModel,
}
everywhere = pytest.mark.parametrize("provider", MODELS)


class Amount(BaseModel):
    euros: Decimal


ARGUMENTS = {
    "day": date(2026, 3, 1),
    "at": datetime(2026, 3, 1, 12, tzinfo=UTC),
    "price": Decimal("1.50"),
    "amount": Amount(euros=Decimal(2)),
    "tags": {"one"},
}
PLAIN = {
    "day": "2026-03-01",
    "at": "2026-03-01T12:00:00+00:00",
    "price": "1.50",
    "amount": {"euros": "2"},
    "tags": ["one"],
}


def model_of(provider: str, emulator: Emulator, **options: Any) -> Any:
    return MODELS[provider](transport=emulator.transport(), api_key="k", **options)


@everywhere
@pytest.mark.parametrize("verb", VERBS)
async def test_values_that_are_no_json_are_sent_as_text(provider, verb, emulator) -> None:
    call = {"name": "book", "args": ARGUMENTS, "id": "call12345", "type": "tool_call"}
    history: list[BaseMessage] = [
        HumanMessage("Book it"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("done", tool_call_id="call12345"),
    ]
    await call_model(model_of(provider, emulator), verb, history)
    assert arguments_sent(emulator.log[0].body) == PLAIN


def arguments_sent(body: Any) -> Any:
    if "contents" in body:
        parts = [part for turn in body["contents"] for part in turn["parts"]]
        return next(part["functionCall"]["args"] for part in parts if "functionCall" in part)
    message = next(each for each in body["messages"] if each["role"] == "assistant")
    if "tool_calls" in message:
        return json.loads(message["tool_calls"][0]["function"]["arguments"])
    return message["content"][0]["input"]


@everywhere
def test_a_name_with_spaces_is_made_to_fit(provider, emulator) -> None:
    history = [
        HumanMessage("Hello", name="Anna <Meier>"),
        AIMessage("Hi", name="Research Agent"),
        HumanMessage("Well?", name="  "),
    ]
    model_of(provider, emulator).invoke(history)
    names = [each.get("name") for each in emulator.log[0].body.get("messages", ())]
    fitting = ["Anna_Meier_", "Research_Agent", None]
    nameless = {"google": [], "anthropic": [None] * 3, "mistral": [None] * 3}
    assert names == nameless.get(provider, fitting)


@pytest.mark.parametrize("provider", ["anthropic", "google"])
@pytest.mark.parametrize(
    "history",
    [[HumanMessage("")], [HumanMessage([])], [SystemMessage("Be kind")]],
    ids=["empty", "no blocks", "only instructions"],
)
@pytest.mark.parametrize("verb", VERBS)
async def test_a_conversation_without_content_is_refused_by_name(
    history, provider, verb, emulator
) -> None:
    with pytest.raises(UnsupportedContent, match="nothing to answer"):
        await call_model(model_of(provider, emulator), verb, history)
    assert not emulator.log


@everywhere
def test_no_messages_are_refused_by_name(provider, emulator) -> None:
    with pytest.raises(UnsupportedContent, match="nothing to answer"):
        model_of(provider, emulator).invoke([])
    assert not emulator.log


@everywhere
@pytest.mark.parametrize("verb", VERBS)
async def test_half_a_character_is_sent_as_a_replacement(verb, provider, emulator) -> None:
    call = {"name": "book", "args": {"city": "Rom\ud83d"}, "id": "call12345", "type": "tool_call"}
    history: list[BaseMessage] = [
        HumanMessage("One half \ud83d, and both \ud83d\ude00"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("done \udc00", tool_call_id="call12345"),
    ]
    await call_model(model_of(provider, emulator), verb, history)
    text = str(emulator.log[0].body)
    assert emulator.log[0].status == 200
    assert "One half \ufffd, and both \U0001f600" in text
    assert "done \ufffd" in text
    assert arguments_sent(emulator.log[0].body) == {"city": "Rom\ufffd"}

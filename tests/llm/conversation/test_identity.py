"""Which requests belong to one conversation."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from scout_adapters.llm.conversation.identity import DIGEST_BYTES, conversation_digest
from scout_adapters.llm.types import ChatRequest

SYSTEM = SystemMessage("You are a helpful assistant. " * 100)
FIRST = HumanMessage("What is the weather in Paris?")
LATER = [AIMessage("Sunny."), HumanMessage("And in Rome?")]
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {}}}
PICTURE = [{"type": "text", "text": "Look"}, {"type": "image", "base64": "aaaa" * 9999}]


def request(*messages: BaseMessage, **more: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=messages, **more)


@pytest.mark.parametrize("beginning", [[SYSTEM, FIRST], [FIRST], [SYSTEM, HumanMessage(PICTURE)]])
def test_turns_that_are_added_do_not_change_it(beginning: list[BaseMessage]) -> None:
    first = conversation_digest(request(*beginning))
    assert conversation_digest(request(*beginning, *LATER)) == first
    assert len(first) == DIGEST_BYTES


@pytest.mark.parametrize(
    "other",
    [
        request(SYSTEM, HumanMessage("What is the weather in Oslo?")),
        request(SystemMessage("Be brief. " * 100), FIRST),
        request(FIRST),
        request(SYSTEM, FIRST, tools=[TOOL]),
        request(SYSTEM, HumanMessage([{"type": "text", "text": "x"}])),
        request(SYSTEM, HumanMessage([{"type": "text", "text": FIRST.text}, *PICTURE])),
        request(SYSTEM, HumanMessage(FIRST.text + "x" * 5000)),
        request(),
    ],
)
def test_another_beginning_is_another_conversation(other: ChatRequest) -> None:
    assert conversation_digest(other) != conversation_digest(request(SYSTEM, FIRST))


def test_a_cache_marker_that_moves_does_not_change_it() -> None:
    block = {"type": "text", "text": FIRST.text}
    marked = {**block, "cache_control": {"type": "ephemeral"}}
    forms: list[Any] = [FIRST.text, [FIRST.text], [block], [marked]]
    digests = {conversation_digest(request(SYSTEM, HumanMessage(form))) for form in forms}
    assert len(digests) == 1


def test_media_tell_conversations_apart() -> None:
    others = [
        {**PICTURE[1], "base64": "bbbb" * 9999},
        {"type": "image", "url": "https://a.example"},
    ]
    digests = {
        conversation_digest(request(HumanMessage([PICTURE[0], media])))
        for media in (PICTURE[1], *others)
    }
    assert len(digests) == 3


def test_an_id_takes_the_place_of_the_content() -> None:
    one = conversation_digest(request(FIRST), "thread-1")
    assert conversation_digest(request(SYSTEM, *LATER), "thread-1") == one
    assert conversation_digest(request(FIRST), "thread-2") != one
    assert conversation_digest(request(FIRST)) != one


def test_unusual_contents_have_a_digest() -> None:
    odd: list[Any] = ["\ud800", [], [{"type": "text"}], ["text", {"a": {"b": 1}}], ""]
    digests = {conversation_digest(request(HumanMessage(content))) for content in odd}
    assert len(digests) >= len(odd) - 1

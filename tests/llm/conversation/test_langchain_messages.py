"""Conversations as the chat models of other packages receive them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.conversation.langchain_messages import prepare_messages, wire_of
from scout_adapters.llm.types import ProviderSpec


def card(maker: str, **more: Any) -> ProviderSpec:
    return ProviderSpec(name=maker, docs="", wire=wire_of(maker), base_url="", **more)


def prepared(maker: str, *messages: BaseMessage, **more: Any) -> list[BaseMessage]:
    return prepare_messages(messages, card(maker, **more)).messages


def made(maker: str, content: Any, **more: Any) -> AIMessage:
    return AIMessage(content, response_metadata={"model_provider": maker}, **more)


CALL = {"name": "f", "args": {"a": 1}, "id": "functions.f:0"}


def test_messages_that_need_no_change_are_passed_on_as_they_are() -> None:
    messages = [SystemMessage("a"), HumanMessage("b"), made("openai", "c"), AIMessage("d")]
    assert all(map(lambda new, old: new is old, prepared("openai", *messages), messages))


def test_an_answer_of_another_maker_becomes_text_and_calls() -> None:
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": "x"}
    answer = made(
        "anthropic",
        [thinking, {"type": "text", "text": "Yes.", "citations": [{"a": 1}]}, {"type": "tool_use"}],
        tool_calls=[CALL],
        id="msg_1",
    )
    result = prepare_messages([answer, ToolMessage("1", tool_call_id=CALL["id"])], card("openai"))
    (converted, _) = result.messages
    assert isinstance(converted, AIMessage)
    assert (converted.content, converted.id) == ("Yes.", "msg_1")
    assert [call["args"] for call in converted.tool_calls] == [{"a": 1}]
    assert converted.response_metadata == {}
    assert "reasoning of another maker left out" in result.changes[0]


def test_an_answer_goes_back_to_its_maker_unchanged() -> None:
    answer = made("anthropic", [{"type": "thinking", "thinking": "Hm.", "signature": "x"}])
    assert prepared("anthropic", answer)[0] is answer


def test_ids_of_calls_are_converted_with_those_of_their_results() -> None:
    messages = [made("groq", "", tool_calls=[CALL]), ToolMessage("1", tool_call_id=CALL["id"])]
    for maker in ("groq", "openai"):
        call, result = prepared(maker, *messages, tool_call_id=lambda _: "id1")
        assert isinstance(call, AIMessage)
        assert isinstance(result, ToolMessage)
        assert (call.tool_calls[0]["id"], result.tool_call_id) == ("id1", "id1")


def test_a_broken_call_with_a_result_stays_broken() -> None:
    broken = {"name": "f", "args": "{", "id": "1", "error": None, "type": "invalid_tool_call"}
    answer = made("groq", "", invalid_tool_calls=[broken])
    (converted, _) = prepared("openai", answer, ToolMessage("no", tool_call_id="1"))
    assert isinstance(converted, AIMessage)
    assert converted.tool_calls == []
    assert converted.invalid_tool_calls[0]["args"] == "{"


def test_cache_marks_are_for_anthropic_only() -> None:
    text = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}
    assert prepared("anthropic", HumanMessage([text]))[0].content == [text]
    assert prepared("openai", HumanMessage([text]))[0].content == [{"type": "text", "text": "a"}]


@pytest.mark.parametrize(
    ("block", "converted"),
    [
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "aa"},
            },
            {"type": "image", "base64": "aa", "mime_type": "image/png"},
        ),
        (
            {"type": "document", "source": {"type": "text", "data": "x"}, "title": "T"},
            {"type": "text", "text": "T\n\nx"},
        ),
        (
            {"type": "media", "mime_type": "audio/wav", "data": "aa"},
            {"type": "audio", "base64": "aa", "mime_type": "audio/wav"},
        ),
    ],
    ids=["image", "document", "media"],
)
def test_blocks_of_another_api_become_langchains(block: Any, converted: Any) -> None:
    result = prepare_messages([HumanMessage([block])], card("openai"))
    assert result.messages[0].content == [converted]
    assert bool(result.media) is (converted["type"] != "text")


@pytest.mark.parametrize("maker", ["openai", "anthropic", "google_genai"])
def test_blocks_of_langchain_are_left_to_the_package(maker: str) -> None:
    blocks: Any = [
        {"type": "image", "url": "https://x/y.png"},
        {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
        {"type": "file", "base64": "aa", "mime_type": "application/pdf"},
    ]
    message = HumanMessage(blocks)
    assert prepared(maker, message)[0].content == blocks


def test_tool_results_in_anthropics_form_become_messages_for_others() -> None:
    result = {"type": "tool_result", "tool_use_id": "1", "content": "ok", "is_error": True}
    message = HumanMessage([result, {"type": "text", "text": "Go on"}])
    assert prepared("anthropic", message) == [message]
    tool, human = prepared("openai", message)
    assert isinstance(tool, ToolMessage)
    assert (tool.tool_call_id, tool.content, tool.status) == ("1", "ok", "error")
    assert human.content == [{"type": "text", "text": "Go on"}]


def test_a_block_that_no_api_has_is_refused() -> None:
    with pytest.raises(UnsupportedContent, match="message 0"):
        prepared("openai", HumanMessage([{"type": "hologram"}]))


def test_an_empty_conversation_is_refused() -> None:
    with pytest.raises(UnsupportedContent):
        prepare_messages([], replace(card("openai"), docs="x"))

"""Messages as turns: roles, results of tools, repeated and broken calls."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    ToolMessage,
)

from scout_adapters.errors import UnsupportedContent
from tests.llm.conversation.turns import GOOGLE, OPENAI, blocks, talk


@pytest.mark.parametrize(
    "message",
    [
        FunctionMessage(name="f", content="x"),
        ChatMessage(role="narrator", content="x"),
        RemoveMessage(id="1"),
    ],
    ids=lambda m: type(m).__name__,
)
def test_messages_that_are_no_part_of_a_conversation_are_refused(message: Any) -> None:
    with pytest.raises(UnsupportedContent, match="message 1"):
        talk(OPENAI, HumanMessage("hi"), message)


@pytest.mark.parametrize(
    ("role", "expected"),
    [("user", "user"), ("developer", "system"), ("assistant", "assistant"), ("model", "assistant")],
)
def test_chat_messages_are_taken_by_their_role(role: str, expected: str) -> None:
    assert talk(OPENAI, ChatMessage(role=role, content="x")).turns[0].role == expected


def test_a_result_in_anthropics_form_becomes_a_turn_that_names_its_tool() -> None:
    call = {"name": "search", "args": {}, "id": "c1"}
    result = {"type": "tool_result", "tool_use_id": "c1", "content": "found", "is_error": True}
    turns = talk(
        OPENAI,
        AIMessage("", tool_calls=[call]),
        HumanMessage([result, {"type": "text", "text": "and?"}]),
    ).turns
    assert [turn.role for turn in turns] == ["assistant", "tool", "user"]
    tool = turns[1]
    assert (tool.tool_call_id, tool.tool_name, tool.failed) == ("c1", "search", True)
    assert tool.blocks == [{"type": "text", "text": "found"}]


def test_a_tool_message_without_a_name_gets_its_calls() -> None:
    call = {"name": "search", "args": {}, "id": "c1"}
    turns = talk(
        GOOGLE,
        AIMessage("", tool_calls=[call]),
        ToolMessage("x", tool_call_id="c1", status="error"),
    ).turns
    assert (turns[1].tool_name, turns[1].failed) == ("search", True)


def test_a_call_that_the_content_repeats_is_sent_once_in_its_place() -> None:
    call = {"name": "search", "args": {"q": 1}, "id": "c1"}
    content = [
        {"type": "text", "text": "a"},
        {"type": "tool_use", "id": "c1", "name": "search", "input": {"q": 1}},
        {"type": "text", "text": "b"},
    ]
    (turn_blocks,) = blocks(OPENAI, AIMessage(content, tool_calls=[call]))
    assert [block["type"] for block in turn_blocks] == ["text", "tool_call", "text"]


def test_two_calls_with_the_same_id_or_without_one_are_both_sent() -> None:
    for call_id in ("same", "", None):
        calls = [{"name": name, "args": {}, "id": call_id} for name in ("one", "two")]
        (turn_blocks,) = blocks(OPENAI, AIMessage("", tool_calls=calls))
        assert [block["name"] for block in turn_blocks] == ["one", "two"]


BROKEN = {"name": "f", "args": "{oops", "id": "c1", "error": "x", "type": "invalid_tool_call"}


@pytest.mark.parametrize(
    "answer",
    [
        ToolMessage("Bad JSON.", tool_call_id="c1"),
        HumanMessage([{"type": "tool_result", "tool_use_id": "c1", "content": "Bad JSON."}]),
    ],
    ids=["message", "block"],
)
def test_a_broken_call_is_sent_where_a_result_answers_it(answer: Any) -> None:
    turn_blocks, _ = blocks(OPENAI, AIMessage("", invalid_tool_calls=[BROKEN]), answer)
    assert turn_blocks == [{"type": "tool_call", "id": "c1", "name": "f", "args": "{oops"}]


def test_a_broken_call_without_a_result_is_left_out_and_listed() -> None:
    result = talk(OPENAI, AIMessage("Well", invalid_tool_calls=[BROKEN]), HumanMessage("Go on."))
    assert list(result.turns[0].blocks) == [{"type": "text", "text": "Well"}]
    assert result.changes == ["message 0 (assistant): 1 broken calls left out"]

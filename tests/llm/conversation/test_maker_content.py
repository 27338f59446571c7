"""What belongs to the maker of an answer, goes back to it, and is left out elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    HumanMessage,
)

from scout_adapters.errors import UnsupportedContent
from tests.llm.conversation.turns import ANTHROPIC, GOOGLE, OPENAI, PNG, blocks, talk


@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC, GOOGLE])
def test_what_a_known_maker_wrote_in_no_known_form_stays_with_it(provider: str) -> None:
    about = {"model_provider": "somebody"}
    answer = AIMessage([{"type": "hologram"}, TEXT], response_metadata=about)
    conversation = talk(provider, answer)
    assert list(conversation.turns[0].blocks) == [TEXT]
    assert conversation.changes == ["message 0 (assistant), block 0: hologram left out"]


@pytest.mark.parametrize("kind", ["web_search_call", "server_tool_call", "hologram"])
def test_chat_completions_take_no_blocks_of_other_apis_back(kind: str) -> None:
    answer = AIMessage([{"type": kind}, TEXT], response_metadata={"model_provider": "openai"})
    assert list(talk(OPENAI, answer).turns[0].blocks) == [TEXT]


def test_marks_of_another_maker_are_taken_off() -> None:
    call = {"name": "f", "args": {}, "id": "c1"}
    content = [
        {**TEXT, "extras": {"signature": "s"}, "citations": [{}], "annotations": [{}]},
        {"type": "tool_call", **call, "extras": {"signature": "s", "caller": {"type": "direct"}}},
    ]
    about = {"model_provider": "somebody", "output_version": "v1"}
    turn_blocks, *_ = blocks(GOOGLE, AIMessage(content, tool_calls=[call], response_metadata=about))
    assert turn_blocks == [TEXT, {"type": "tool_call", **call}]


def claude(content: Any, **more: Any) -> AIMessage:
    return AIMessage(content, response_metadata={"model_provider": "anthropic"}, **more)


THINKING = {"type": "thinking", "thinking": "hm", "signature": "sig"}

SEARCH = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}

TEXT = {"type": "text", "text": "hello"}


def test_signed_thinking_goes_back_to_its_maker_unchanged() -> None:
    conversation = talk(ANTHROPIC, claude([THINKING, TEXT]))
    assert list(conversation.turns[0].blocks) == [
        {"type": "reasoning", "reasoning": "hm", "signature": "sig"},
        TEXT,
    ]
    assert conversation.changes == []


@pytest.mark.parametrize("provider", [OPENAI, GOOGLE, "groq"])
@pytest.mark.parametrize(
    "bound",
    [
        THINKING,
        {"type": "reasoning", "reasoning": "hm"},
        {"type": "redacted_thinking", "data": "x"},
        SEARCH,
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []},
        {"type": "server_tool_call", "id": "s", "name": "x", "args": {}},
        {"type": "non_standard", "value": {"type": "compaction", "content": "x"}},
        {"type": "image", **PNG},
    ],
    ids=lambda block: block["type"],
)
def test_what_a_maker_bound_to_itself_is_left_out_elsewhere_and_listed(
    bound: Any, provider: str
) -> None:
    conversation = talk(provider, claude([bound, TEXT]))
    assert list(conversation.turns[0].blocks) == [TEXT]
    assert len(conversation.changes) == 1
    assert "message 0 (assistant), block 0" in conversation.changes[0]


def test_a_makers_unknown_block_goes_back_to_it_as_it_came() -> None:
    novel = {"type": "from_the_future", "x": 1}
    conversation = talk(ANTHROPIC, claude([novel, TEXT]))
    assert conversation.turns[0].blocks[0] == {"type": "native", "value": novel}


def test_reasoning_beside_the_content_goes_back_to_its_maker_alone() -> None:
    about = {"model_provider": "deepseek"}
    extra_fields = {"reasoning_content": "hm", "secret_state": "x"}
    message = AIMessage("hello", additional_kwargs=extra_fields, response_metadata=about)
    own, other = talk("deepseek", message), talk(OPENAI, message)
    assert own.turns[0].blocks[0] == {"type": "reasoning", "reasoning": "hm"}
    assert own.turns[0].extras["secret_state"] == "x"
    assert [block["type"] for block in other.turns[0].blocks] == ["text"]
    assert other.turns[0].extras == {}
    assert len(other.changes) == 1


def test_odd_reasoning_blocks_do_not_crash() -> None:
    odd = [
        {"type": "reasoning_content", "reasoning_content": "text"},
        {"type": "reasoning", "extras": None},
        {"type": "non_standard", "value": None},
    ]
    for block in odd:
        message = claude([TEXT])
        message.content = [block, TEXT]
        for provider in (OPENAI, ANTHROPIC):
            try:
                talk(provider, message)
            except UnsupportedContent:
                continue


async def test_what_was_left_out_stands_in_the_answer(providers, wire, groq, ask) -> None:
    providers.on("api.groq.com", wire.say())
    history = [HumanMessage("hi"), claude([THINKING, TEXT]), HumanMessage("again")]
    scout = (await ask(groq(), history)).response_metadata["scout"]
    assert scout["changes"] == [
        "message 1 (assistant), block 0: reasoning of another maker left out"
    ]
    assert "hm" not in str(providers.bodies[0])


@pytest.mark.parametrize("block", [7, {"type": "hologram"}, {"type": "non_standard", "value": "x"}])
def test_what_an_unknown_author_wrote_in_no_known_form_is_refused_in_answers_too(
    block: Any,
) -> None:
    answer = AIMessage([TEXT])
    answer.content = [TEXT, block]
    with pytest.raises(UnsupportedContent, match=r"message 0 \(assistant\), block 1"):
        talk(OPENAI, answer)

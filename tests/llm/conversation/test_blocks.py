"""Every form of content that LangChain lets through, and what stays with its maker."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)

from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.conversation.blocks import canonical
from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.providers import registry
from scout_adapters.llm.wires import openai_chat

PNG = {"base64": "AAAA", "mime_type": "image/png"}
OPENAI, ANTHROPIC, GOOGLE = "openai", "anthropic", "google"


def talk(provider: str, *messages: Any) -> Any:
    return build_turns(list(messages), registry.spec(provider))


def blocks(provider: str, *messages: Any) -> list[list[Any]]:
    return [list(turn.blocks) for turn in talk(provider, *messages).turns]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("plain", {"type": "text", "text": "plain"}),
        ({"type": "text", "text": "t"}, {"type": "text", "text": "t"}),
        ({"text": "untyped"}, {"type": "text", "text": "untyped"}),
        (
            {"type": "refusal", "refusal": "no"},
            {"type": "native", "value": {"type": "refusal", "refusal": "no"}},
        ),
        # LangChain v1
        ({"type": "image", "base64": "AAAA", "mime_type": "image/png"}, {"type": "image", **PNG}),
        ({"type": "image", "url": "https://x/y.png"}, {"type": "image", "url": "https://x/y.png"}),
        ({"type": "image", "file_id": "f1"}, {"type": "image", "file_id": "f1"}),
        (
            {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"},
            {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"},
        ),
        (
            {"type": "video", "url": "https://x/v.mp4", "mime_type": "video/mp4"},
            {"type": "video", "url": "https://x/v.mp4", "mime_type": "video/mp4"},
        ),
        (
            {
                "type": "file",
                "base64": "AAAA",
                "mime_type": "text/csv",
                "extras": {"filename": "a"},
            },
            {"type": "file", "base64": "AAAA", "mime_type": "text/csv", "filename": "a"},
        ),
        (
            {"type": "text-plain", "text": "body", "title": "Title"},
            {"type": "text", "text": "Title\n\nbody"},
        ),
        # LangChain v0
        (
            {"type": "image", "source_type": "base64", "data": "AAAA", "mime_type": "image/png"},
            {"type": "image", **PNG},
        ),
        (
            {"type": "image", "source_type": "url", "url": "https://x"},
            {"type": "image", "url": "https://x"},
        ),
        ({"type": "file", "source_type": "id", "id": "f"}, {"type": "file", "file_id": "f"}),
        (
            {"type": "file", "source_type": "text", "text": "body"},
            {"type": "text", "text": "body"},
        ),
        # OpenAI
        (
            {"type": "image_url", "image_url": "https://x"},
            {"type": "image", "url": "https://x"},
        ),
        (
            {
                "type": "image_url",
                "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"},
            },
            {"type": "image", **PNG, "detail": "low"},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
            {"type": "audio", "base64": "AAAA", "mime_type": "audio/mp3"},
        ),
        (
            {
                "type": "file",
                "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a"},
            },
            {"type": "file", "base64": "AAAA", "mime_type": "application/pdf", "filename": "a"},
        ),
        ({"type": "file", "file": {"file_id": "f"}}, {"type": "file", "file_id": "f"}),
        (
            {"type": "video_url", "video_url": {"url": "https://x"}},
            {"type": "video", "url": "https://x"},
        ),
        # Anthropic
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
            },
            {"type": "image", **PNG},
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "https://x"}},
            {"type": "image", "url": "https://x"},
        ),
        (
            {"type": "document", "source": {"type": "text", "data": "body"}, "title": "T"},
            {"type": "text", "text": "T\n\nbody"},
        ),
        (
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"},
            },
            {"type": "file", "base64": "AAAA", "mime_type": "application/pdf"},
        ),
        # Google
        (
            {"type": "media", "mime_type": "audio/ogg", "data": "AAAA"},
            {"type": "audio", "base64": "AAAA", "mime_type": "audio/ogg"},
        ),
        (
            {"type": "media", "mime_type": "audio/ogg", "data": b"\x00\x01"},
            {
                "type": "audio",
                "base64": base64.b64encode(b"\x00\x01").decode(),
                "mime_type": "audio/ogg",
            },
        ),
        (
            {"type": "media", "mime_type": "video/mp4", "file_uri": "gs://x"},
            {"type": "video", "url": "gs://x", "mime_type": "video/mp4"},
        ),
        (
            {"type": "media", "mime_type": "application/pdf", "data": "AAAA"},
            {"type": "file", "base64": "AAAA", "mime_type": "application/pdf"},
        ),
        # wrapped
        (
            {"type": "non_standard", "value": {"type": "text", "text": "t"}},
            {"type": "text", "text": "t"},
        ),
        (
            {"type": "text", "text": "t", "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": "t", "cache_control": {"type": "ephemeral"}},
        ),
    ],
    ids=repr,
)
def test_every_form_has_one_canonical_form(block: Any, expected: Any) -> None:
    assert canonical(block, "message 0", openai_chat.WIRE) == expected


@pytest.mark.parametrize(
    "block",
    [
        7,
        None,
        {"type": "hologram", "data": "AAAA"},
        {"type": "image"},
        {"type": "image_url", "image_url": 7},
        {"type": "input_audio", "input_audio": {}},
        {"type": "text", "text": 7},
        {"type": "non_standard", "value": "text"},
        {"type": "tool_use", "input": "no"},
        {"type": "executable_code", "code": "x"},
        {},
    ],
    ids=repr,
)
@pytest.mark.parametrize("message", [HumanMessage, SystemMessage, "tool"])
def test_what_nobody_can_send_is_refused_by_the_place_where_it_stands(
    message: Any, block: Any
) -> None:
    content = [{"type": "text", "text": "fine"}]
    made = ToolMessage(content, tool_call_id="c") if message == "tool" else message(content=content)
    made.content = [*content, block]
    with pytest.raises(UnsupportedContent) as caught:
        talk(OPENAI, HumanMessage("hi"), made)
    assert "message 1" in str(caught.value)
    assert "block 1" in str(caught.value)


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
    (made,) = blocks(OPENAI, AIMessage(content, tool_calls=[call]))
    assert [block["type"] for block in made] == ["text", "tool_call", "text"]


def test_two_calls_with_the_same_id_or_without_one_are_both_sent() -> None:
    for call_id in ("same", "", None):
        calls = [{"name": name, "args": {}, "id": call_id} for name in ("one", "two")]
        (made,) = blocks(OPENAI, AIMessage("", tool_calls=calls))
        assert [block["name"] for block in made] == ["one", "two"]


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
    made, _ = blocks(OPENAI, AIMessage("", invalid_tool_calls=[BROKEN]), answer)
    assert made == [{"type": "tool_call", "id": "c1", "name": "f", "args": "{oops"}]


def test_a_broken_call_that_nobody_answered_is_left_out_and_said_so() -> None:
    found = talk(OPENAI, AIMessage("Well", invalid_tool_calls=[BROKEN]), HumanMessage("Go on."))
    assert list(found.turns[0].blocks) == [{"type": "text", "text": "Well"}]
    assert found.changes == ["message 0 (assistant): 1 broken calls left out"]


@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC, GOOGLE])
def test_what_a_known_maker_wrote_in_no_known_form_stays_with_it(provider: str) -> None:
    about = {"model_provider": "somebody"}
    made = AIMessage([{"type": "hologram"}, TEXT], response_metadata=about)
    found = talk(provider, made)
    assert list(found.turns[0].blocks) == [TEXT]
    assert found.changes == ["message 0 (assistant), block 0: hologram left out"]


@pytest.mark.parametrize("kind", ["web_search_call", "server_tool_call", "hologram"])
def test_chat_completions_take_no_blocks_of_other_apis_back(kind: str) -> None:
    made = AIMessage([{"type": kind}, TEXT], response_metadata={"model_provider": "openai"})
    assert list(talk(OPENAI, made).turns[0].blocks) == [TEXT]


def test_marks_of_another_maker_are_taken_off() -> None:
    call = {"name": "f", "args": {}, "id": "c1"}
    content = [
        {**TEXT, "extras": {"signature": "s"}, "citations": [{}], "annotations": [{}]},
        {"type": "tool_call", **call, "extras": {"signature": "s", "caller": {"type": "direct"}}},
    ]
    about = {"model_provider": "somebody", "output_version": "v1"}
    made, *_ = blocks(GOOGLE, AIMessage(content, tool_calls=[call], response_metadata=about))
    assert made == [TEXT, {"type": "tool_call", **call}]


def claude(content: Any, **more: Any) -> AIMessage:
    return AIMessage(content, response_metadata={"model_provider": "anthropic"}, **more)


THINKING = {"type": "thinking", "thinking": "hm", "signature": "sig"}
SEARCH = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}
TEXT = {"type": "text", "text": "hello"}


def test_signed_thinking_goes_back_to_its_maker_unchanged() -> None:
    found = talk(ANTHROPIC, claude([THINKING, TEXT]))
    assert list(found.turns[0].blocks) == [
        {"type": "reasoning", "reasoning": "hm", "signature": "sig"},
        TEXT,
    ]
    assert found.changes == []


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
def test_what_a_maker_bound_to_itself_is_left_out_elsewhere_and_said_so(
    bound: Any, provider: str
) -> None:
    found = talk(provider, claude([bound, TEXT]))
    assert list(found.turns[0].blocks) == [TEXT]
    assert len(found.changes) == 1
    assert "message 0 (assistant), block 0" in found.changes[0]


def test_a_makers_unknown_block_goes_back_to_it_as_it_came() -> None:
    novel = {"type": "from_the_future", "x": 1}
    found = talk(ANTHROPIC, claude([novel, TEXT]))
    assert found.turns[0].blocks[0] == {"type": "native", "value": novel}


def test_reasoning_beside_the_content_goes_back_to_its_maker_alone() -> None:
    about = {"model_provider": "deepseek"}
    kept = {"reasoning_content": "hm", "secret_state": "x"}
    message = AIMessage("hello", additional_kwargs=kept, response_metadata=about)
    own, other = talk("deepseek", message), talk(OPENAI, message)
    assert own.turns[0].blocks[0] == {"type": "reasoning", "reasoning": "hm"}
    assert own.turns[0].kept["secret_state"] == "x"
    assert [block["type"] for block in other.turns[0].blocks] == ["text"]
    assert other.turns[0].kept == {}
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


async def test_what_was_left_out_stands_in_the_answer(house, wire, groq, ask) -> None:
    house.on("api.groq.com", wire.say())
    history = [HumanMessage("hi"), claude([THINKING, TEXT]), HumanMessage("again")]
    scout = (await ask(groq(), history)).response_metadata["scout"]
    assert scout["changes"] == [
        "message 1 (assistant), block 0: reasoning of another maker left out"
    ]
    assert "hm" not in str(house.bodies[0])


@pytest.mark.parametrize("block", [7, {"type": "hologram"}, {"type": "non_standard", "value": "x"}])
def test_what_an_unknown_author_wrote_in_no_known_form_is_refused_in_answers_too(
    block: Any,
) -> None:
    made = AIMessage([TEXT])
    made.content = [TEXT, block]
    with pytest.raises(UnsupportedContent, match=r"message 0 \(assistant\), block 1"):
        talk(OPENAI, made)

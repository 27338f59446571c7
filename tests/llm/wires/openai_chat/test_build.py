"""Where a request goes, and its messages, in the form of Chat Completions."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import ProviderSpec, Turn
from scout_adapters.llm.wires.openai_chat import WIRE
from tests.llm.wires.openai_chat.requests import PLAIN, build, card, text, user


def assistant(*blocks: Json, **more: Any) -> Turn:
    return Turn(role="assistant", blocks=blocks, at=1, **more)


def tool(*blocks: Json, **more: Any) -> Turn:
    return Turn(role="tool", blocks=blocks, at=2, tool_call_id="call_1", **more)


def call(**args: Any) -> Json:
    return {"type": "tool_call", "id": "call_1", "name": "weather", "args": args}


def message(turn: Turn, spec: ProviderSpec = PLAIN) -> Json:
    return build(spec, (turn,))["messages"][0]


# URL and headers.


def test_every_model_is_asked_at_one_endpoint() -> None:
    assert (
        WIRE.endpoint("m", stream=True) == WIRE.endpoint("n", stream=False) == "/chat/completions"
    )
    assert WIRE.version == "v1"


def test_the_key_is_a_bearer_token_and_no_key_is_no_header() -> None:
    assert WIRE.auth_headers("k") == {"Authorization": "Bearer k"}
    assert WIRE.auth_headers("") == {}


# Rendering messages.


@pytest.mark.parametrize(
    ("turn", "rendered"),
    [
        (user(text("hi")), {"role": "user", "content": "hi"}),
        (user(text("hi"), name="ada"), {"role": "user", "content": "hi", "name": "ada"}),
        (user(text("a"), text("b")), {"role": "user", "content": [text("a"), text("b")]}),
        (user(text("a"), text("")), {"role": "user", "content": "a"}),
        (user(), {"role": "user", "content": ""}),
        (
            Turn(role="system", blocks=[text("be brief")], at=0),
            {"role": "system", "content": "be brief"},
        ),
        (
            tool(text("12 °C")),
            {"role": "tool", "content": "12 °C", "tool_call_id": "call_1"},
        ),
        (
            tool(text("Error: no such city"), failed=True),
            {"role": "tool", "content": "Error: no such city", "tool_call_id": "call_1"},
        ),
        (
            tool(text("a"), text("b")),
            {"role": "tool", "content": [text("a"), text("b")], "tool_call_id": "call_1"},
        ),
        (
            user({"type": "native", "value": {"type": "x"}}),
            {"role": "user", "content": [{"type": "x"}]},
        ),
    ],
)
def test_a_turn_becomes_the_message_that_the_api_documents(turn: Turn, rendered: Json) -> None:
    assert message(turn) == rendered


def test_a_turn_of_tool_calls_only_has_null_content_and_unescaped_arguments() -> None:
    assert message(assistant(call(city="Zürich"))) == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city": "Zürich"}'},
            }
        ],
    }


def test_text_beside_tool_calls_is_kept() -> None:
    rendered = message(assistant(text("Let me look."), call()))
    assert rendered["content"] == "Let me look."
    assert rendered["tool_calls"][0]["function"]["arguments"] == "{}"


def test_a_call_and_its_result_get_the_same_mapped_id() -> None:
    spec = card(tool_call_id=lambda call_id: call_id.replace("_", "").ljust(9, "0"))
    call_message, answered = build(spec, (assistant(call()), tool(text("ok"))))["messages"]
    assert call_message["tool_calls"][0]["id"] == answered["tool_call_id"] == "call10000"


IMAGE = {"type": "image", "base64": "QUJD", "mime_type": "image/png"}

PDF = {"type": "file", "base64": "QUJD", "mime_type": "application/pdf"}

CLIP = {"type": "video", "url": "https://example.com/a.mp4", "mime_type": "video/mp4"}


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (IMAGE, {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}),
        (
            {"type": "image", "url": "https://example.com/a.png", "detail": "low"},
            {
                "type": "image_url",
                "image_url": {"url": "https://example.com/a.png", "detail": "low"},
            },
        ),
        (
            {"type": "audio", "base64": "QUJD", "mime_type": "audio/mpeg"},
            {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}},
        ),
        (
            {"type": "audio", "base64": "QUJD", "mime_type": "audio/x-wav; rate=16000"},
            {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}},
        ),
        (
            PDF,
            {
                "type": "file",
                "file": {
                    "filename": "document.pdf",
                    "file_data": "data:application/pdf;base64,QUJD",
                },
            },
        ),
        (
            PDF | {"filename": "bill.pdf"},
            {
                "type": "file",
                "file": {"filename": "bill.pdf", "file_data": "data:application/pdf;base64,QUJD"},
            },
        ),
        ({"type": "file", "file_id": "file-1"}, {"type": "file", "file": {"file_id": "file-1"}}),
    ],
)
def test_media_become_the_parts_that_the_api_documents(block: Json, part: Json) -> None:
    assert message(user(text("look"), block))["content"] == [text("look"), part]


@pytest.mark.parametrize(
    "block",
    [
        CLIP,
        {"type": "file", "url": "https://example.com/a.pdf"},
        {"type": "audio", "url": "https://example.com/a.wav"},
        {"type": "audio", "base64": "QUJD"},
        {"type": "image", "file_id": "file-1"},
    ],
)
def test_what_the_api_cannot_carry_names_the_message_and_the_block(block: Json) -> None:
    with pytest.raises(UnsupportedContent, match=rf"message 0 \(user\).*{block['type']}"):
        message(user(block))


def test_answers_hold_no_media() -> None:
    with pytest.raises(UnsupportedContent, match="carry text only"):
        message(assistant(IMAGE))


def test_a_card_may_take_more_than_openai_does() -> None:
    spec = card(takes=frozenset({"video", "file_url", "tool_images"}))
    linked = {"type": "file", "url": "https://example.com/a.pdf", "filename": "a.pdf"}
    assert message(user(CLIP, linked), spec)["content"] == [
        {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "https://example.com/a.pdf"}},
    ]
    assert message(tool(IMAGE), spec)["content"][0]["type"] == "image_url"
    with pytest.raises(UnsupportedContent, match="base64 or as a URL"):
        message(user({"type": "video", "file_id": "v"}), spec)


def test_cache_markers_go_only_where_they_are_taken() -> None:
    turn = user(text("long", cache_control={"type": "ephemeral"}))
    assert message(turn)["content"] == "long"
    marked = [text("long", cache_control={"type": "ephemeral"})]
    assert message(turn, card(cache_markers=True))["content"] == marked


THOUGHT = {"type": "reasoning", "reasoning": "Hm."}

CHUNK = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}], "closed": True}

DETAILS = [
    {"type": "reasoning.summary", "summary": "Hm.", "index": 0, "id": "rs_1"},
    {"type": "reasoning.text", "text": "Hm.", "index": 1, "id": "t1"},
]


@pytest.mark.parametrize(
    ("field", "turn", "sent"),
    [
        ("", assistant(THOUGHT, text("Yes.")), {}),
        (
            "reasoning_content",
            assistant(THOUGHT, THOUGHT, text("Yes.")),
            {"reasoning_content": "Hm.Hm."},
        ),
        (
            "reasoning",
            assistant(text("Yes."), extras={"reasoning_content": "Hm."}),
            {"reasoning": "Hm."},
        ),
        ("reasoning", assistant(text("Yes.")), {}),
        (
            "reasoning_details",
            assistant(THOUGHT, text("Yes."), extras={"reasoning_details": DETAILS}),
            {
                "reasoning_details": [
                    {"type": "reasoning.summary", "summary": "Hm.", "index": 0},
                    {"type": "reasoning.text", "text": "Hm.", "index": 1, "id": "t1"},
                ]
            },
        ),
        ("reasoning_details", assistant(THOUGHT, text("Yes.")), {"reasoning": "Hm."}),
        ("content", assistant(THOUGHT, text("Yes.")), {"content": [CHUNK, text("Yes.")]}),
        (
            "content",
            assistant(THOUGHT, text("Yes."), text("No.")),
            {"content": [CHUNK, text("Yes."), text("No.")]},
        ),
        ("content", assistant(text("Yes.")), {}),
    ],
)
def test_thoughts_go_back_under_the_field_of_the_card(field: str, turn: Turn, sent: Json) -> None:
    plain = {"role": "assistant", "content": "Yes."}
    assert message(turn, card(reasoning_field=field)) == plain | sent


def test_speech_and_legacy_calls_go_back_to_their_maker() -> None:
    spoken = message(assistant(extras={"audio": {"id": "audio_1", "data": "QUJD"}}))
    assert spoken == {"role": "assistant", "content": None, "audio": {"id": "audio_1"}}
    function = {"name": "f", "arguments": "{}"}
    called = message(assistant(extras={"function_call": function}))
    assert called == {"role": "assistant", "content": None, "function_call": function}

"""Conversations for Gemini: turns in, `contents` and `systemInstruction` out."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.gemini import WIRE

SPEC = ProviderSpec(
    name="google",
    docs="https://ai.google.dev/api/generate-content",
    wire=WIRE,
    base_url="https://generativelanguage.googleapis.com",
    model_provider="google_genai",
)
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
SIGNATURES = "__gemini_function_call_thought_signatures__"


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def call(call_id: str = "c1", name: str = "add", **more: Any) -> Json:
    return {"type": "tool_call", "id": call_id, "name": name, "args": {"a": 1}, **more}


def turn(role: Any, *blocks: Json, **more: Any) -> Turn:
    return Turn(role=role, blocks=blocks, at=0, **more)


def result(words: str, call_id: str = "c1", *more: Json, failed: bool = False) -> Turn:
    return turn("tool", text(words), *more, tool_call_id=call_id, tool_name="add", failed=failed)


def body(*turns: Turn, model: str = "gemini-2.5-flash", **options: Any) -> Json:
    request = ChatRequest(model=model, messages=[HumanMessage("unused")], **options)
    return WIRE.build_body(request, turns or [turn("user", text("hi"))], SPEC)


def contents(*turns: Turn, model: str = "gemini-2.5-flash") -> list[Json]:
    return body(*turns, model=model)["contents"]


@pytest.mark.parametrize(
    ("model", "stream", "endpoint"),
    [
        ("gemini-2.5-flash", False, "/models/gemini-2.5-flash:generateContent"),
        ("gemini-2.5-flash", True, "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
        ("models/gemini-2.5-flash", False, "/models/gemini-2.5-flash:generateContent"),
        ("tunedModels/mine-1", False, "/tunedModels/mine-1:generateContent"),
        ("a?b#c", False, "/models/a%3Fb%23c:generateContent"),
    ],
)
def test_the_model_is_a_part_of_the_path(model: str, stream: bool, endpoint: str) -> None:
    assert WIRE.endpoint(model, stream=stream) == endpoint


def test_the_key_is_in_a_header_and_not_in_the_url() -> None:
    assert WIRE.auth_headers("k") == {"x-goog-api-key": "k"}


def test_system_turns_become_the_system_instruction_wherever_they_stand() -> None:
    sent = body(turn("system", text("a")), turn("user", text("hi")), turn("system", text("b")))
    assert sent == {
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "systemInstruction": {"parts": [{"text": "a"}, {"text": "b"}]},
    }


def test_a_signed_image_of_an_answer_goes_back_signed() -> None:
    image = {"type": "image", "base64": "AAAA", "mime_type": "image/png", "signature": "s"}
    part = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thoughtSignature": "s"}
    assert contents(turn("assistant", image))[0]["parts"] == [part]


def test_turns_of_one_role_in_a_row_are_one_content() -> None:
    assert contents(
        turn("user", text("a")), turn("user", text("b")), turn("assistant", text("c"))
    ) == [
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        {"role": "model", "parts": [{"text": "c"}]},
    ]


def test_a_turn_without_parts_is_left_out() -> None:
    assert contents(
        turn("user", text("a")), turn("assistant", text("")), turn("user", text("b"))
    ) == [{"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}]


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (
            {"type": "image", "base64": "AAAA", "mime_type": "image/webp"},
            {"inlineData": {"mimeType": "image/webp", "data": "AAAA"}},
        ),
        (
            {"type": "image", "base64": PNG},
            {"inlineData": {"mimeType": "image/png", "data": PNG}},
        ),
        (
            {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"},
            {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}},
        ),
        (
            {"type": "file", "base64": "AAAA", "mime_type": "application/pdf"},
            {"inlineData": {"mimeType": "application/pdf", "data": "AAAA"}},
        ),
        (
            {"type": "image", "url": "https://example.com/cat.JPG?size=1"},
            {
                "fileData": {
                    "fileUri": "https://example.com/cat.JPG?size=1",
                    "mimeType": "image/jpeg",
                }
            },
        ),
        (
            {"type": "video", "url": "https://youtu.be/abc"},
            {"fileData": {"fileUri": "https://youtu.be/abc"}},
        ),
        (
            {"type": "file", "file_id": "files/abc", "mime_type": "application/pdf"},
            {
                "fileData": {
                    "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc",
                    "mimeType": "application/pdf",
                }
            },
        ),
    ],
)
def test_media_are_sent_inline_or_by_reference(block: Json, part: Json) -> None:
    assert contents(turn("user", block))[0]["parts"] == [part]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "audio", "base64": "AAAA"},
        {"type": "image"},
        {"type": "native", "value": {"type": "x"}},
    ],
)
def test_a_block_that_no_part_can_carry_is_named(block: Json) -> None:
    with pytest.raises(UnsupportedContent, match=r"message 0 \(user\): cannot send"):
        contents(turn("user", block))


def test_calls_go_back_with_the_signatures_that_the_message_kept() -> None:
    extras = {SIGNATURES: {"c1": "sig1"}}
    sent = contents(turn("assistant", text("well"), call(), call("c2"), extras=extras))
    assert sent[0]["parts"] == [
        {"text": "well"},
        {"functionCall": {"name": "add", "args": {"a": 1}, "id": "c1"}, "thoughtSignature": "sig1"},
        {"functionCall": {"name": "add", "args": {"a": 1}, "id": "c2"}},
    ]


def test_signed_text_and_signed_thoughts_go_back_signed_and_unsigned_thoughts_stay_behind() -> None:
    thought = {"type": "reasoning", "reasoning": "hm", "signature": "s1"}
    summary = {"type": "reasoning", "reasoning": "a summary"}
    signed = {"type": "text", "text": "", "signature": "s2"}
    assert contents(turn("assistant", thought, summary, signed))[0]["parts"] == [
        {"text": "hm", "thought": True, "thoughtSignature": "s1"},
        {"text": "", "thoughtSignature": "s2"},
    ]


@pytest.mark.parametrize(
    "model", ["gemini-3-flash-preview", "gemini-flash-latest", "gemini-4-argon"]
)
def test_gemini_3_gets_a_stand_in_for_the_signature_of_every_steps_first_call(model: str) -> None:
    steps = [
        turn("assistant", call("c1"), call("c2")),
        result("1"),
        result("2", "c2"),
        turn("assistant", call("c3", signature="real")),
        result("3", "c3"),
    ]
    sent = [
        part.get("thoughtSignature")
        for content in contents(*steps, model=model)
        for part in content["parts"]
    ]
    assert sent == ["skip_thought_signature_validator", None, None, None, "real", None]


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-2.5-pro-latest", "gemma-3-27b-it"])
def test_older_models_get_no_stand_in_for_a_signature(model: str) -> None:
    assert "thoughtSignature" not in contents(turn("assistant", call()), model=model)[0]["parts"][0]


def test_parallel_results_are_one_content_and_the_next_user_message_is_another() -> None:
    sent = contents(result("1"), result("boom", "c2", failed=True), turn("user", text("and?")))
    assert sent == [
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "add", "id": "c1", "response": {"output": "1"}}},
                {"functionResponse": {"name": "add", "id": "c2", "response": {"error": "boom"}}},
            ],
        },
        {"role": "user", "parts": [{"text": "and?"}]},
    ]


@pytest.mark.parametrize(
    ("words", "response"),
    [
        ('{"sum": 3}', {"sum": 3}),
        ("[1, 2]", {"output": [1, 2]}),
        ("{not json", {"output": "{not json"}),
        ("007", {"output": "007"}),
        ("", {"output": ""}),
    ],
)
def test_a_result_that_is_json_stays_json(words: str, response: Json) -> None:
    assert contents(result(words))[0]["parts"][0]["functionResponse"]["response"] == response


def test_an_image_in_a_result_is_inside_of_it_since_gemini_3_and_after_it_before() -> None:
    image = {"type": "image", "base64": PNG, "mime_type": "image/png"}
    part = {"inlineData": {"mimeType": "image/png", "data": PNG}}
    answered = {"name": "add", "id": "c1", "response": {"output": "see"}}
    after = contents(result("see", "c1", image))[0]["parts"]
    inside = contents(result("see", "c1", image), model="gemini-3-flash-preview")[0]["parts"]
    assert after == [{"functionResponse": answered}, part]
    assert inside == [{"functionResponse": answered | {"parts": [part]}}]


def test_a_video_in_a_result_stands_after_it_even_for_gemini_3() -> None:
    video = {"type": "video", "base64": "AAAA", "mime_type": "video/mp4"}
    sent = contents(result("see", "c1", video), model="gemini-3-flash-preview")
    assert sent[0]["parts"][1] == {"inlineData": {"mimeType": "video/mp4", "data": "AAAA"}}


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (
            {
                "type": "executable_code",
                "executable_code": "1",
                "language": "PYTHON",
                "id": "k1",
                "extras": {"signature": "s"},
            },
            {
                "executableCode": {"code": "1", "language": "PYTHON", "id": "k1"},
                "thoughtSignature": "s",
            },
        ),
        (
            {
                "type": "code_execution_result",
                "code_execution_result": "2",
                "outcome": 2,
                "tool_call_id": "6f3b8f0e-3c5d-5a7e-8a52-0e8b1f2d3c4b",
            },
            {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "2"}},
        ),
        (
            {"type": "file_data", "file_uri": "gs://b/x", "mime_type": "image/png"},
            {"fileData": {"fileUri": "gs://b/x", "mimeType": "image/png"}},
        ),
        (
            {
                "type": "server_tool_call",
                "name": "google_search_web",
                "id": "k1",
                "args": {"q": 1},
                "extras": {"signature": "s"},
            },
            {
                "toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "args": {"q": 1}, "id": "k1"},
                "thoughtSignature": "s",
            },
        ),
        (
            {
                "type": "server_tool_result",
                "tool_call_id": "k1",
                "output": {"r": 1},
                "extras": {"block_type": "file_search"},
            },
            {"toolResponse": {"toolType": "FILE_SEARCH", "response": {"r": 1}, "id": "k1"}},
        ),
        ({"videoMetadata": {"fps": 1}}, {"videoMetadata": {"fps": 1}}),
    ],
)
def test_blocks_of_geminis_own_go_back_as_the_parts_that_they_were(value: Json, part: Json) -> None:
    assert contents(turn("assistant", {"type": "native", "value": value}))[0]["parts"] == [part]

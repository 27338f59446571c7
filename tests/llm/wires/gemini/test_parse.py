"""Whole answers of Gemini: a JSON body in, an `AIMessage` out."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.gemini import WIRE

SPEC = ProviderSpec(
    name="google",
    docs="https://ai.google.dev/api/generate-content",
    wire=WIRE,
    base_url="https://generativelanguage.googleapis.com",
    model_provider="google_genai",
)
SIGNATURES = "__gemini_function_call_thought_signatures__"
COUNTS = {"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 13}


def answer(*parts: Json, **more: Any) -> Json:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP"}
    return {
        "candidates": [candidate | more.pop("candidate", {})],
        "usageMetadata": COUNTS,
        "modelVersion": "gemini-2.5-flash",
        "responseId": "r1",
    } | more


def read(*parts: Json, **more: Any) -> AIMessage:
    return WIRE.parse_response(answer(*parts, **more), SPEC)


def test_text_alone_is_a_plain_string_with_its_provider() -> None:
    message = read({"text": "Hello "}, {"text": "you.\n"})
    assert message.content == "Hello you."
    assert message.id == "r1"
    assert message.response_metadata == {
        "model_provider": "google_genai",
        "model_name": "gemini-2.5-flash",
        "finish_reason": "STOP",
    }


def test_line_breaks_between_texts_stay_and_those_at_the_end_go() -> None:
    message = read({"text": "one\n"}, {"executableCode": {"code": "1"}}, {"text": "two\n\n"})
    assert message.text == "one\ntwo"


def test_thoughts_are_thinking_blocks_and_reasoning_in_content_blocks() -> None:
    message = read({"text": "Hm.", "thought": True, "thoughtSignature": "s"}, {"text": "Yes."})
    assert message.content == [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "text", "text": "Yes."},
    ]
    assert message.content_blocks == [
        {"type": "reasoning", "reasoning": "Hm.", "extras": {"signature": "s"}},
        {"type": "text", "text": "Yes."},
    ]
    assert message.text == "Yes."


def test_a_signature_on_text_stays_with_it_even_if_the_text_is_empty() -> None:
    assert read({"text": "A"}, {"text": "", "thoughtSignature": "s"}).content == [
        {"type": "text", "text": "A"},
        {"type": "text", "text": "", "extras": {"signature": "s"}},
    ]


def test_calls_keep_their_ids_and_their_signatures() -> None:
    message = read(
        {
            "functionCall": {"id": "k1", "name": "f", "args": {"n": 5.0, "x": [0.5]}},
            "thoughtSignature": "s",
        },
        {"functionCall": {"id": "k2", "name": "g"}},
    )
    assert message.content == ""
    assert message.tool_calls == [
        {"name": "f", "args": {"n": 5, "x": [0.5]}, "id": "k1", "type": "tool_call"},
        {"name": "g", "args": {}, "id": "k2", "type": "tool_call"},
    ]
    assert message.additional_kwargs == {SIGNATURES: {"k1": "s"}}


def test_a_missing_id_is_made_up_the_same_way_every_time_and_for_every_call_anew() -> None:
    parts = [{"functionCall": {"name": "f"}}, {"functionCall": {"name": "f"}}]
    first = [call["id"] for call in read(*parts).tool_calls]
    assert first == [call["id"] for call in read(*parts).tool_calls]
    assert len({*first, read(*parts, responseId="r2").tool_calls[0]["id"]}) == 3


def test_an_id_differs_between_turns_that_have_no_response_id() -> None:
    later = {"promptTokenCount": 50, "totalTokenCount": 54}
    part = {"functionCall": {"name": "f"}}
    first = read(part, responseId=None).tool_calls[0]["id"]
    assert first != read(part, responseId=None, usageMetadata=later).tool_calls[0]["id"]


def test_arguments_that_are_no_object_make_an_invalid_call() -> None:
    message = read({"functionCall": {"name": "f", "args": [1]}})
    assert message.tool_calls == []
    assert message.invalid_tool_calls[0]["args"] == "[1]"


def test_a_call_that_was_never_closed_is_invalid() -> None:
    message = read({"functionCall": {"name": "f", "args": {"a": 1}, "willContinue": True}})
    assert [call["args"] for call in message.invalid_tool_calls] == ['{"a": 1']


def test_text_of_nothing_but_line_breaks_is_no_text() -> None:
    assert read({"executableCode": {"code": "1"}}, {"text": "\n"}).text == ""
    assert read({"text": "\n"}).content == ""


def test_code_and_its_result_belong_together() -> None:
    message = read(
        {"executableCode": {"code": "print(1)", "language": "PYTHON"}, "thoughtSignature": "s"},
        {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "no"}},
    )
    code, result = message.content_blocks
    assert code["type"] == "server_tool_call"
    assert code["args"] == {"code": "print(1)", "language": "PYTHON"}
    assert result["type"] == "server_tool_result"
    assert (result["tool_call_id"], result["status"]) == (code["id"], "error")
    assert message.content[0]["extras"] == {"signature": "s"}  # type: ignore[index]  # blocks


def test_an_image_is_a_data_url() -> None:
    message = read(
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thoughtSignature": "s"}
    )
    assert message.content == [
        {
            "type": "image_url",
            "image_url": {"url": "data:image/png;base64,AAAA"},
            "extras": {"signature": "s"},
        }
    ]
    assert message.content_blocks == [{"type": "image", "base64": "AAAA", "mime_type": "image/png"}]


def test_sound_is_a_wav_file_beside_the_content() -> None:
    pcm = {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=16000", "data": "AAECAw=="}}
    sound = read(pcm).additional_kwargs["audio"]
    assert sound[:4] + sound[8:16] == b"RIFFWAVEfmt "
    assert int.from_bytes(sound[24:28], "little") == 16000
    assert sound[-4:] == b"\x00\x01\x02\x03"
    assert read(pcm).content_blocks[0]["type"] == "audio"


def test_sound_that_is_already_a_file_stays_as_it_is() -> None:
    part = {"inlineData": {"mimeType": "audio/mpeg", "data": "AAEC"}}
    assert read(part).additional_kwargs == {"audio": b"\x00\x01\x02"}


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            {"inlineData": {"mimeType": "video/mp4", "data": "AAAA"}},
            {"type": "media", "mime_type": "video/mp4", "data": "AAAA"},
        ),
        (
            {"fileData": {"fileUri": "gs://x", "mimeType": "image/png"}},
            {"type": "file_data", "file_uri": "gs://x", "mime_type": "image/png"},
        ),
        (
            {
                "toolCall": {"id": "k", "toolType": "GOOGLE_SEARCH_WEB", "args": {"q": 1}},
                "thoughtSignature": "s",
            },
            {
                "type": "server_tool_call",
                "name": "google_search_web",
                "id": "k",
                "args": {"q": 1},
                "extras": {"signature": "s"},
            },
        ),
        (
            {"toolResponse": {"id": "k", "toolType": "FILE_SEARCH"}},
            {
                "type": "server_tool_result",
                "tool_call_id": "k",
                "status": "success",
                "output": {},
                "extras": {"block_type": "file_search"},
            },
        ),
    ],
)
def test_what_else_an_answer_may_hold_becomes_a_block(part: Json, block: Json) -> None:
    assert read(part).content == [block]


def test_usage_counts_thoughts_as_output_and_tool_prompts_as_input() -> None:
    counts = {
        "promptTokenCount": 100,
        "toolUsePromptTokenCount": 10,
        "cachedContentTokenCount": 40,
        "candidatesTokenCount": 5,
        "thoughtsTokenCount": 7,
        "totalTokenCount": 122,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 60},
            {"modality": "AUDIO", "tokenCount": 40},
        ],
    }
    assert read({"text": "a"}, usageMetadata=counts).usage_metadata == {
        "input_tokens": 110,
        "output_tokens": 12,
        "total_tokens": 122,
        "input_token_details": {"audio": 40, "cache_read": 40},
        "output_token_details": {"reasoning": 7},
    }


@pytest.mark.parametrize("counts", [None, {}, {"trafficType": "ON_DEMAND"}])
def test_no_counts_are_no_usage(counts: Any) -> None:
    assert read({"text": "a"}, usageMetadata=counts).usage_metadata is None


def test_details_that_were_not_sent_are_not_there() -> None:
    assert read({"text": "a"}).usage_metadata == {
        "input_tokens": 9,
        "output_tokens": 4,
        "total_tokens": 13,
    }


def test_what_is_known_about_an_answer_stands_in_its_metadata() -> None:
    expected = {
        "safetyRatings": [{"category": "HARM_CATEGORY_HATE_SPEECH", "probability": "LOW"}],
        "avgLogprobs": -0.5,
        "logprobsResult": {"chosenCandidates": [{"token": "a", "logProbability": -0.5}]},
        "finishMessage": "done",
        "continuationToken": "abc",
    }
    counts = COUNTS | {"serviceTier": "standard", "trafficType": "ON_DEMAND"}
    metadata = read({"text": "a"}, candidate=expected, usageMetadata=counts).response_metadata
    assert metadata == {
        "model_provider": "google_genai",
        "model_name": "gemini-2.5-flash",
        "finish_reason": "STOP",
        "finish_message": "done",
        "safety_ratings": expected["safetyRatings"],
        "avg_logprobs": -0.5,
        "logprobs_result": {"chosen_candidates": [{"token": "a", "log_probability": -0.5}]},
        "continuation_token": "abc",
        "service_tier": "standard",
        "traffic_type": "ON_DEMAND",
    }


def test_grounding_becomes_citations_in_content_blocks() -> None:
    grounding = {
        "webSearchQueries": ["who won"],
        "groundingChunks": [{"web": {"uri": "https://example.com", "title": "Example"}}],
        "groundingSupports": [
            {"segment": {"endIndex": 4, "text": "Spain"}, "groundingChunkIndices": [0]}
        ],
    }
    message = read({"text": "Spain"}, candidate={"groundingMetadata": grounding})
    citation = message.content_blocks[0]["annotations"][0]  # type: ignore[typeddict-item]  # a text block
    assert (citation["url"], citation["cited_text"]) == ("https://example.com", "Spain")
    assert message.response_metadata["grounding_metadata"]["web_search_queries"] == ["who won"]


def test_grounding_that_leaves_out_its_lists_does_not_break_content_blocks() -> None:
    grounding = {"searchEntryPoint": {"renderedContent": "<div>"}, "groundingSupports": None}
    message = read({"text": "Spain"}, candidate={"groundingMetadata": grounding})
    assert message.content_blocks == [{"type": "text", "text": "Spain"}]


def test_a_blocked_prompt_is_an_empty_message_with_its_reason_and_cost() -> None:
    body = {
        "promptFeedback": {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": []},
        "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9},
        "modelVersion": "gemini-2.5-flash",
    }
    message = WIRE.parse_response(body, SPEC)
    assert message.content == ""
    assert message.response_metadata == {
        "model_provider": "google_genai",
        "model_name": "gemini-2.5-flash",
        "prompt_feedback": {"block_reason": "PROHIBITED_CONTENT", "safety_ratings": []},
        "block_reason": "PROHIBITED_CONTENT",
    }
    assert message.usage_metadata is not None
    assert message.usage_metadata["input_tokens"] == 9


@pytest.mark.parametrize("reason", ["SAFETY", "MAX_TOKENS", "NEW_ONE"])
def test_an_answer_without_content_contains_why_it_ended(reason: str) -> None:
    body = {"candidates": [{"finishReason": reason}], "usageMetadata": COUNTS}
    message = WIRE.parse_response(body, SPEC)
    assert (message.content, message.response_metadata["finish_reason"]) == ("", reason)


def test_a_finish_reason_in_numbers_is_named() -> None:
    assert (
        read({"text": "a"}, candidate={"finishReason": 2}).response_metadata["finish_reason"]
        == "MAX_TOKENS"
    )


def test_only_the_first_candidate_is_read() -> None:
    body = answer({"text": "first"})
    body["candidates"].insert(0, {"index": 1, "content": {"parts": [{"text": "second"}]}})
    assert WIRE.parse_response(body, SPEC).content == "first"


@pytest.mark.parametrize("body", [{"error": {"code": 503}}, [{"error": {"code": 503}}]])
def test_an_error_in_place_of_an_answer_is_handed_on_unwrapped(body: Any) -> None:
    with pytest.raises(ProviderRefusal) as raised:
        WIRE.parse_response(body, SPEC)
    assert raised.value.payload == {"error": {"code": 503}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"usageMetadata": COUNTS},
        {"candidates": []},
        answer({"functionCall": {}}),
        answer({"functionCall": None}),
        answer({"inlineData": {"mimeType": "audio/L16", "data": "*"}}),
    ],
)
def test_nonsense_is_a_malformed_response(body: Any) -> None:
    with pytest.raises(MalformedResponse):
        WIRE.parse_response(body, SPEC)


def test_arguments_nested_too_deep_are_a_malformed_response() -> None:
    args: Json = {}
    for _ in range(900):
        args = {"a": args}
    with pytest.raises(MalformedResponse, match="nested"):
        read({"functionCall": {"name": "f", "args": args}})

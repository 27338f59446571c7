"""Streamed answers of Gemini: events in, chunks out that LangChain can add up."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.gemini import WIRE

SPEC = ProviderSpec(
    name="google",
    docs="https://ai.google.dev/api/generate-content",
    wire=WIRE,
    base_url="https://generativelanguage.googleapis.com",
    model_provider="google_genai",
)
SIGNATURES = "__gemini_function_call_thought_signatures__"


def event(*parts: Json, tokens: int = 0, **candidate: Any) -> Json:
    counts = {"promptTokenCount": 9, "totalTokenCount": 9 + tokens}
    return {
        "candidates": [{"content": {"role": "model", "parts": list(parts)}, **candidate}],
        "usageMetadata": counts | ({"candidatesTokenCount": tokens} if tokens else {}),
        "modelVersion": "gemini-3-flash-preview",
        "responseId": "r1",
    }


def chunks(*events: Any) -> list[AIMessageChunk]:
    reader = WIRE.reader(SPEC)
    read = [reader.feed(each) for each in events]
    assert reader.finished
    return [*(chunk for chunk in read if chunk is not None), reader.close()]


def merged(*events: Any) -> AIMessageChunk:
    return reduce(lambda left, right: left + right, chunks(*events))


END = event(finishReason="STOP", tokens=4)


def test_text_alone_streams_as_plain_strings() -> None:
    read = chunks(event({"text": "Hel"}), event({"text": "lo\n"}, finishReason="STOP", tokens=2))
    assert [chunk.content for chunk in read] == ["Hel", "lo\n", ""]
    assert read[-1].chunk_position == "last"


def test_the_model_is_named_once_the_provider_always_and_the_rest_at_the_end() -> None:
    read = chunks(event({"text": "a"}), event({"text": "b"}), END)
    assert [chunk.response_metadata for chunk in read] == [
        {"model_provider": "google_genai", "model_name": "gemini-3-flash-preview"},
        {"model_provider": "google_genai"},
        {"model_provider": "google_genai", "finish_reason": "STOP"},
    ]
    assert {chunk.id for chunk in read} == {"r1"}


def test_running_totals_are_counted_once_and_the_last_one_wins() -> None:
    lower = event(finishReason="STOP", tokens=7) | {
        "usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 7, "totalTokenCount": 15}
    }
    after = {"usageMetadata": {"trafficType": "ON_DEMAND"}}
    read = chunks(event({"text": "a"}, tokens=1), event({"text": "b"}, tokens=5), lower, after)
    assert [chunk.usage_metadata for chunk in read[:-1]] == [None, None]
    assert read[-1].usage_metadata == {
        "input_tokens": 8,
        "output_tokens": 7,
        "total_tokens": 15,
    }


def test_tokens_that_were_given_stay_counted_though_the_last_event_leaves_them_out() -> None:
    """With Google's own tools, the last event may count the last step only."""
    last = {"promptTokenCount": 87, "thoughtsTokenCount": 78, "totalTokenCount": 165}
    first = event({"text": "Hi"}, tokens=93, finishReason="STOP")
    usage = merged(first, {"usageMetadata": last}).usage_metadata
    assert usage is not None
    assert (usage["input_tokens"], usage["output_tokens"]) == (87, 93)


def test_thinking_does_not_melt_into_text() -> None:
    total = merged(
        event({"text": "Let ", "thought": True}),
        event({"text": "me see.", "thought": True}),
        event({"text": "Yes"}),
        event({"text": "."}),
        event({"text": "", "thoughtSignature": "s"}, finishReason="STOP"),
    )
    assert total.content == [
        {"type": "thinking", "thinking": "Let me see.", "index": 0},
        {"type": "text", "text": "Yes.", "index": 1, "extras": {"signature": "s"}},
    ]
    assert total.text == "Yes."


def test_two_signatures_are_not_merged_into_one() -> None:
    signed = event({"text": "a", "thought": True}), event({"text": "b", "thoughtSignature": "s1"})
    total = merged(*signed, event({"text": "c", "thoughtSignature": "s2"}), END)
    assert [block.get("extras") for block in total.content] == [  # type: ignore[union-attr]  # blocks
        None,
        {"signature": "s1"},
        {"signature": "s2"},
    ]


def test_a_block_after_plain_text_does_not_swallow_it() -> None:
    total = merged(
        event({"text": "See: "}),
        event({"executableCode": {"code": "1", "language": "PYTHON"}}),
        event({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}),
        event({"text": "one"}),
        END,
    )
    kinds = [block["type"] for block in total.content_blocks]
    assert kinds == ["text", "server_tool_call", "server_tool_result", "text"]
    assert total.text == "See: one"


def test_calls_stream_whole_each_with_its_own_index() -> None:
    total = merged(
        event({"text": "Well."}),
        event(
            {
                "functionCall": {"id": "k1", "name": "f", "args": {"a": 1.0}},
                "thoughtSignature": "s",
            },
            {"functionCall": {"id": "k2", "name": "f", "args": {}}},
        ),
        event({"functionCall": {"name": "g", "args": {"ü": "é"}}}),
        END,
    )
    assert [(call["name"], call["args"]) for call in total.tool_calls] == [
        ("f", {"a": 1}),
        ("f", {}),
        ("g", {"ü": "é"}),
    ]
    assert len({call["index"] for call in total.tool_call_chunks}) == 3
    assert total.additional_kwargs == {SIGNATURES: {"k1": "s"}}
    assert total.content == "Well."


def test_text_after_a_call_that_came_first_is_not_lost() -> None:
    total = merged(event({"functionCall": {"name": "f"}}), event({"text": "So."}), END)
    assert total.text == "So."
    assert [call["name"] for call in total.tool_calls] == ["f"]


def test_arguments_that_come_one_by_one_are_put_together() -> None:
    def piece(**fields: Any) -> Json:
        return event({"functionCall": {"partialArgs": [fields], "willContinue": True}})

    total = merged(
        event({"functionCall": {"name": "f", "willContinue": True}, "thoughtSignature": "s"}),
        piece(jsonPath="$.items[0].name", stringValue="ap", willContinue=True),
        piece(jsonPath="$.items[0].name", stringValue="ple"),
        piece(jsonPath="$.items[0].price", numberValue=2.0),
        piece(jsonPath="$['items'][1]", boolValue=True),
        piece(jsonPath="$.none", nullValue="NULL_VALUE"),
        event({"functionCall": {}}),
        END,
    )
    assert [call["args"] for call in total.tool_calls] == [
        {"items": [{"name": "apple", "price": 2}, True], "none": None}
    ]
    assert list(total.additional_kwargs[SIGNATURES].values()) == ["s"]


def test_a_call_that_was_never_closed_is_delivered_at_the_end_as_invalid() -> None:
    opened = event({"functionCall": {"name": "f", "args": {"a": 1}, "willContinue": True}})
    message = merged(opened, END)
    assert message.tool_calls == []
    assert [call["name"] for call in message.invalid_tool_calls] == ["f"]


def test_an_argument_without_a_place_is_a_malformed_response() -> None:
    far = {"jsonPath": "$.a[999999999]", "numberValue": 1}
    with pytest.raises(MalformedResponse, match="place"):
        chunks(event({"functionCall": {"name": "f", "partialArgs": [far]}}))


def test_sound_is_put_together_at_the_end() -> None:
    pcm = {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAE="}}
    read = chunks(event(pcm), event(pcm), END)
    assert [chunk.additional_kwargs for chunk in read[:-1]] == [{}, {}]
    assert read[-1].additional_kwargs["audio"].endswith(b"\x00\x01\x00\x01")
    assert merged(event(pcm), event(pcm), END).content_blocks[0]["type"] == "audio"


def test_log_probabilities_of_all_events_are_joined() -> None:
    def scored(token: str, **more: Any) -> Json:
        return event(
            {"text": token}, logprobsResult={"chosenCandidates": [{"token": token}]}, **more
        )

    total = merged(scored("a"), scored("b", finishReason="STOP"))
    assert total.response_metadata["logprobs_result"] == {
        "chosen_candidates": [{"token": "a"}, {"token": "b"}]
    }


def test_metadata_of_several_events_appears_once() -> None:
    rated = {"safetyRatings": [{"category": "X", "probability": "LOW"}], "finishReason": "STOP"}
    total = merged(event({"text": "a"}, **rated), event({"text": "b"}, **rated))
    assert total.response_metadata["finish_reason"] == "STOP"
    assert total.response_metadata["safety_ratings"] == rated["safetyRatings"]


def test_a_blocked_prompt_ends_the_stream() -> None:
    (only,) = chunks({"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "m"})
    assert only.content == ""
    assert only.response_metadata == {
        "model_provider": "google_genai",
        "model_name": "m",
        "prompt_feedback": {"block_reason": "SAFETY"},
        "block_reason": "SAFETY",
    }


def test_a_stream_without_a_finish_reason_has_not_finished() -> None:
    reader = WIRE.reader(SPEC)
    reader.feed(event({"text": "a"}, tokens=3))
    assert not reader.finished
    assert reader.usage == {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12}


def test_the_done_marker_and_empty_events_show_nothing() -> None:
    reader = WIRE.reader(SPEC)
    assert reader.feed(None) is None
    assert reader.feed({"usageMetadata": {"promptTokenCount": 1}}) is None
    assert reader.feed(event({"text": ""})) is None


@pytest.mark.parametrize("error", [{"error": {"code": 503}}, [{"error": {"code": 503}}]])
def test_an_error_event_is_handed_on(error: Any) -> None:
    reader = WIRE.reader(SPEC)
    reader.feed(event({"text": "a"}))
    with pytest.raises(ProviderRefusal) as raised:
        reader.feed(error)
    assert raised.value.payload == {"error": {"code": 503}}


def test_a_streamed_answer_equals_a_whole_answer() -> None:
    parts: list[Json] = [
        {"text": "Hm.", "thought": True},
        {"text": "Yes.", "thoughtSignature": "s1"},
        {"functionCall": {"id": "k1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "s2"},
    ]
    whole = WIRE.parse_response(event(*parts, finishReason="STOP", tokens=4), SPEC)
    total = merged(*(event(part) for part in parts), END)
    assert substance(total) == substance(whole)


def substance(message: AIMessage) -> Json:
    blocks = [
        {name: value for name, value in block.items() if name != "index"}
        for block in message.content_blocks
    ]
    return {
        "blocks": blocks,
        "calls": message.tool_calls,
        "kept": message.additional_kwargs,
        "usage": message.usage_metadata,
        "metadata": message.response_metadata,
        "id": message.id,
    }


def test_a_streamed_call_goes_back_with_its_signature() -> None:
    part = {"functionCall": {"id": "k1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "s2"}
    total = merged(event(part), END)
    (tool_call,) = total.tool_calls
    again = Turn(role="assistant", blocks=[dict(tool_call)], at=0, extras=total.additional_kwargs)
    request = ChatRequest(model="gemini-3-flash-preview", messages=[])
    assert WIRE.build_body(request, [again], SPEC)["contents"][0]["parts"] == [part]

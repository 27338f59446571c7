"""All recorded Gemini traffic, where it is present: every answer is read, and reads as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, reduce
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ProviderRefusal
from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.types import ChatRequest, ProviderSpec
from scout_adapters.llm.wires.gemini import WIRE
from tests.support import recordings

pytestmark = recordings.needed

SPEC = ProviderSpec(
    name="google",
    docs="https://ai.google.dev/api/generate-content",
    wire=WIRE,
    base_url="https://generativelanguage.googleapis.com",
    model_provider="google_genai",
)
NOT_REPLAYED = ("toolCall", "toolResponse", "inlineData")
"""Parts whose signatures the preparation of a conversation leaves behind."""


@cache
def records() -> list[Json]:
    all_records = [*recordings.records("gemini"), *recordings.records("vertex-gemini")]
    return [record for record in all_records if not record.get("truncated_response")]


def whole() -> Iterator[tuple[str, Json]]:
    for record in records():
        if record["status"] == 200 and not record["stream"]:
            yield record["id"], json.loads(record["response_body"])


def streamed() -> Iterator[tuple[str, list[Json]]]:
    """Yield the events of every stream; some were requested as one JSON array."""
    for record in records():
        if record["status"] != 200 or not record["stream"]:
            continue
        body = record["response_body"]
        if "json_array_stream" in record["features"]:
            yield record["id"], json.loads(body)
        else:
            lines = [line for line in body.splitlines() if line.startswith("data:")]
            yield record["id"], [json.loads(line.removeprefix("data:")) for line in lines]


def add_up(events: list[Json]) -> tuple[bool, AIMessageChunk]:
    reader = WIRE.reader(SPEC)
    chunks = [chunk for each in events if (chunk := reader.feed(each)) is not None]
    return reader.finished, reduce(lambda left, right: left + right, [*chunks, reader.close()])


def candidate(event: Json) -> Json:
    return (event.get("candidates") or [{}])[0]


def parts(*events: Json) -> list[Json]:
    return [
        part
        for event in events
        for part in (candidate(event).get("content") or {}).get("parts") or []
    ]


def text_of(sent_parts: list[Json]) -> str:
    return "".join(part.get("text") or "" for part in sent_parts if not part.get("thought"))


def thought(sent_parts: list[Json]) -> str:
    return "".join(part.get("text") or "" for part in sent_parts if part.get("thought"))


def called(sent_parts: list[Json]) -> list[str]:
    calls = [part["functionCall"] for part in sent_parts if "functionCall" in part]
    return [call["name"] for call in calls if "name" in call]


def reasoning(message: AIMessage) -> str:
    blocks = [block for block in message.content_blocks if block["type"] == "reasoning"]
    return "".join(block.get("reasoning") or "" for block in blocks)


def test_every_whole_answer_reads_as_it_was() -> None:
    for name, body in whole():
        message = WIRE.parse_response(body, SPEC)
        sent_parts = parts(body)
        assert message.text == text_of(sent_parts).rstrip("\n"), name
        assert reasoning(message) == thought(sent_parts), name
        assert [call["name"] for call in message.tool_calls] == called(sent_parts), name
        assert not message.invalid_tool_calls, name


def test_every_streamed_answer_reads_as_it_was() -> None:
    for name, events in streamed():
        finished, message = add_up(events)
        sent_parts = parts(*events)
        ended = any(
            candidate(event).get("finishReason")
            or (event.get("promptFeedback") or {}).get("blockReason")
            for event in events
        )
        assert finished == ended, name
        assert message.text == text_of(sent_parts), name
        assert reasoning(message) == thought(sent_parts), name
        assert [call["name"] for call in message.tool_calls] == called(sent_parts), name
        assert not message.invalid_tool_calls, name


def test_nearly_every_stream_has_its_terminal_event() -> None:
    finished = [add_up(events)[0] for _, events in streamed()]
    assert finished.count(False) <= len(finished) // 100


def test_usage_adds_up_to_the_total_that_google_counts() -> None:
    rests = []
    for name, body in whole():
        counts: Json = body.get("usageMetadata") or {}
        usage = WIRE.parse_response(body, SPEC).usage_metadata
        if "totalTokenCount" in counts:
            assert usage is not None, name
            assert usage["total_tokens"] == counts["totalTokenCount"], name
            rests.append(usage["total_tokens"] - usage["input_tokens"] - usage["output_tokens"])
    # Google's own counts do not always add up.
    assert sum(rest != 0 for rest in rests) <= len(rests) // 100


def test_a_whole_answer_equals_the_same_answer_as_one_event() -> None:
    for name, body in whole():
        message = WIRE.parse_response(body, SPEC)
        _, chunk = add_up([body])
        assert chunk.text.rstrip("\n") == message.text, name
        assert chunk.tool_calls == message.tool_calls, name
        assert chunk.additional_kwargs == message.additional_kwargs, name
        assert chunk.usage_metadata == message.usage_metadata, name
        assert chunk.response_metadata == message.response_metadata, name


def signatures(sent_parts: list[Json]) -> list[str]:
    replayable = [part for part in sent_parts if not any(kind in part for kind in NOT_REPLAYED)]
    return sorted(part["thoughtSignature"] for part in replayable if part.get("thoughtSignature"))


def replayed(message: Any) -> list[Json]:
    request = ChatRequest(model="gemini-2.5-flash", messages=[HumanMessage("hi"), message])
    body = WIRE.build_body(request, build_turns(request.messages, SPEC).turns, SPEC)
    return [part for content in body["contents"][1:] for part in content["parts"]]


def test_every_signature_goes_back_to_google() -> None:
    for name, body in whole():
        again = replayed(WIRE.parse_response(body, SPEC))
        assert signatures(again) == signatures(parts(body)), name
    for name, events in streamed():
        again = replayed(add_up(events)[1])
        assert signatures(again) == signatures(parts(*events)), name


def test_every_refusal_is_recognised_in_its_body() -> None:
    for record in records():
        if record["status"] < 400 or not (record["response_body"] or "").lstrip().startswith(
            ("{", "[")
        ):
            continue
        with pytest.raises(ProviderRefusal):
            WIRE.parse_response(json.loads(record["response_body"]), SPEC)

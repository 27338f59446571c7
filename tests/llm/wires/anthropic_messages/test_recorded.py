"""Real recorded traffic through the Anthropic wire, where the recordings are at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, reduce
from operator import add
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ProviderRefusal
from scout_adapters.llm.transport.sse import EventDecoder
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.anthropic_messages import WIRE
from tests.support import recordings

pytestmark = recordings.needed
SPEC = ProviderSpec(
    name="anthropic",
    docs="https://platform.claude.com/docs/en/api/messages",
    wire=WIRE,
    base_url="https://api.anthropic.com",
)
Record = dict[str, Any]


@cache
def records() -> list[Record]:
    all_records = [json.loads(line) for line in recordings.lines() if '"anthropic"' in line]
    return [record for record in all_records if record["dialect"] == "anthropic"]


def answered(*, stream: bool) -> Iterator[Record]:
    for record in records():
        if record["status"] == 200 and record["stream"] is stream:
            yield record


def events(record: Record) -> list[Any]:
    decoder = EventDecoder()
    data = [*decoder.feed(record["response_body"].encode()), *decoder.finish()]
    return [None if item == b"[DONE]" else json.loads(item) for item in data]


def streamed(record: Record, request: dict[str, Any] | None = None) -> AIMessage:
    reader = WIRE.reader(SPEC, request)
    shown = [chunk for event in events(record) if (chunk := reader.feed(event)) is not None]
    assert reader.finished
    return reduce(add, [*shown, reader.close()])


def answers() -> Iterator[tuple[Record, AIMessage]]:
    for record in answered(stream=False):
        yield record, WIRE.parse_response(json.loads(record["response_body"]), SPEC)
    for record in answered(stream=True):
        yield record, streamed(record)


def test_there_are_recordings_of_both_kinds() -> None:
    assert len(list(answered(stream=False))) > 100
    assert len(list(answered(stream=True))) > 100


def test_every_whole_answer_has_the_text_of_its_body() -> None:
    for record in answered(stream=False):
        body = json.loads(record["response_body"])
        message = WIRE.parse_response(body, SPEC)
        texts = [block["text"] for block in body["content"] if block["type"] == "text"]
        calls = [block for block in body["content"] if block["type"] == "tool_use"]
        assert message.text == "".join(texts), record["id"]
        assert [call["args"] for call in message.tool_calls] == [call["input"] for call in calls]
        assert message.usage_metadata is not None
        assert message.usage_metadata["output_tokens"] == body["usage"]["output_tokens"]


@pytest.mark.parametrize("request_", [None, {}], ids=["blocks", "strings"])
def test_every_stream_has_the_text_of_its_deltas(request_: dict[str, Any] | None) -> None:
    for record in answered(stream=True):
        sent_events = [event for event in events(record) if event]
        deltas = [event["delta"] for event in sent_events if event["type"] == "content_block_delta"]
        message = streamed(record, request_)
        texts = [delta["text"] for delta in deltas if delta["type"] == "text_delta"]
        assert message.text == "".join(texts), record["id"]
        (end,) = (event for event in sent_events if event["type"] == "message_delta")
        assert message.response_metadata["stop_reason"] == end["delta"]["stop_reason"]
        assert message.usage_metadata is not None
        assert message.usage_metadata["output_tokens"] == end["usage"]["output_tokens"]
        assert message.usage_metadata["input_tokens"] > 0


def test_details_of_input_never_exceed_it() -> None:
    for record, message in answers():
        usage = message.usage_metadata
        assert usage is not None
        details = usage.get("input_token_details", {})
        assert sum(details.values()) <= usage["input_tokens"], record["id"]


def canonical(block: Json, message: AIMessage) -> Json:
    """Bring an answer's own block into the form that turns have."""
    match block["type"]:
        case "text":
            return block
        case "thinking":
            return block | {"type": "reasoning", "reasoning": block["thinking"]}
        case "tool_use":
            (call,) = (call for call in message.tool_calls if call["id"] == block["id"])
            return dict(call)
        case _:
            return {"type": "native", "value": block}


def test_every_answer_goes_back_as_it_came() -> None:
    for record, message in answers():
        content = message.content or [{"type": "text", "text": "nothing"}]
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        blocks = [canonical(block, message) for block in content if isinstance(block, dict)]
        turns = [
            Turn(role="assistant", blocks=blocks, at=0),
            Turn(role="user", blocks=[{"type": "text", "text": "go on"}], at=1),
        ]
        request = ChatRequest(model="claude-opus-4-6", messages=[])
        sent = WIRE.build_body(request, turns, SPEC)["messages"][0]["content"]
        sent = [{"type": "text", "text": sent}] if isinstance(sent, str) else sent
        answered = [block for block in came(record) or content if block.get("text", "x").strip()]
        assert [essence(block) for block in sent] == [essence(block) for block in answered], record[
            "id"
        ]


def came(record: Record) -> list[Json]:
    """Return the blocks as the API sent them, where it sent them whole."""
    return [] if record["stream"] else json.loads(record["response_body"])["content"]


def essence(block: Json) -> Json:
    """Leave out what differs for good reasons: nulls, citations' file ids, and callers of tools."""
    inside = ("index", "partial_json", "citations", "caller")
    own_fields = {key: value for key, value in block.items() if key not in inside}
    if block.get("partial_json"):
        own_fields["input"] = json.loads(block["partial_json"])
    return own_fields


def test_every_recorded_refusal_would_be_known_inside_an_answer_too() -> None:
    refused = [record for record in records() if record["status"] >= 400]
    assert refused
    for record in refused:
        with pytest.raises(ProviderRefusal):
            WIRE.parse_response(json.loads(record["response_body"]), SPEC)

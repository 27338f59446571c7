"""Streams in Anthropic's form: events in, chunks out."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.wires.anthropic_messages import WIRE
from tests.llm.wires.anthropic_messages.answers import (
    BARE_CALL,
    CALL,
    CITED,
    PLAIN,
    REDACTED,
    SEARCH,
    SEARCH_RESULT,
    SPEC,
    TEXT,
    THINKING,
    USAGE,
    events,
    merged,
    read,
)


def test_a_stream_is_finished_by_its_stop_and_by_nothing_before() -> None:
    reader = WIRE.reader(SPEC)
    finished = []
    for event in events(TEXT):
        reader.feed(event)
        finished.append(reader.finished)
    assert finished == [False] * (len(finished) - 1) + [True]


def test_events_without_content_make_no_chunks() -> None:
    reader = WIRE.reader(SPEC)
    strange = {"type": "content_block_delta", "index": 0, "delta": {"type": "smell_delta"}}
    blank = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": ""}}
    empty = {"type": "thinking_delta", "thinking": ""}
    idle = {"type": "content_block_delta", "index": 0, "delta": empty}
    for event in (next(events()), {"type": "ping"}, {"type": "new"}, strange, blank, idle, None):
        assert reader.feed(event) is None


def test_the_first_chunk_names_the_model_and_every_chunk_its_maker_and_message() -> None:
    first, *others = read(*events(THINKING, TEXT))
    assert first.response_metadata == {
        "model_provider": "anthropic",
        "model": "claude-opus-5",
        "model_name": "claude-opus-5",
    }
    assert all("model_name" not in chunk.response_metadata for chunk in others)
    assert {chunk.response_metadata["model_provider"] for chunk in others} == {"anthropic"}
    assert {chunk.id for chunk in [first, *others]} == {"msg_1"}


def test_the_last_chunk_marks_the_end_once() -> None:
    *others, last = read(*events(TEXT))
    assert last.chunk_position == "last"
    assert last.response_metadata == {
        "model_provider": "anthropic",
        "id": "msg_1",
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "service_tier": "standard",
        "usage": {**USAGE, "service_tier": "standard"},
    }
    assert last.usage_metadata == {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    assert all(chunk.usage_metadata is None for chunk in others)


def test_an_answer_of_nothing_is_named_by_its_last_chunk() -> None:
    (only,) = read(*events(stop_reason="stop_sequence", stop_sequence="X"))
    assert only.content == []
    assert only.response_metadata["model_name"] == "claude-opus-5"
    assert only.response_metadata["stop_sequence"] == "X"


def test_later_counts_replace_earlier_ones_and_nulls_replace_nothing() -> None:
    cache = {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 0}
    first = {"input_tokens": 10, "output_tokens": 1, "cache_creation": cache}
    first |= {"cache_creation_input_tokens": 3, "cache_read_input_tokens": 2}
    reader = WIRE.reader(SPEC)
    reader.feed({"type": "message_start", "message": {"usage": first}})
    assert reader.usage is not None
    assert reader.usage["input_tokens"] == 15
    late = {"input_tokens": 20, "output_tokens": 9, "cache_read_input_tokens": None}
    reader.feed({"type": "message_delta", "delta": {}, "usage": late})
    assert reader.close().usage_metadata == {
        "input_tokens": 25,
        "output_tokens": 9,
        "total_tokens": 34,
        "input_token_details": {
            "cache_read": 2,
            "cache_creation": 0,
            "ephemeral_5m_input_tokens": 3,
            "ephemeral_1h_input_tokens": 0,
        },
    }


def test_an_interrupted_stream_closes_with_what_is_known() -> None:
    whole = list(events(TEXT))
    partial = merged(*whole[:4])
    assert partial.text == "It"
    assert partial.usage_metadata is not None
    assert "stop_reason" not in partial.response_metadata


@pytest.mark.parametrize(
    "refusal",
    [
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        {"error": {"code": 502, "message": "upstream"}},
        {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}},
    ],
)
def test_an_error_event_is_handed_on_whole(refusal: dict[str, Any]) -> None:
    reader = WIRE.reader(SPEC)
    reader.feed(next(events()))
    with pytest.raises(ProviderRefusal) as caught:
        reader.feed(refusal)
    assert caught.value.payload == refusal


@pytest.mark.parametrize(
    "nonsense",
    [
        {"type": "message_start"},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use"}},
        {"type": "content_block_delta", "index": "0", "delta": {}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 1}},
        [],
    ],
)
def test_a_nonsense_event_is_a_malformed_response(nonsense: Any) -> None:
    with pytest.raises(MalformedResponse):
        WIRE.reader(SPEC).feed(nonsense)


def test_a_request_for_text_only_is_answered_in_strings() -> None:
    chunks = read(*events(TEXT), request=PLAIN)
    assert [chunk.content for chunk in chunks] == ["It", " is sunny.", ""]


@pytest.mark.parametrize(
    "request_",
    [
        None,
        {"tools": [{"name": "x"}]},
        {"mcp_servers": [{"name": "x"}]},
        {"context_management": {"edits": []}},
        {"messages": [{"role": "user", "content": [{"type": "document"}]}]},
    ],
)
def test_a_request_for_more_than_text_is_answered_in_blocks(request_: Any) -> None:
    first, *_ = read(*events(TEXT), request=request_)
    assert first.content == [{"type": "text", "text": "It", "index": 0}]


def test_a_model_that_thinks_unasked_is_answered_in_blocks() -> None:
    message = merged(*events(THINKING, TEXT), request=PLAIN)
    assert [block["type"] for block in message.content_blocks] == ["reasoning", "text"]


def test_a_call_whose_input_comes_at_once_is_a_call() -> None:
    at_once = {"type": "content_block_start", "index": 0, "content_block": CALL}
    message = merged(next(events()), at_once)
    assert message.tool_calls[0]["args"] == CALL["input"]


def test_a_servers_own_tool_is_no_call_for_the_caller() -> None:
    message = merged(*events(SEARCH, SEARCH_RESULT, TEXT))
    assert message.tool_calls == []
    kinds = [block["type"] for block in message.content_blocks]
    assert kinds == ["server_tool_call", "server_tool_result", "text"]
    assert message.content_blocks[0]["args"] == {"query": "x"}


BLOCKS_OF_EACH_KIND = (THINKING, REDACTED, CITED, SEARCH, SEARCH_RESULT, CALL, BARE_CALL)


@pytest.mark.parametrize("closed", [True, False])
def test_blocks_that_share_a_number_stay_apart(closed: bool) -> None:
    numbered = list(events(*BLOCKS_OF_EACH_KIND))
    shared = [
        event | {"index": 0} if "index" in event else event
        for event in numbered
        if closed or event["type"] != "content_block_stop"
    ]
    one, other = merged(*shared), merged(*numbered)
    assert one.content == other.content
    assert one.tool_calls == other.tool_calls
    assert [call["name"] for call in one.tool_calls] == ["weather", "now"]


def test_a_number_taken_by_a_shared_one_is_moved_too() -> None:
    first, second, third = list(events(CALL)), list(events(BARE_CALL)), list(events(TEXT))
    third = [event | {"index": 1} if "index" in event else event for event in third]
    message = merged(*first[:-2], *second[1:-2], *third[1:])
    assert [block["index"] for block in message.content] == [0, 1, 2]
    assert [call["name"] for call in message.tool_calls] == ["weather", "now"]
    assert message.text == "It is sunny."

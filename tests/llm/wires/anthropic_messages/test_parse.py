"""Answers in Anthropic's form, whole and streamed: bodies and events in, messages out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream

from scout_adapters.errors import MalformedResponse, ProviderRefusal, ScoutError
from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.types import ChatRequest, ProviderSpec
from scout_adapters.llm.wires.anthropic_messages import WIRE

SPEC = ProviderSpec(
    name="anthropic",
    docs="https://platform.claude.com/docs/en/api/messages",
    wire=WIRE,
    base_url="https://api.anthropic.com",
)
Blocks = list[dict[str, Any]]

TEXT = {"type": "text", "text": "It is sunny."}
THINKING = {"type": "thinking", "thinking": "Let me see.", "signature": "sig=="}
REDACTED = {"type": "redacted_thinking", "data": "xyz"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome", "n": 2}}
BARE_CALL = {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}}
SEARCH = {
    "type": "server_tool_use",
    "id": "srvtoolu_1",
    "name": "web_search",
    "input": {"query": "x"},
}
FOUND = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [{"type": "web_search_result", "url": "https://example.com", "title": "X"}],
}
CITATION = {"type": "char_location", "cited_text": "sunny", "document_index": 0, "file_id": None}
CITED = {"type": "text", "text": "It is sunny.", "citations": [CITATION]}
COMPACTION = {"type": "compaction", "content": "They spoke of the weather."}
UNHEARD_OF = {"type": "hologram", "frames": [1, 2]}
USAGE = {"input_tokens": 10, "output_tokens": 5}


def body(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5",
        "content": list(blocks),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": USAGE,
    } | more


def parse(*blocks: dict[str, Any], **more: Any) -> AIMessage:
    return WIRE.parse_response(body(*blocks, **more), SPEC)


# Whole answers


def test_a_single_text_is_a_string() -> None:
    message = parse(TEXT | {"citations": None})
    assert message.content == "It is sunny."
    assert message.id == "msg_1"
    assert message.response_metadata == {
        "id": "msg_1",
        "model": "claude-opus-5",
        "model_name": "claude-opus-5",
        "model_provider": "anthropic",
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": USAGE,
    }


def test_everything_else_is_a_list_of_native_blocks() -> None:
    blocks = [THINKING, REDACTED, SEARCH, FOUND, CITED, UNHEARD_OF]
    assert parse(*blocks).content == blocks


def test_an_answer_of_nothing_is_an_empty_list() -> None:
    assert parse(stop_reason="stop_sequence", stop_sequence="X").content == []


def test_tool_calls_stand_in_the_content_and_beside_it() -> None:
    message = parse(TEXT, CALL | {"caller": None}, BARE_CALL)
    assert message.content == [TEXT, CALL, BARE_CALL]
    assert [(c["name"], c["args"], c["id"]) for c in message.tool_calls] == [
        ("weather", {"city": "Rome", "n": 2}, "toolu_1"),
        ("now", {}, "toolu_2"),
    ]


def test_a_call_whose_input_is_no_object_is_an_invalid_call() -> None:
    message = parse(CALL | {"input": [1]})
    assert message.tool_calls == []
    assert message.invalid_tool_calls[0]["args"] == "[1]"


def test_standard_blocks_can_be_read_from_an_answer() -> None:
    kinds = [block["type"] for block in parse(THINKING, SEARCH, FOUND, CITED, CALL).content_blocks]
    assert kinds == ["reasoning", "server_tool_call", "server_tool_result", "text", "tool_call"]


def test_what_else_an_answer_says_is_remembered() -> None:
    container = {"id": "c1", "expires_at": "2026-01-01T00:00:00Z"}
    usage = USAGE | {
        "service_tier": "priority",
        "server_tool_use": {"web_search_requests": 2},
        "inference_geo": None,
        "cost": 0.5,
    }
    found = parse(TEXT, container=container, stop_details=None, usage=usage).response_metadata
    assert found["container"] == container
    assert found["service_tier"] == "priority"
    assert found["usage_extra"] == {"server_tool_use": {"web_search_requests": 2}, "cost": 0.5}
    assert "stop_details" not in found


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        ({"cost": 0.5, "is_byok": False}, 0.5),
        (
            {"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": 1}},
            1.5,
        ),
        ({"cost": 0.5, "is_byok": True}, None),
        ({"cost": "free"}, None),
        ({"cost": True}, None),
    ],
)
def test_a_gateways_own_price_is_told_in_dollars_or_not_at_all(
    usage: dict[str, Any], dollars: float | None
) -> None:
    found = parse(TEXT, usage=USAGE | usage).response_metadata
    assert found.get("provider_cost_usd") == dollars


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (USAGE, {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}),
        (
            USAGE | {"cache_read_input_tokens": 100, "cache_creation_input_tokens": 7},
            {
                "input_tokens": 117,
                "output_tokens": 5,
                "total_tokens": 122,
                "input_token_details": {"cache_read": 100, "cache_creation": 7},
            },
        ),
        (
            USAGE
            | {
                "cache_read_input_tokens": 0,
                "cache_creation_input_tokens": 7,
                "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4},
                "output_tokens_details": {"thinking_tokens": 2},
            },
            {
                "input_tokens": 17,
                "output_tokens": 5,
                "total_tokens": 22,
                "input_token_details": {
                    "cache_read": 0,
                    "cache_creation": 0,
                    "ephemeral_5m_input_tokens": 3,
                    "ephemeral_1h_input_tokens": 4,
                },
                "output_token_details": {"reasoning": 2},
            },
        ),
        (None, None),
        ({}, None),
    ],
)
def test_input_counts_what_was_cached_and_unknown_counts_are_not_zero(
    usage: Any, expected: Any
) -> None:
    assert parse(TEXT, usage=usage).usage_metadata == expected


@pytest.mark.parametrize(
    "refusal",
    [
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        {"error": {"code": 502}},
        body(TEXT) | {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
    ],
)
def test_an_error_where_an_answer_should_be_is_handed_on_whole(refusal: dict[str, Any]) -> None:
    with pytest.raises(ProviderRefusal) as caught:
        WIRE.parse_response(refusal, SPEC)
    assert caught.value.payload == refusal


def test_an_answer_with_a_good_base_resp_is_an_answer() -> None:
    assert parse(TEXT, base_resp={"status_code": 0}).text == "It is sunny."


@pytest.mark.parametrize(
    "nonsense",
    [[], {}, {"content": "x"}, {"content": [1]}, {"content": [{"type": "text"}]}],
)
def test_nonsense_is_a_malformed_response(nonsense: Any) -> None:
    with pytest.raises(MalformedResponse):
        WIRE.parse_response(nonsense, SPEC)


# Streams


def start_of(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Split a block as the API does: what comes at once, and the deltas."""
    match block["type"]:
        case "text":
            deltas = [
                {"type": "text_delta", "text": piece} for piece in block["text"].split(" ", 1)
            ]
            deltas[1]["text"] = " " + deltas[1]["text"]
            cited = block.get("citations", [])
            deltas += [{"type": "citations_delta", "citation": one} for one in cited]
            return {"type": "text", "text": ""} | ({"citations": []} if cited else {}), deltas
        case "thinking":
            deltas = [
                {"type": "thinking_delta", "thinking": block["thinking"], "estimated_tokens": 3},
                {"type": "signature_delta", "signature": block["signature"]},
            ]
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
        case "tool_use" | "server_tool_use":
            written = json.dumps(block["input"]) if block["input"] else ""
            pieces = ["", written[:5], written[5:]]
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
            return block | {"input": {}}, deltas
        case "compaction":
            deltas = [{"type": "compaction_delta", "content": block["content"]}]
            return {"type": "compaction", "content": None}, deltas
        case _:
            return block, []


def events(*blocks: dict[str, Any], **more: Any) -> Iterator[dict[str, Any]]:
    """Stream `body(*blocks)` as the API does."""
    whole = body(*blocks, **more)
    usage = {"input_tokens": 10, "output_tokens": 1, "service_tier": "standard"}
    fresh = {"content": [], "stop_reason": None, "usage": usage}
    yield {"type": "message_start", "message": whole | fresh}
    yield {"type": "ping"}
    for index, block in enumerate(blocks):
        start, deltas = start_of(block)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    delta = {name: whole[name] for name in ("stop_reason", "stop_sequence")}
    yield {"type": "message_delta", "delta": delta, "usage": whole["usage"]}
    yield {"type": "message_stop"}


def read(*given: Any, request: dict[str, Any] | None = None) -> list[AIMessageChunk]:
    reader = WIRE.reader(SPEC, request)
    shown = [chunk for event in given if (chunk := reader.feed(event)) is not None]
    return [*shown, reader.close()]


def merged(*given: Any, request: dict[str, Any] | None = None) -> AIMessageChunk:
    return reduce(add, read(*given, request=request))


PLAIN = {"messages": [{"role": "user", "content": "hi"}]}


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
    for event in (next(events()), {"type": "ping"}, {"type": "new"}, strange, blank, None):
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


def test_the_last_chunk_tells_the_end_once() -> None:
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
    message = merged(*events(SEARCH, FOUND, TEXT))
    assert message.tool_calls == []
    kinds = [block["type"] for block in message.content_blocks]
    assert kinds == ["server_tool_call", "server_tool_result", "text"]
    assert message.content_blocks[0]["args"] == {"query": "x"}


def substance(message: AIMessage) -> dict[str, Any]:
    """What must be alike, however the answer came."""
    meta = message.response_metadata
    blocks = [
        {key: value for key, value in block.items() if key != "index"}
        for block in message.content_blocks
    ]
    return {
        "text": message.text,
        "blocks": blocks,
        "tool_calls": message.tool_calls,
        "usage": message.usage_metadata,
        "id": message.id,
        "meta": {key: meta.get(key) for key in ("id", "model_name", "model_provider")},
        "stop": (meta.get("stop_reason"), meta.get("stop_sequence")),
    }


ANSWERS: list[Blocks] = [
    [TEXT],
    [THINKING, TEXT],
    [TEXT, CALL],
    [THINKING, TEXT, CALL, BARE_CALL],
    [REDACTED, TEXT],
    [SEARCH, FOUND, CITED],
    [COMPACTION, TEXT],
    [UNHEARD_OF, TEXT],
    [CALL, CALL | {"id": "toolu_9", "input": {"city": "Oslo"}}],
]


@pytest.mark.parametrize("blocks", ANSWERS)
def test_a_streamed_answer_is_the_whole_answer_in_substance(blocks: Blocks) -> None:
    assert substance(merged(*events(*blocks))) == substance(parse(*blocks))


# Back into a request


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_goes_back_to_its_maker_as_it_was(streamed: bool) -> None:
    blocks = [THINKING, REDACTED, SEARCH, FOUND, CITED, CALL, BARE_CALL]
    message = merged(*events(*blocks)) if streamed else parse(*blocks)
    history = [
        HumanMessage("Weather?"),
        message,
        ToolMessage("sunny", tool_call_id="toolu_1"),
        ToolMessage("noon", tool_call_id="toolu_2"),
    ]
    request = ChatRequest(model="claude-opus-5", messages=history)
    sent = WIRE.build_body(request, build_turns(history, SPEC).turns, SPEC)["messages"]
    without_null = {key: value for key, value in CITATION.items() if value is not None}
    assert sent[1] == {
        "role": "assistant",
        "content": [*blocks[:4], CITED | {"citations": [without_null]}, CALL, BARE_CALL],
    }
    assert [block["tool_use_id"] for block in sent[2]["content"]] == ["toolu_1", "toolu_2"]


# Through LangChain


class Replayed(BaseChatModel):
    """Answers every question with the same stream."""

    answer: Blocks
    request: dict[str, Any] | None = None

    @property
    def _llm_type(self) -> str:
        return "replayed"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for chunk in read(*events(*self.answer), request=self.request):
            yield ChatGenerationChunk(message=chunk)


@pytest.mark.parametrize("blocks", ANSWERS)
def test_version_one_streams_merge_into_the_standard_blocks(blocks: Blocks) -> None:
    model = Replayed(answer=blocks, output_version="v1")
    message = reduce(add, model.stream("hi"))
    expected = substance(parse(*blocks))["blocks"]
    got = [{k: v for k, v in block.items() if k != "index"} for block in message.content]
    assert [block["type"] for block in got] == [block["type"] for block in expected]
    assert [b for b in got if b["type"] in {"text", "reasoning", "tool_call"}] == [
        b for b in expected if b["type"] in {"text", "reasoning", "tool_call"}
    ]


@pytest.mark.parametrize("blocks", ANSWERS)
def test_version_three_events_are_valid_and_complete(blocks: Blocks) -> None:
    stream = list(Replayed(answer=blocks).stream_events("hi", version="v3"))
    assert_valid_event_stream(stream)
    done = [event["content"] for event in stream if event["event"] == "content-block-finish"]
    expected = substance(parse(*blocks))["blocks"]
    assert [block["type"] for block in done] == [block["type"] for block in expected]
    assert [b.get("args") for b in done] == [b.get("args") for b in expected]
    start = stream[0]["metadata"]
    assert (start["provider"], start["model"]) == ("anthropic", "claude-opus-5")


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_plain_strings_merge_into_one_text_block(version: str) -> None:
    model = Replayed(answer=[TEXT], request=PLAIN, output_version=version)
    message = reduce(add, model.stream("hi"))
    (block,) = message.content_blocks
    assert (block["type"], block["text"]) == ("text", "It is sunny.")


def test_plain_strings_make_valid_version_three_events() -> None:
    stream = Replayed(answer=[TEXT], request=PLAIN).stream_events("hi", version="v3")
    assert_valid_event_stream(stream)


# Any JSON at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = value.copy()
    changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


@st.composite
def mutated(draw: st.DrawFn, valid: Any) -> Any:
    for _ in range(draw(st.integers(1, 2))):
        valid = replaced(valid, draw(st.sampled_from(list(places(valid)))), draw(JSON))
    return valid


FULL = [THINKING, SEARCH, FOUND, CITED, COMPACTION, CALL]
FULL_BODY = body(*FULL, container={"id": "c"}, usage=USAGE | {"cache_creation": {"a": 1}})


@settings(deadline=None)
@given(mutated(FULL_BODY))
def test_any_json_is_a_message_or_an_error_of_ours(wild: Any) -> None:
    try:
        message = WIRE.parse_response(wild, SPEC)
    except ScoutError:
        return
    assert isinstance(message.content_blocks, list)


@settings(deadline=None)
@given(mutated(list(events(*FULL))).filter(lambda wild: isinstance(wild, list)))
def test_any_events_are_chunks_or_an_error_of_ours(wild: list[Any]) -> None:
    try:
        message = merged(*wild)
    except ScoutError:
        return
    assert message.chunk_position == "last"
    assert isinstance(message.content_blocks, list)

"""Whole responses: dict in, message out."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.wires.openai_responses import WIRE
from tests.llm.wires.openai_responses.examples import (
    COUNTED,
    CUSTOM,
    ID,
    NOTE,
    RICH,
    SEARCH,
    SPEC,
    USAGE,
    function_call,
    message,
    reasoning,
    response,
    text_part,
)

EMPTY = message(text_part(""))


def parse(*items: Json, **more: Any) -> AIMessage:
    return WIRE.parse_response(response(*items, **more), SPEC)


def test_a_response_becomes_blocks_and_metadata_as_chatopenai_gives_them() -> None:
    answer = parse(reasoning("Hm."), message(text_part("Hi", NOTE)), service_tier="default")
    assert answer.content == [
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "text", "text": "Hi", "annotations": [NOTE], "id": "msg_1"},
    ]
    assert answer.id == ID
    assert answer.usage_metadata == COUNTED
    assert answer.response_metadata == {
        "id": ID,
        "model_name": "gpt-5-2026",
        "model": "gpt-5-2026",
        "model_provider": "openai",
        "created_at": 1765000000,
        "object": "response",
        "status": "completed",
        "service_tier": "default",
        "finish_reason": "stop",
        "token_usage": USAGE,
    }


def test_calls_are_tool_calls_and_stay_in_the_content() -> None:
    answer = parse(function_call("f", '{"a": 1}', namespace="n"), CUSTOM)
    assert [(call["name"], call["args"], call["id"]) for call in answer.tool_calls] == [
        ("f", {"a": 1}, "call_a"),
        ("math", {"__arg1": '1 + "1"\n'}, "call_c"),
    ]
    assert answer.content == [function_call("f", '{"a": 1}', namespace="n"), CUSTOM]
    assert answer.response_metadata["finish_reason"] == "tool_calls"


def test_broken_arguments_make_an_invalid_call() -> None:
    answer = parse(function_call("f", '{"a": '))
    assert not answer.tool_calls
    assert answer.invalid_tool_calls[0]["args"] == '{"a": '


def test_a_call_without_arguments_has_none() -> None:
    assert parse(function_call("f", "")).tool_calls[0]["args"] == {}


def test_unknown_items_pass_through_without_their_nulls() -> None:
    unknown = {"type": "yet_to_come", "id": "x_1", "data": [1, {"a": None}]}
    assert parse({**unknown, "note": None}, SEARCH).content == [unknown, SEARCH]


def test_a_refusal_is_a_block_with_the_phase_of_its_message() -> None:
    answer = parse(message({"type": "refusal", "refusal": "No."}, phase="final_answer"))
    assert answer.content == [
        {"type": "refusal", "refusal": "No.", "id": "msg_1", "phase": "final_answer"}
    ]


def test_an_unknown_part_is_kept() -> None:
    part = {"type": "output_smell", "smell": "rose"}
    assert parse(message(part)).content == [{"type": "message_part", "part": part}]


def test_the_index_of_a_cited_file_has_another_name() -> None:
    """LangChain would merge by `index`; ChatOpenAI has the same name for it."""
    note = {"type": "file_citation", "file_id": "f", "index": 7}
    block = parse(message(text_part("Hi", note))).content[0]
    assert isinstance(block, dict)
    assert block["annotations"] == [{"type": "file_citation", "file_id": "f", "file_index": 7}]


def test_log_probabilities_are_kept_as_chat_completions_name_them() -> None:
    tokens = [{"token": "Hi", "logprob": -0.1}]
    answer = parse(message(text_part("Hi", logprobs=tokens)))
    assert answer.response_metadata["logprobs"] == {"content": tokens}


@pytest.mark.parametrize(
    ("reason", "named"), [("max_output_tokens", "length"), ("content_filter", "content_filter")]
)
def test_an_incomplete_response_contains_its_reason(reason: str, named: str) -> None:
    answer = parse(status="incomplete", incomplete_details={"reason": reason})
    assert answer.response_metadata["finish_reason"] == named
    assert answer.response_metadata["incomplete_details"] == {"reason": reason}


def test_a_queued_response_has_no_content_yet() -> None:
    answer = parse(status="queued", usage=None)
    assert answer.content == []
    assert answer.response_metadata["status"] == "queued"
    assert "finish_reason" not in answer.response_metadata
    assert answer.usage_metadata is None


def test_counts_of_a_tier_with_prices_of_its_own_are_named_after_it() -> None:
    usage = parse(EMPTY, service_tier="flex").usage_metadata
    assert usage == COUNTED | {
        "input_token_details": {"flex_cache_read": 8, "flex_cache_creation": 2, "flex": 10},
        "output_token_details": {"flex_reasoning": 4, "flex": 6},
    }


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        ({"cost_in_usd_ticks": 25_000_000}, 0.0025),
        ({"cost": 0.5, "is_byok": False}, 0.5),
        ({"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": 1.5}}, 2.0),
        ({"cost": 0.5, "is_byok": True}, None),
        ({}, None),
        # https://docs.perplexity.ai/docs/agent-api/output-control
        ({"cost": {"input_cost": 0.001, "total_cost": 0.006, "currency": "USD"}}, 0.006),
    ],
)
def test_the_cost_is_the_one_that_the_provider_states(usage: Json, usd: float | None) -> None:
    answer = parse(EMPTY, usage=USAGE | usage)
    assert answer.response_metadata.get("provider_cost_usd") == usd


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "no", "code": "x"}},
        response(status="failed", error={"code": "server_error", "message": "no"}),
        response(status="failed"),
        response(status="cancelled"),
        {"detail": "no"},
        {"code": "invalid-argument", "error": "no"},
    ],
)
def test_an_error_inside_a_200_is_refused(body: Json) -> None:
    with pytest.raises(ProviderRefusal):
        WIRE.parse_response(body, SPEC)


def test_a_failed_response_is_refused_with_its_error_alone() -> None:
    error = {"code": "server_error", "message": "no"}
    with pytest.raises(ProviderRefusal) as refused:
        WIRE.parse_response(response(status="failed", error=error), SPEC)
    assert refused.value.payload == {"error": error}


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"output": "text"},
        response("item"),  # type: ignore[arg-type]  # what no server should send
        response({"id": "x"}),
        response(message({"type": "output_text"})),
        response({"type": "function_call", "arguments": "{}"}),
        response({"type": "function_call", "name": "f", "arguments": 7}),
        response({"type": "custom_tool_call", "name": "f"}),
        response({"type": "web_search_call", "id": 7}),
    ],
)
def test_nonsense_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedResponse):
        WIRE.parse_response(body, SPEC)


def test_langchain_reads_every_kind_of_block() -> None:
    answer = WIRE.parse_response(RICH, SPEC)
    assert answer.text == "The answer is 4."
    assert [block["type"] for block in answer.content_blocks][:4] == [
        "reasoning",
        "reasoning",
        "server_tool_call",
        "server_tool_result",
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"summary": "text"},
        {"summary": [None, 7, "text"]},
        {"summary": 7},
        {"extras": {"a": 1}},
        {"index": "\ud800"},
    ],
)
def test_reasoning_of_an_odd_form_leaves_the_answer_readable(more: Json) -> None:
    answer = parse({**reasoning("because"), **more}, message(text_part("four")))
    assert [block["type"] for block in answer.content_blocks] == ["reasoning", "text"]


@pytest.mark.parametrize("annotations", ["completed", [7], [{"type": "url_citation"}], None])
def test_odd_annotations_leave_the_answer_readable(annotations: Any) -> None:
    part = {"type": "output_text", "text": "four", "annotations": annotations}
    answer = parse(message(part), {**part, "type": "text", "id": "x_1"})
    assert [block["type"] for block in answer.content_blocks] == ["text", "text"]


@pytest.mark.parametrize("kind", [["web_search_call"], {"a": 1}, 7, None])
def test_an_item_whose_type_is_no_text_is_malformed(kind: Any) -> None:
    with pytest.raises(MalformedResponse):
        parse({**SEARCH, "type": kind})


ZEROS = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
COUNTS = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, ZEROS, None),
        (None, ZEROS | {"output_tokens": 4}, None),
        (None, COUNTS, 9),
        (COUNTS, None, 9),
        (COUNTS, ZEROS, 9),
    ],
)
def test_zeros_are_no_token_counts(first: Any, last: Any, expected: int | None) -> None:
    reader = WIRE.reader(SPEC)
    for event in (
        {"type": "response.created", "response": {"id": ID, "usage": first}},
        {"type": "response.completed", "response": response(EMPTY, usage=last)},
    ):
        reader.feed(event)
    usage = reader.close().usage_metadata
    assert (usage and usage["input_tokens"]) == expected
    whole = WIRE.parse_response(response(EMPTY, usage=last), SPEC).usage_metadata
    assert (whole is None) is (last is not COUNTS)

"""Whole answers in Anthropic's form: bodies in, messages out."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.wires.anthropic_messages import WIRE
from tests.llm.wires.anthropic_messages.answers import (
    BARE_CALL,
    CALL,
    CITED,
    REDACTED,
    SEARCH,
    SEARCH_RESULT,
    SPEC,
    TEXT,
    THINKING,
    UNHEARD_OF,
    USAGE,
    body,
    parse,
)

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
    blocks = [THINKING, REDACTED, SEARCH, SEARCH_RESULT, CITED, UNHEARD_OF]
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
    kinds = [
        block["type"]
        for block in parse(THINKING, SEARCH, SEARCH_RESULT, CITED, CALL).content_blocks
    ]
    assert kinds == ["reasoning", "server_tool_call", "server_tool_result", "text", "tool_call"]


def test_the_other_fields_of_an_answer_are_metadata() -> None:
    container = {"id": "c1", "expires_at": "2026-01-01T00:00:00Z"}
    usage = USAGE | {
        "service_tier": "priority",
        "server_tool_use": {"web_search_requests": 2},
        "inference_geo": None,
        "cost": 0.5,
    }
    metadata = parse(TEXT, container=container, stop_details=None, usage=usage).response_metadata
    assert metadata["container"] == container
    assert metadata["service_tier"] == "priority"
    assert metadata["usage_extra"] == {"server_tool_use": {"web_search_requests": 2}, "cost": 0.5}
    assert "stop_details" not in metadata


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
def test_a_gateways_own_price_is_reported_in_dollars_or_not_at_all(
    usage: dict[str, Any], dollars: float | None
) -> None:
    metadata = parse(TEXT, usage=USAGE | usage).response_metadata
    assert metadata.get("provider_cost_usd") == dollars


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

"""Requests in Anthropic's form: canonical turns in, JSON bodies out."""

from __future__ import annotations

import pytest

from scout_adapters.llm.types import ChatRequest, ProviderSpec
from scout_adapters.llm.wires.anthropic_messages import WIRE
from tests.llm.wires.anthropic_messages.requests import (
    WEATHER,
    build,
)

# The envelope


def test_a_plain_request_holds_model_limit_and_message_and_nothing_else() -> None:
    assert build(max_tokens=100) == {
        "model": "claude-sonnet-4-6",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_the_key_is_in_a_header_beside_the_version() -> None:
    assert WIRE.auth_headers("sk-1") == {"x-api-key": "sk-1", "anthropic-version": "2023-06-01"}
    assert WIRE.endpoint("claude-opus-5", stream=True) == "/messages"


def test_options_take_their_anthropic_names() -> None:
    body = build(temperature=0.5, stop=["END", " \n"], stream=True, extra={"top_k": 5})
    assert body["temperature"] == 0.5
    assert body["stop_sequences"] == ["END"]
    assert body["stream"] is True
    assert body["top_k"] == 5


def test_stop_words_of_nothing_but_white_space_are_left_out() -> None:
    assert "stop_sequences" not in build(stop=["\n", ""])


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        ("claude-3-haiku-20240307", 4096),
        ("claude-2.1", 4096),
        ("claude-3-5-sonnet-20241022", 8192),
        ("claude-3-7-sonnet-latest", 16_384),
        ("claude-opus-4-20250514", 16_384),
        ("claude-4-opus-20250514", 16_384),
        ("claude-opus-4-1@20250805", 16_384),
        ("claude-sonnet-4-5-20250929", 32_000),
        ("anthropic/claude-haiku-4.5", 32_000),
        ("us.anthropic.claude-opus-4-6-v1:0", 32_000),
        ("claude-opus-5-5", 32_000),
        ("claude-mythos-preview", 32_000),
        ("MiniMax-M2", 16_384),
    ],
)
def test_without_a_limit_every_model_gets_one_that_it_accepts(model: str, limit: int) -> None:
    assert build(model=model)["max_tokens"] == limit


def test_a_limit_of_zero_is_sent_because_it_warms_the_cache() -> None:
    assert build(max_tokens=0)["max_tokens"] == 0


def test_a_default_limit_leaves_room_behind_the_callers_thinking_budget() -> None:
    thinking = {"type": "enabled", "budget_tokens": 20_000}
    body = build(model="claude-3-7-sonnet-latest", extra={"thinking": thinking})
    assert body["max_tokens"] > 20_000


def test_extra_fields_come_last_and_nulls_and_betas_stay_out() -> None:
    extra = {"metadata": {"user_id": "u"}, "service_tier": None, "betas": ["b"], "max_tokens": 7}
    body = build(max_tokens=100, extra=extra)
    assert body["metadata"] == {"user_id": "u"}
    assert body["max_tokens"] == 7
    assert not {"service_tier", "betas"} & body.keys()


def test_a_card_renames_drops_and_adjusts_fields() -> None:
    spec = ProviderSpec(
        name="other",
        docs="https://example.com",
        wire=WIRE,
        base_url="https://example.com",
        rename={"max_tokens": "limit"},
        drop=frozenset({"temperature"}),
        adjust=lambda body: body | {"adjusted": True},
    )
    body = build(spec=spec, max_tokens=5, temperature=0.1)
    assert body["limit"] == 5
    assert body["adjusted"] is True
    assert not {"max_tokens", "temperature"} & body.keys()


# Beta features


def test_beta_features_are_named_in_a_header_once_each() -> None:
    request = ChatRequest(
        model="claude-opus-5",
        messages=[],
        tools=[{"type": "mcp_toolset", "mcp_server_name": "x"}],
        extra={"betas": ["compact-2026-01-12"], "mcp_servers": [{"name": "x"}]},
    )
    header = WIRE.extra_headers(request)
    assert header == {"anthropic-beta": "compact-2026-01-12,mcp-client-2025-11-20"}


def test_beta_features_may_be_named_in_one_string_as_in_the_header() -> None:
    request = ChatRequest(
        model="claude-opus-5", messages=[], tools=[WEATHER], extra={"betas": "a,b"}
    )
    assert WIRE.extra_headers(request) == {"anthropic-beta": "a,b"}


def test_a_request_without_beta_features_adds_no_header() -> None:
    assert WIRE.extra_headers(ChatRequest(model="claude-opus-5", messages=[])) == {}

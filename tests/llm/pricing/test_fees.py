"""Fees beside tokens, and systems of models: priced where the provider states no cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage

from scout_adapters.llm.adapters.adapter import PreparedRequest
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.cost_bound import cost_bound
from scout_adapters.llm.pricing.price_list import PRICING, cost_of, price_list
from scout_adapters.llm.pricing.record_costs import bill
from scout_adapters.llm.providers import registry
from scout_adapters.llm.types import ChatRequest
from scout_adapters.llm.wires.openai_chat import WIRE as CHAT
from scout_adapters.llm.wires.openai_responses import WIRE as RESPONSES
from tests.support.verbs import merge_chunks

TOKENS: Any = {"input_tokens": 1000, "output_tokens": 1000, "total_tokens": 2000}


def priced(provider: str, model: str, usage: dict[str, Any], *, prices: str = "") -> float:
    usd = cost_of(provider, model, TOKENS, prices=prices, metadata={"token_usage": usage}).usd
    assert usd is not None
    return usd


@pytest.mark.parametrize(
    ("model", "tokens_usd", "fees"),
    [
        ("sonar", 0.002, {"low": 0.005, "medium": 0.008, "high": 0.012}),
        ("sonar-pro", 0.018, {"low": 0.006, "medium": 0.010, "high": 0.014}),
        ("sonar-reasoning-pro", 0.010, {"low": 0.006, "medium": 0.010, "high": 0.014}),
    ],
)
def test_perplexity_s_fee_depends_on_the_size_of_the_search(
    model: str, tokens_usd: float, fees: dict[str, float]
) -> None:
    for size, fee in fees.items():
        usd = priced("perplexity", model, {"search_context_size": size})
        assert usd == pytest.approx(tokens_usd + fee, abs=1e-12)
    largest = priced("perplexity", model, {"search_context_size": ["odd"]})
    assert largest == priced("perplexity", model, {}) == pytest.approx(tokens_usd + fees["high"])


@pytest.mark.parametrize(
    ("usage", "searches"),
    [
        ({"num_server_side_tools_used": 3}, 3),
        (
            {
                "num_server_side_tools_used": 6,
                "server_side_tool_usage_details": {"web_search_calls": 2, "x_search_calls": 1},
            },
            3,
        ),
        ({"num_server_side_tools_used": 0, "num_sources_used": 4}, 0),
        ({"num_server_side_tools_used": -3}, 0),
        ({}, 0),
    ],
)
def test_each_search_of_xai_costs_half_a_cent(usage: dict[str, Any], searches: int) -> None:
    tokens_usd = priced("xai", "grok-4-fast-reasoning", {}, prices="x-ai")
    usd = priced("xai", "grok-4-fast-reasoning", usage, prices="x-ai")
    assert usd - tokens_usd == pytest.approx(0.005 * searches, abs=1e-12)


GROQ = registry.spec("groq")
PARTS = [
    ("llama-3.3-70b-versatile", 299, 768),
    ("openai/gpt-oss-120b", 157, 3000),
]
BREAKDOWN = {
    "models": [
        {
            "model": model,
            "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": answered},
        }
        for model, prompt_tokens, answered in PARTS
    ]
}
COUNTS = {"prompt_tokens": 456, "completion_tokens": 3768, "total_tokens": 4224}
PARTS_USD = (299 * 0.59 + 768 * 0.79 + 157 * 0.15 + 3000 * 0.6) / 1e6


def whole(breakdown: Any) -> AIMessage:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "hi"},
        "finish_reason": "stop",
    }
    body = {"id": "c", "model": "groq/compound-mini", "choices": [choice], "usage": COUNTS}
    return CHAT.parse_response(body | {"usage_breakdown": breakdown}, GROQ)


def streamed(last: dict[str, Any]) -> AIMessageChunk:
    reader = CHAT.reader(GROQ)
    delta = {"index": 0, "delta": {"content": "hi"}}
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    head = {"id": "c", "model": "groq/compound-mini"}
    chunks = [
        reader.feed(head | {"choices": [delta]}),
        reader.feed(head | {"choices": [end]} | last),
    ]
    return merge_chunks([*filter(None, chunks), reader.close()])


ANSWERS = {
    "whole": lambda: whole(BREAKDOWN),
    "in x_groq": lambda: streamed({"x_groq": {"usage": COUNTS, "usage_breakdown": BREAKDOWN}}),
    "beside usage": lambda: streamed({"usage": COUNTS, "usage_breakdown": BREAKDOWN}),
    "both": lambda: streamed(
        {"usage": COUNTS, "x_groq": {"id": "r", "usage": COUNTS, "usage_breakdown": BREAKDOWN}}
    ),
}


@pytest.mark.parametrize("form", ANSWERS)
def test_an_answer_of_several_models_costs_what_each_of_them_costs(form: str) -> None:
    answer = ANSWERS[form]()
    fields = bill("groq", "groq/compound-mini", answer.usage_metadata, answer.response_metadata)
    assert fields["cost_usd"] == pytest.approx(PARTS_USD, abs=1e-15)
    assert fields["cost_source"] == "genai-prices"
    assert (fields["input_tokens"], fields["output_tokens"]) == (456, 3768)


def test_a_model_without_a_price_or_without_counts_leaves_the_sum_unknown() -> None:
    unpriced = {"model": "unheard-of-1", "usage": {"prompt_tokens": 9, "completion_tokens": 9}}
    uncounted = {"model": "llama-3.3-70b-versatile", "usage": None}
    for odd in (unpriced, uncounted, {"usage": unpriced["usage"]}):
        answer = whole({"models": [*BREAKDOWN["models"], odd]})
        fields = bill("groq", "groq/compound-mini", answer.usage_metadata, answer.response_metadata)
        assert fields["cost_usd"] is None


def test_the_user_s_price_of_a_system_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRICING, "groq", {"groq/compound-mini": {"input": 1.0, "output": 1.0}})
    answer = whole(BREAKDOWN)
    fields = bill("groq", "groq/compound-mini", answer.usage_metadata, answer.response_metadata)
    assert fields["cost_usd"] == pytest.approx(4.224)
    assert fields["cost_source"] == "user"


def bound(provider: str, model: str, body: dict[str, Any], wire: Any = None) -> float:
    """Return in USD what a request with this body is held for."""
    endpoint = registry.get(provider).endpoint
    if wire is not None:
        endpoint = replace(endpoint, spec=replace(endpoint.spec, wire=wire, dialect=None))
    candidate = Candidate(endpoint=endpoint, model=model)
    request = ChatRequest(model=model, messages=[HumanMessage("hi")])
    bound_usd = cost_bound(candidate, PreparedRequest(request=request, content=b"{}", body=body))
    assert bound_usd.nano is not None, bound_usd.why
    return bound_usd.nano / 1e9


WINDOW = {"model": "m", "max_tokens": 100, "max_output_tokens": 100}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
CODE = {"type": "code_interpreter", "container": {"type": "auto"}}


@pytest.mark.parametrize(
    ("provider", "model", "wire", "body", "free", "usd"),
    [
        # `free` may read the window as well, and has no search.
        (
            "anthropic",
            "claude-sonnet-4-5",
            None,
            {"tools": [SEARCH | {"max_uses": 3}]},
            {"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]},
            0.03,
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            None,
            {"tools": [SEARCH]},
            {"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]},
            0.2,
        ),
        (
            "xai",
            "grok-4-fast-reasoning",
            RESPONSES,
            {"tools": [{"type": "x_search"}, CODE], "max_tool_calls": 4},
            {"previous_response_id": "r"},
            0.02,
        ),
        (
            "xai",
            "grok-4-fast-reasoning",
            None,
            {"search_parameters": {"mode": "on"}},
            {"plugins": []},
            0.1,
        ),
    ],
)
def test_a_request_is_held_for_the_searches_that_it_allows(
    provider: str, model: str, wire: Any, body: Any, free: Any, usd: float
) -> None:
    more = bound(provider, model, WINDOW | body, wire) - bound(provider, model, WINDOW | free, wire)
    assert more == pytest.approx(usd, abs=1e-8)


def test_a_system_of_models_is_held_for_its_dearest_model_in_each_round() -> None:
    reserved = bound("groq", "groq/compound-mini", {"model": "m", "max_tokens": 1})
    assert reserved >= 11 * 131_072 * 0.59e-6
    assert reserved > bound("groq", "llama-3.3-70b-versatile", {"model": "m"})


def test_a_prompt_that_browser_search_reads_several_times_is_held_for() -> None:
    body = {"model": "m", "max_tokens": 1, "tools": [{"type": "browser_search"}]}
    assert bound("groq", "openai/gpt-oss-20b", body) >= 352_994 * 0.075e-6


def test_the_fee_of_a_perplexity_request_is_part_of_what_it_is_held_for() -> None:
    tariff = price_list("perplexity", "sonar").tariff
    assert tariff is not None
    assert tariff.max_cost(0, 0, frozenset()) == 12_000_000

"""Answers that a content policy has ended, under a status of 200."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolCall

from scout_adapters import ScoutCostCallbackHandler
from scout_adapters.errors import ContentRefused
from scout_adapters.llm.failures.refused_answers import policy_refusal
from scout_adapters.llm.providers import registry
from tests.support.fake_http import GROQ, GROQ_70B, OPENAI, OPENAI_MINI

FILTERED: dict[str, Any] = {"text": "", "finish": "content_filter"}


async def test_an_answer_that_is_filtered_whole_goes_on_where_the_user_chose_it(
    providers, wire, router, ask
) -> None:
    providers.on(OPENAI, wire.say(**FILTERED))
    providers.on(GROQ, wire.say("fine"))
    answer = await ask(router(OPENAI_MINI, GROQ_70B, failover_on_refusal=True))
    assert answer.text == "fine"
    first, last = answer.response_metadata["scout"]["attempts"]
    assert (first["outcome"], first["code"]) == ("content_output", "content_filter")
    assert (first["billed"], first["input_tokens"], first["output_tokens"]) == ("yes", 10, 5)
    assert last["outcome"] == "ok"


async def test_the_default_returns_what_the_provider_sent(providers, wire, router, ask) -> None:
    providers.on(OPENAI, wire.say(**FILTERED))
    answer = await ask(router(OPENAI_MINI, GROQ_70B))
    assert answer.text == ""
    assert answer.response_metadata["finish_reason"] == "content_filter"
    assert providers.hosts == [OPENAI]


async def test_the_last_candidates_refusal_is_raised_and_each_is_paid(
    providers, wire, router, ask
) -> None:
    providers.on(OPENAI, wire.say(**FILTERED))
    providers.on(GROQ, wire.say(**FILTERED))
    costs = ScoutCostCallbackHandler()
    model = router(OPENAI_MINI, GROQ_70B, failover_on_refusal=True)
    with pytest.raises(ContentRefused, match="content_filter") as caught:
        await ask(model, config={"callbacks": [costs]})
    assert providers.hosts == [OPENAI, GROQ]
    billed = [attempt["cost_usd"] for attempt in caught.value.attempts]
    assert min(billed) > 0
    assert costs.total_cost == pytest.approx(sum(billed))


async def test_an_answer_that_was_cut_by_a_filter_is_the_answer(
    providers, wire, router, ask
) -> None:
    providers.on(OPENAI, wire.say("begun", finish="content_filter"))
    answer = await ask(router(OPENAI_MINI, GROQ_70B, failover_on_refusal=True))
    assert answer.text == "begun"
    assert providers.hosts == [OPENAI]


CLAUDE = {"type": "message", "id": "m", "role": "assistant", "model": "claude-haiku-4-5"}
USED = {"input_tokens": 5, "output_tokens": 1}
GEMINI_PROMPT = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
RESPONSE = {"id": "r", "object": "response", "status": "incomplete", "output": []}
FILTER = {"incomplete_details": {"reason": "content_filter"}}
TEXT = {"type": "text", "text": "not allowed here"}


@pytest.mark.parametrize(
    ("provider", "body", "reason"),
    [
        ("anthropic", CLAUDE | {"content": [], "stop_reason": "refusal", "usage": USED}, "refusal"),
        ("anthropic", CLAUDE | {"content": [TEXT], "stop_reason": "refusal", "usage": USED}, ""),
        ("anthropic", CLAUDE | {"content": [], "stop_reason": "end_turn", "usage": USED}, ""),
        (
            "bedrock",
            CLAUDE
            | {"content": [TEXT], "stop_reason": "end_turn", "usage": USED}
            | {"amazon-bedrock-guardrailAction": "INTERVENED"},
            "INTERVENED",
        ),
        ("google", GEMINI_PROMPT, "PROHIBITED_CONTENT"),
        ("google", {"candidates": [{"finishReason": "SAFETY"}]}, "SAFETY"),
        ("google", {"candidates": [{"finishReason": "MAX_TOKENS"}]}, ""),
        (
            "openai",
            RESPONSE | {"incomplete_details": {"reason": "content_filter"}},
            "content_filter",
        ),
        ("openai", RESPONSE | {"incomplete_details": {"reason": "max_output_tokens"}}, ""),
    ],
)
def test_each_wires_words_are_recognised(provider: str, body: Any, reason: str) -> None:
    spec = registry.spec(provider)
    card = spec.card_of("anthropic.claude-haiku-4-5") if provider == "bedrock" else spec
    if body.get("object") == "response":
        card = spec.second_card
    assert policy_refusal(card.wire.parse_response(body, card)) == reason


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"stopReason": "guardrail_intervened"}, "guardrail_intervened"),  # ChatBedrockConverse
        ({"finish_reason": "SAFETY"}, "SAFETY"),
        ({"finish_reason": ["SAFETY"]}, ""),
        ({}, ""),
    ],
)
def test_the_words_of_other_packages_are_recognised(metadata: Any, reason: str) -> None:
    assert policy_refusal(AIMessage("", response_metadata=metadata)) == reason


def test_a_call_of_a_tool_is_an_answer() -> None:
    call = ToolCall(name="f", args={}, id="c")
    message = AIMessage("", tool_calls=[call], response_metadata={"finish_reason": "SAFETY"})
    assert policy_refusal(message) == ""

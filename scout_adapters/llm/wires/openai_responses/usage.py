"""Token counts and the cost that a provider states, from the `usage` of a response.

https://platform.openai.com/docs/api-reference/responses/object#responses/object-usage
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json, amount, is_count, mapping
from scout_adapters.llm.wires.parsing import usage_metadata

TICKS_PER_USD = 10_000_000_000
"""xAI's unit of money: https://docs.x.ai/developers/cost-tracking."""


CHAT_NAMES = {
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
    "total_tokens": "total_tokens",
    "prompt_tokens_details": "input_tokens_details",
    "completion_tokens_details": "output_tokens_details",
}
"""Names of counts in Chat Completions, and here."""

TIERS = frozenset({"flex", "priority"})
"""Service tiers with prices of their own."""


def usage_of(usage: Json, service_tier: Any = None) -> UsageMetadata | None:
    """Return the token counts in LangChain's form; None if the response has none.

    Like ChatOpenAI, name the counts of a tier with prices of its own after it: `flex_cache_read`,
    `flex_reasoning`, and `flex` for the tokens that are neither.
    """
    input_tokens, output_tokens = _known(usage, "input_tokens"), _known(usage, "output_tokens")
    if input_tokens is None and output_tokens is None:
        return usage_of(_renamed(usage), service_tier) if "prompt_tokens" in usage else None
    input_tokens, output_tokens = input_tokens or 0, output_tokens or 0
    details = mapping(usage.get("input_tokens_details"))
    cached = _known(details, "cached_tokens")
    if cached is not None:
        cached = min(cached, input_tokens)  # Azure's Grok reports more of them than there are
    inputs = {"cache_read": cached, "cache_creation": _known(details, "cache_write_tokens")}
    reasoning = _known(mapping(usage.get("output_tokens_details")), "reasoning_tokens")
    outputs = {"reasoning": reasoning}
    if isinstance(service_tier, str) and service_tier in TIERS:
        inputs = _in_tier(service_tier, inputs, input_tokens)
        outputs = _in_tier(service_tier, outputs, output_tokens)
    total = _known(usage, "total_tokens")
    counts = usage_metadata(
        input_tokens, output_tokens, inputs=inputs, outputs=outputs, total_tokens=total
    )
    counts.setdefault("input_token_details", {})
    counts.setdefault("output_token_details", {})
    return counts


def _renamed(usage: Json) -> Json:
    """Return counts under this API's names: some gateways keep those of Chat Completions."""
    return {CHAT_NAMES[name]: usage[name] for name in CHAT_NAMES if name in usage}


def _in_tier(tier: str, counts: Mapping[str, int | None], total: int) -> dict[str, int | None]:
    rest = max(0, total - sum(value or 0 for value in counts.values()))
    return {f"{tier}_{name}": value for name, value in counts.items()} | {tier: rest}


def stated_cost(usage: Json) -> float | None:
    """Return the cost in USD that the provider states; None if it states none.

    xAI counts in ticks. OpenRouter with the user's own upstream key states its fee, and what the
    upstream charges beside it: https://openrouter.ai/docs/use-cases/usage-accounting
    """
    if ticks := amount(usage.get("cost_in_usd_ticks")):
        return ticks / TICKS_PER_USD
    cost = usage.get("cost")
    if isinstance(cost, dict):  # https://docs.perplexity.ai/docs/agent-api/output-control
        return amount(cost.get("total_cost"))
    charged = amount(cost)
    if charged is None or charged < 0 or usage.get("is_byok") is not True:
        return charged
    upstream = amount(mapping(usage.get("cost_details")).get("upstream_inference_cost"))
    return upstream if upstream is None or upstream < 0 else charged + upstream


def _known(counts: Json, name: str) -> int | None:
    value = counts.get(name)
    return int(value) if value is not None and is_count(value) else None

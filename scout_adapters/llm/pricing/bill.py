"""What an answer comes to, in the words of an attempt's record: tokens by kind, and their cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.pricing.price_list import NOTHING, UNKNOWN, Cost, priced
from scout_adapters.llm.pricing.rates import TokenCounts, counts_of, service_of


def bill(  # what a price depends on
    provider: str,
    model: str,
    usage: UsageMetadata | None,
    told: Mapping[str, Any] = NOTHING,
    *,
    stated: float | None = None,
    prices: str = "",
) -> Json:
    """Price an answer: by its provider's own figure, `stated` in US dollars, or by its tokens.

    `told` is its `response_metadata`, `prices` the provider's name in genai-prices where that is
    another one. What is not known is None.
    """
    counts = None if usage is None else counts_of(usage, told)
    cost = UNKNOWN
    if stated is not None:
        cost = Cost(stated, "provider")
    elif usage is not None and counts is not None:
        cost = priced(provider, model, counts, service_of(usage, told), prices=prices)
    return {**cost_fields(cost), **(token_fields(counts) if counts else {})}


def cost_fields(cost: Cost) -> Json:
    """Say a cost."""
    return {
        "cost_usd": cost.usd,
        "cost_source": cost.source,
        "priced_by": cost.priced_by,
        "price": cost.price,
    }


def token_fields(counts: TokenCounts) -> Json:
    """Say what was counted."""
    return {
        "input_tokens": counts.input,
        "output_tokens": counts.output,
        "cache_read_tokens": counts.cache_read or None,
        "cache_write_tokens": counts.cache_write + counts.cache_write_1h or None,
        "reasoning_tokens": counts.reasoning or None,
    }

"""Tokens by kind and their cost, as fields of an attempt's record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json
from scout_adapters._internal.logs import logger_of
from scout_adapters.llm.pricing.price_list import (
    NO_METADATA,
    UNKNOWN_COST,
    Cost,
    is_cost,
    price_answer,
)
from scout_adapters.llm.pricing.rates import TokenCounts, counts_of

logger = logger_of(__name__)


def bill(  # what a price depends on
    provider: str,
    model: str,
    usage: UsageMetadata | None,
    metadata: Mapping[str, Any] = NO_METADATA,
    *,
    stated: float | None = None,
    prices: str = "",
) -> Json:
    """Return the token and cost fields of an answer's record; unknown values are None.

    `metadata` is the answer's `response_metadata`. `stated` is the provider's own figure in US
    dollars and wins over the tokens; one that is negative or absurd is refused, as `reason`
    states. `prices` is the provider's name in genai-prices, where it differs from `provider`.
    """
    counts = None if usage is None else counts_of(usage, metadata, model)
    cost, reason = UNKNOWN_COST, "" if stated is None else _refusal(provider, model, stated)
    if stated is not None and not reason:
        cost = Cost(stated, "provider")
    elif usage is not None and counts is not None:
        cost = price_answer(provider, model, usage, metadata, counts, prices=prices)
    fields = cost_fields(cost)
    if counts is not None:
        fields |= token_fields(counts)
    if reason:
        fields["reason"] = reason
    return fields


def _refusal(provider: str, model: str, stated: Any) -> str:
    """Return why a stated cost is not used, and log it; "" if it is used."""
    if is_cost(stated):
        return ""
    reason = f"the stated cost of {str(stated)[:32]} USD is refused"
    logger.warning("%s/%s: %s", provider, model, reason)
    return reason


def cost_fields(cost: Cost) -> Json:
    """Return a cost as fields of a record."""
    return {
        "cost_usd": cost.usd,
        "cost_source": cost.source,
        "priced_by": cost.priced_by,
        "price": cost.price,
    }


def token_fields(counts: TokenCounts) -> Json:
    """Return token counts as fields of a record; kinds that did not occur are None."""
    return {
        "input_tokens": counts.input,
        "output_tokens": counts.output,
        "cache_read_tokens": counts.cache_read or None,
        "cache_write_tokens": counts.cache_write + counts.cache_write_1h or None,
        "reasoning_tokens": counts.reasoning or None,
    }

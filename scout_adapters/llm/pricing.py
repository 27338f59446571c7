"""What a call costs: the provider's own figure, the user's table, or genai-prices; else unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from langchain_core.messages.ai import UsageMetadata

from scout_adapters.logs import logger_of

logger = logger_of(__name__)

PRICING: dict[str, dict[str, dict[str, float]]] = {}
"""Your own prices, in USD per 1,000 tokens; they win over the shipped ones.

`PRICING["groq"] = {"model-id": {"input": 0.0001, "output": 0.0002}}`; `"cache_read"` and
`"cache_write"` may be named too, and otherwise cost what `"input"` costs.
"""

Source = Literal["provider", "user", "genai-prices"]


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars and who says so; both None where nobody knows the price."""

    usd: float | None = None
    source: Source | None = None


UNKNOWN = Cost()

CACHE_WRITES = ("cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
"""Kinds of tokens written to a cache; LangChain counts each token under one of them."""


def estimate_cost_usd(
    *, provider: str, model: str, input_tokens: int, output_tokens: int
) -> float | None:
    """Price a call by its tokens; None where no price is known for the model."""
    usage = UsageMetadata(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        total_tokens=input_tokens + output_tokens,
    )
    return cost_of(provider, model, usage).usd


def cost_of(
    provider: str,
    model: str,
    usage: UsageMetadata | None,
    *,
    stated_usd: float | None = None,
    prices: str = "",
) -> Cost:
    """Price a call: by what the provider says it cost, or by its tokens.

    `prices` is the provider's name in genai-prices, where it differs from `provider`.
    """
    if stated_usd is not None:
        return Cost(stated_usd, "provider")
    if usage is None:
        return UNKNOWN
    if own := PRICING.get(provider, {}).get(model):
        return Cost(float(_by_own_table(own, usage)), "user")
    return _by_shipped_prices(prices or provider, model, usage)


def _by_own_table(price: Mapping[str, float], usage: UsageMetadata) -> Decimal:
    details: Mapping[str, Any] = usage.get("input_token_details") or {}
    read = details.get("cache_read") or 0
    written = sum(details.get(kind) or 0 for kind in CACHE_WRITES)
    counts = {
        "input": usage["input_tokens"] - read - written,
        "cache_read": read,
        "cache_write": written,
        "output": usage["output_tokens"],
    }
    per_thousand = {name: Decimal(str(price.get(name, price.get("input", 0)))) for name in counts}
    per_thousand["output"] = Decimal(str(price.get("output", 0)))
    return sum((per_thousand[name] * counts[name] / 1000 for name in counts), Decimal(0))


def _by_shipped_prices(prices: str, model: str, usage: UsageMetadata) -> Cost:
    import genai_prices  # noqa: PLC0415  # 160 ms and a megabyte of data: on first use

    counts = _counts(usage)
    try:
        price = genai_prices.calc_price(
            genai_prices.Usage(**counts), model_ref=model, provider_id=prices
        )
    except (LookupError, ValueError):
        _warn_once(prices, model)
        return UNKNOWN
    return Cost(float(price.total_price), "genai-prices")


def _counts(usage: UsageMetadata) -> dict[str, int]:
    """Say LangChain's counts in genai-prices' words; both count cached tokens within the input."""
    read: Mapping[str, Any] = usage.get("input_token_details") or {}
    wrote: Mapping[str, Any] = usage.get("output_token_details") or {}
    hour = read.get("ephemeral_1h_input_tokens") or 0
    counts = {
        "input_tokens": usage["input_tokens"],
        "cache_read_tokens": read.get("cache_read") or 0,
        "cache_write_tokens": sum(read.get(kind) or 0 for kind in CACHE_WRITES),
        "cache_write_1h_tokens": hour,
        "input_audio_tokens": read.get("audio") or 0,
        "output_tokens": usage["output_tokens"],
        "output_audio_tokens": wrote.get("audio") or 0,
    }
    return {name: count for name, count in counts.items() if count}


@cache
def _warn_once(provider: str, model: str) -> None:
    logger.warning(
        "no price is known for %s/%s: its calls cost None; add it to PRICING[%r]",
        provider,
        model,
        provider,
    )


@cache
def context_window(prices: str, model: str) -> int | None:
    """Return the tokens that fit into the model's window, where genai-prices knows it."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415  # heavy, on first use

    try:
        _, found = get_snapshot().find_provider_model(model, None, prices, None)
    except LookupError:
        return None
    return found.context_window

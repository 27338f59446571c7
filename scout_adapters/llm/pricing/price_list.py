"""What a call costs: the provider's own figure, the user's table, or genai-prices; else unknown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.logs import logger_of
from scout_adapters.llm.pricing.catalog import catalog_prices, context_window
from scout_adapters.llm.pricing.rates import (
    FEES,
    USUAL,
    PriceList,
    ServiceTier,
    Source,
    TokenCounts,
    counts_of,
    service_of,
    tariff_of,
)

__all__ = ["PRICING", "UNKNOWN", "Cost", "context_window", "cost_of", "estimate_cost_usd", "summed"]

logger = logger_of(__name__)

PRICING: dict[str, dict[str, dict[str, float]]] = {}
"""Your own prices, in USD per 1,000 tokens; they win over the shipped ones.

`PRICING["groq"] = {"model-id": {"input": 0.0001, "output": 0.0002}}`. Kinds of tokens may have
prices of their own: `cache_read`, `cache_write`, `cache_write_1h`, `input_audio`, `input_image`
(else what `input` costs, and an hour's write what `cache_write` costs), `reasoning`,
`output_audio`, `output_image` (else what `output` costs). `request` and `web_search` are USD for
one of them. `input@200000` holds for prompts of more tokens than that, and `flex_input`,
`priority_input`, `batch_input` where the answer says that it was served so; each for any kind, and
together as `priority_input@200000`.
"""

NOTHING: Mapping[str, Any] = MappingProxyType({})
PER_TOKEN = frozenset(TokenCounts._fields) - FEES


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars and who says so; None where nobody knows the price.

    A float holds 15 digits exactly, and a call's cost has fewer: `summed` adds without rounding.
    """

    usd: float | None = None
    source: Source | None = None
    priced_by: str | None = None
    """Which prices: `genai-prices 0.2.3 since 2026-11-03`, or the time when you fetched them in the
    place of the version; the hours of the day where they hold for some; the tier."""

    price: Mapping[str, float] | None = None
    """The prices themselves, in US dollars per million tokens of a kind, and fees for one each."""


UNKNOWN = Cost()


def summed(costs: Iterable[float]) -> Decimal:
    """Add up US dollars, to the last digit."""
    return sum((Decimal(repr(usd)) for usd in costs), Decimal(0))


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
    told: Mapping[str, Any] = NOTHING,
) -> Cost:
    """Price a call: by what the provider says it cost, or by its tokens.

    `prices` is the provider's name in genai-prices, where it differs from `provider`; `told` the
    answer's `response_metadata`, which may name the tier and the fees.
    """
    if stated_usd is not None:
        return Cost(stated_usd, "provider")
    if usage is None:
        return UNKNOWN
    return priced(provider, model, counts_of(usage, told), service_of(usage, told), prices=prices)


def priced(
    provider: str,
    model: str,
    counts: TokenCounts,
    service: ServiceTier = USUAL,
    *,
    prices: str = "",
) -> Cost:
    """Price tokens by kind, at the prices in force now."""
    found = price_list(provider, model, service, prices=prices)
    rates = found.tariff.rates(counts.input) if found.tariff else None
    usd = rates.usd(counts, service.factor) if rates else None
    if rates is None or usd is None:
        _warn_once(provider, model, " ".join(filter(None, (service.tier, service.speed))))
        return UNKNOWN
    return Cost(float(usd), found.source, found.priced_by, rates.listed)


def price_list(
    provider: str, model: str, service: ServiceTier = USUAL, *, prices: str = ""
) -> PriceList:
    """Find the prices in force now: the user's own for the model, or else genai-prices'."""
    if PRICING and (own := PRICING.get(provider, {}).get(model)):
        return _own_list(tuple(own.items()), service.tier)
    return catalog_prices(prices or provider, model, service)


@lru_cache(maxsize=256)
def _own_list(own: tuple[tuple[str, float], ...], tier: str) -> PriceList:
    """Read a row of `PRICING`, as it is at this moment."""
    usual: dict[int, dict[str, Decimal]] = defaultdict(dict)
    served: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for key, price in own:
        name, _, start = key.partition("@")
        mode, _, rest = name.partition("_")
        known = {"flex", "priority", "batch", tier} - {""}
        into, kind = (served if mode == tier else {}, rest) if mode in known else (usual, name)
        if kind not in PER_TOKEN | FEES or not (start.isdecimal() or not start):
            _warn_of_key_once(key)
            continue
        exact = Decimal(str(price))
        at = into.setdefault(int(start or 0), {})
        at[kind] = exact if kind in FEES else exact.scaleb(-3)
    starts = usual.keys() | served.keys()
    rates = {start: {**usual.get(start, {}), **served.get(start, {})} for start in starts}
    return PriceList(tariff_of(rates), "user", f"PRICING {tier}" if tier else "PRICING")


@cache
def _warn_once(provider: str, model: str, service: str) -> None:
    logger.warning(
        "no price is known for %s/%s%s: its calls cost None; add it to PRICING[%r]",
        provider,
        model,
        f" as {service}" if service else "",
        provider,
    )


@cache
def _warn_of_key_once(key: str) -> None:
    logger.warning("PRICING has a key that means nothing and is left out: %r", key)

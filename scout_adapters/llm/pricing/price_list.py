"""The cost of a call: stated by its provider, or by the prices of `PRICING` or genai-prices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeGuard

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.first_warnings import forget_warnings, is_first_warning
from scout_adapters._internal.logs import logger_of
from scout_adapters.errors import one_line
from scout_adapters.llm.pricing.catalog import catalog_prices, context_window
from scout_adapters.llm.pricing.fees import EXECUTED_TOOLS, HOSTED_TOOLS, tool_fees
from scout_adapters.llm.pricing.rates import (
    FEES,
    STANDARD,
    PriceList,
    ServiceTier,
    Source,
    TokenCounts,
    counts_of,
    service_of,
    tariff_of,
)

if TYPE_CHECKING:
    from scout_adapters.llm.types import ProviderSpec

__all__ = [
    "PRICING",
    "UNKNOWN_COST",
    "Cost",
    "context_window",
    "cost_of",
    "estimate_cost_usd",
    "sum_usd",
]

logger = logger_of(__name__)

PRICING: dict[str, dict[str, dict[str, float]]] = {}
"""USD per 1,000 tokens by provider, model and kind: your own prices, which win over genai-prices.

    PRICING["groq"] = {"my-model": {"input": 0.0001, "output": 0.0002}}
    PRICING["openai"] = {"my-model": {"input": 0.002, "input@200000": 0.004, "output": 0.01}}

Kinds with a price of their own: `cache_read`, `cache_write`, `cache_write_1h`, `input_audio` and
`input_image` (default: the price of `input`; of `cache_write_1h`: that of `cache_write`);
`reasoning`, `output_audio` and `output_image` (default: the price of `output`). `request` and
`web_search` are fees in USD for one of each.

`input@200000` applies to prompts of more than 200,000 tokens. `flex_input`, `priority_input` and
`batch_input` apply to answers that state this service tier. Both work for every kind, and together:
`priority_input@200000`.
"""

MAX_COST_USD = 1_000_000.0
"""US dollars: a larger figure for one call is refused as an error."""

NO_METADATA: Mapping[str, Any] = MappingProxyType({})
PER_TOKEN = frozenset(TokenCounts._fields) - FEES


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost and its source; every field is None where no price is known.

    A float holds 15 digits exactly, and a call's cost has fewer: `sum_usd` adds without rounding.
    """

    usd: float | None = None
    """US dollars."""

    source: Source | None = None
    priced_by: str | None = None
    """Which prices were used: `genai-prices 0.2.3 since 2026-11-03`, `PRICING`, `PRICING flex`.

    For prices that you fetched, the time of fetching stands in the place of the version. Prices for
    some hours of a day, or for a service tier, have these after it.
    """

    price: Mapping[str, float] | None = None
    """The prices: US dollars per million tokens by kind, and per piece for fees. None for an answer
    of several models, each of which has its own prices."""


UNKNOWN_COST = Cost()


def is_cost(usd: Any) -> TypeGuard[float]:
    """Return whether a value can be the cost of one call in US dollars."""
    # `int | float` would be built for each call.
    return isinstance(usd, (int, float)) and 0 <= usd <= MAX_COST_USD


def sum_usd(costs: Iterable[float]) -> Decimal:
    """Return the exact sum of US dollars; 0 for none."""
    return sum((Decimal(repr(usd)) for usd in costs), Decimal(0))


def estimate_cost_usd(
    *, provider: str, model: str, input_tokens: int, output_tokens: int
) -> float | None:
    """Return the cost of a call in US dollars by its tokens; None if the model has no known price.

    `estimate_cost_usd(provider="groq", model="llama-3.1-8b-instant", input_tokens=1000,
    output_tokens=200)`
    """
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
    metadata: Mapping[str, Any] = NO_METADATA,
) -> Cost:
    """Return the cost of a call: the provider's own figure `stated_usd`, or that of its tokens.

    `prices` is the provider's name in genai-prices, where it differs from `provider`. `metadata` is
    the answer's `response_metadata`, which may contain the service tier and fees.
    """
    if is_cost(stated_usd):
        return Cost(stated_usd, "provider")
    if usage is None:
        return UNKNOWN_COST
    counts = counts_of(usage, metadata, model)
    return price_answer(provider, model, usage, metadata, counts, prices=prices)


def price_answer(
    provider: str,
    model: str,
    usage: UsageMetadata,
    metadata: Mapping[str, Any],
    counts: TokenCounts,
    *,
    prices: str = "",
) -> Cost:
    """Return the cost of an answer's tokens and of the provider's tools.

    `counts` is the result of `counts_of(usage, metadata, model)`.
    """
    service = service_of(usage, metadata)
    parts = metadata.get(USAGE_BY_MODEL)
    if parts and not (PRICING and PRICING.get(provider, {}).get(model)):
        cost = _price_parts(provider, parts, service, prices)
    else:
        cost = price_tokens(provider, model, counts, service, prices=prices)
    if not TOOL_KEYS.isdisjoint(metadata):
        return _with_fees(cost, provider, model, metadata)
    return cost


TOOL_KEYS = frozenset({EXECUTED_TOOLS, HOSTED_TOOLS, "grounding_metadata"})
"""Keys of `response_metadata` about tools that the provider ran, which may have fees."""


def _with_fees(cost: Cost, provider: str, model: str, metadata: Mapping[str, Any]) -> Cost:
    """Return the cost plus published fees of the provider's tools; unknown if a fee is unknown.

    Nothing is added to a cost by the user's own prices.
    """
    if cost.usd is None or cost.source == "user":
        return cost
    fees = tool_fees(provider, model, metadata)
    if fees is None:
        _warn_unknown_fee(provider, model)
        return UNKNOWN_COST
    return replace(cost, usd=float(sum_usd((cost.usd, float(fees))))) if fees else cost


@lru_cache(maxsize=1024)
def _warn_unknown_fee(provider: str, model: str) -> None:
    if not is_first_warning("fee", provider, model):
        return
    logger.warning(
        "%s/%s used a tool of the provider whose fee is unknown: the answer costs None; "
        "your own prices in PRICING[%r] may have a fee for `web_search`",
        provider,
        model,
        provider,
    )


USAGE_BY_MODEL = "usage_by_model"
"""Key of `response_metadata`: LangChain's token counts of each model that a system of models
called, such as Groq's Compound, as `{"model": …, "usage": …}`."""


def _price_parts(
    provider: str, parts: Iterable[Mapping[str, Any]], service: ServiceTier, prices: str
) -> Cost:
    """Return the total cost of the models of a system; unknown if one price is unknown."""
    costs = [
        price_tokens(
            provider,
            part["model"],
            counts_of(part["usage"], NO_METADATA),
            service,
            prices=prices,
        )
        for part in parts
    ]
    amounts = [cost.usd for cost in costs if cost.usd is not None]
    if len(amounts) < len(costs):
        return UNKNOWN_COST
    return Cost(float(sum_usd(amounts)), costs[0].source, costs[0].priced_by)


def price_tokens(
    provider: str,
    model: str,
    counts: TokenCounts,
    service: ServiceTier = STANDARD,
    *,
    prices: str = "",
) -> Cost:
    """Return the cost of tokens at the current prices; `UNKNOWN_COST` if a price is missing."""
    listed = price_list(provider, model, service, prices=prices)
    rates = listed.tariff.rates(counts.input) if listed.tariff else None
    usd = rates.usd(counts, service.factor) if rates else None
    if rates is None or usd is None:
        _warn_no_price(provider, model, " ".join(filter(None, (service.tier, service.speed))))
        return UNKNOWN_COST
    cost_usd = float(usd)
    if not is_cost(cost_usd):
        _warn_absurd_cost(provider, model)
        return UNKNOWN_COST
    return Cost(cost_usd, listed.source, listed.priced_by, rates.listed)


def priced_model(spec: ProviderSpec, model: str, answered_by: str | None = None) -> str:
    """Return the model whose prices apply; for a deployment, the model that it runs.

    `answered_by` is the model in the answer. If `PRICING` has a price for the deployment's own
    name, the result is that name.
    """
    if not (spec.deployments or spec.answers_name_model):
        return model
    if PRICING and PRICING.get(spec.name, {}).get(model):
        return model
    answered = answered_by if spec.answers_name_model else None
    return spec.deployments.get(model) or answered or model


def price_list(
    provider: str, model: str, service: ServiceTier = STANDARD, *, prices: str = ""
) -> PriceList:
    """Return the current prices: the user's `PRICING`, or else those of genai-prices."""
    if PRICING and (own := PRICING.get(provider, {}).get(model)):
        return _user_price_list(tuple(own.items()), service.tier)
    return catalog_prices(prices or provider, model, service)


@lru_cache(maxsize=256)
def _user_price_list(row: tuple[tuple[str, float], ...], tier: str) -> PriceList:
    """Return the prices in a row of `PRICING`, without those of service tiers other than `tier`."""
    standard: dict[int, dict[str, Decimal]] = defaultdict(dict)
    of_tier: dict[int, dict[str, Decimal]] = defaultdict(dict)
    tiers = {"flex", "priority", "batch", tier} - {""}
    for key, price in row:
        name, _, start = key.partition("@")
        prefix, _, rest = name.partition("_")
        kind = rest if prefix in tiers else name
        if kind not in PER_TOKEN | FEES or not (start.isdecimal() or not start):
            _warn_unknown_key(key)
            continue
        exact = _exact(price)
        if exact is None:
            _warn_unusable_price(key, str(price))
            continue
        if prefix in tiers and prefix != tier:
            continue
        prices = of_tier if prefix in tiers else standard
        prices[int(start or 0)][kind] = exact if kind in FEES else exact.scaleb(-3)
    starts = standard.keys() | of_tier.keys()
    merged = {start: {**standard.get(start, {}), **of_tier.get(start, {})} for start in starts}
    return PriceList(tariff_of(merged), "user", f"PRICING {tier}" if tier else "PRICING")


def _exact(price: Any) -> Decimal | None:
    """Return a price in exact decimals; None if it is negative or no number."""
    try:
        exact = Decimal(str(price))
    except InvalidOperation:
        return None
    return exact if exact.is_finite() and exact >= 0 else None


def reset_prices(prices: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Replace the contents of `PRICING`, and give the warnings about prices once more."""
    PRICING.clear()
    for provider, models in prices.items():
        PRICING[provider] = {model: dict(price) for model, price in models.items()}
    forget_warnings()
    _warn_no_price.cache_clear()
    _warn_unknown_fee.cache_clear()


@lru_cache(maxsize=1024)
def _warn_no_price(provider: str, model: str, service: str) -> None:
    if not is_first_warning("price", provider, model, service):
        return
    logger.warning(
        "no price is known for %s/%s%s: its calls cost None; add it to PRICING[%r]",
        provider,
        one_line(model, 80),
        f" as {service}" if service else "",
        provider,
    )


def _warn_unknown_key(key: str) -> None:
    if is_first_warning("key", key):
        logger.warning("PRICING has an unknown key, which is ignored: %r", key)


def _warn_unusable_price(key: str, price: str) -> None:
    if is_first_warning("amount", key, price):
        logger.warning("PRICING has a price that is no amount of dollars, %r: %s", key, price)


def _warn_absurd_cost(provider: str, model: str) -> None:
    logger.warning(
        "the tokens or prices of a call to %s/%s are absurd: its cost is unknown", provider, model
    )

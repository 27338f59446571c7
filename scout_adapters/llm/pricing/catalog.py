"""Prices from genai-prices, looked up at most once a minute for each model in use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from time import time as clock
from typing import TYPE_CHECKING, Any

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters.llm.pricing.fees import missing_fees
from scout_adapters.llm.pricing.rates import (
    STANDARD,
    PriceList,
    ServiceTier,
    Source,
    Tariff,
    tariff_of,
)

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice, Provider

KINDS = {
    "input": ("input_mtok",),
    "output": ("output_mtok",),
    "cache_read": ("cache_read_mtok", "cache_text_read_mtok"),
    "cache_write": ("cache_write_5m_mtok", "cache_write_mtok"),
    "cache_write_1h": ("cache_write_1h_mtok",),
    "input_audio": ("input_audio_mtok",),
    "cached_audio": ("cache_audio_read_mtok",),
    "input_image": ("input_image_mtok",),
    "reasoning": ("output_reasoning_mtok",),
    "output_audio": ("output_audio_mtok",),
    "output_image": ("output_image_mtok",),
    "web_search": ("web_searches_kcount",),
    "request": ("requests_kcount",),
}
"""Token kinds and their field names in genai-prices; the first name with a price is used."""

SAME_PRICE = frozenset({("groq", "flex"), ("openrouter", "provisioned")})
"""Provider and tier, where the tier costs the same as the standard one: Groq's flex
(https://console.groq.com/docs/flex-processing), and what OpenRouter bills for answers that Google
served from provisioned throughput."""

CATALOG: Source = "genai-prices"
CACHE_SECONDS = 60

Place = tuple[str, str, str, str, str]
"""Provider, model, service tier, speed and search context size."""

_cache: BoundedDict[Place, tuple[DataSnapshot, int, PriceList]] = BoundedDict(limit=2048)
_listed: BoundedDict[tuple[str, str], tuple[DataSnapshot, Provider, ModelInfo | None]]
_listed = BoundedDict(limit=2048)
"""By provider and model name: data set, provider and model of genai-prices; the model is None if
genai-prices does not list it."""


def catalog_prices(provider: str, model: str, service: ServiceTier = STANDARD) -> PriceList:
    """Return the prices in force now; the tariff is None if genai-prices does not list the model.

    Prices may apply from a date or at some hours of the day, and the user may fetch newer data
    (`genai_prices.UpdatePrices`). A result is therefore reused for one minute and one data set.
    """
    snapshot, minute = _get_snapshot()(), int(clock() // CACHE_SECONDS)
    place = (provider, model, service.tier, service.speed, service.search_size)
    cached = _cache.get(place)
    if cached is not None and cached[0] is snapshot and cached[1] == minute:
        return cached[2]
    prices = _look_up(snapshot, provider, model, service)
    _cache.put(place, (snapshot, minute, prices))
    return prices


def is_catalog_loaded() -> bool:
    """Return whether genai-prices is imported and has read its data."""
    return _get_snapshot.cache_info().currsize > 0


def load_catalog() -> None:
    """Import genai-prices and let it read its data; blocks for about 0.2 seconds."""
    _get_snapshot()()


@cache
def _get_snapshot() -> Any:
    from genai_prices.data_snapshot import (  # noqa: PLC0415  # 160 ms and a megabyte: on first use
        get_snapshot,
    )

    return get_snapshot


def _look_up(snapshot: DataSnapshot, provider: str, model: str, service: ServiceTier) -> PriceList:
    label = _snapshot_label(snapshot)
    try:
        source, info = _find_model(snapshot, provider, model)
    except LookupError:
        return PriceList(None, CATALOG, label)
    context, now = _context(source.id, service), datetime.fromtimestamp(clock(), UTC)
    label += _validity(info, now)
    fees = missing_fees(source.id, info.id, service.search_size)
    if not context:
        return PriceList(_tariff(info.get_prices(now), fees), CATALOG, label)
    listed = any(
        info is each for each in source.models
    )  # else genai-prices fell back to another provider's model
    if not listed or not _has_prices_for(info, context):
        return PriceList(None, CATALOG, label)
    suffix = " ".join(context.values())
    return PriceList(_tariff(info.get_prices(now, context), fees), CATALOG, f"{label} {suffix}")


def _find_model(snapshot: DataSnapshot, provider: str, model: str) -> tuple[Provider, ModelInfo]:
    """Return the provider and model of genai-prices; raises `LookupError` if a name is not listed.

    `DataSnapshot.find_provider_model` is not used, because it caches every name without a limit.
    """
    entry = _listed.get((provider, model))
    if entry is None or entry[0] is not snapshot:
        source = snapshot.find_provider(None, provider, None)
        info = source.find_model(model.lower(), all_providers=snapshot.providers)
        entry = snapshot, source, info
        _listed.put((provider, model), entry)
    if entry[2] is None:
        raise LookupError(model)
    return entry[1], entry[2]


def _validity(model: ModelInfo, now: datetime) -> str:
    """Return the date from which, or the hours in which, the current prices apply; "" if always."""
    dated = model.prices if isinstance(model.prices, list) else []
    for prices in reversed(dated):
        constraint = prices.constraint
        if constraint is not None and constraint.active(now):
            hours = [getattr(constraint, name, None) for name in ("start_time", "end_time")]
            if None not in hours:
                return f" {hours[0]:%H:%M}-{hours[1]:%H:%M} UTC"
            return f" since {constraint.start_date}"  # type: ignore[union-attr]  # it is one or the other
        if constraint is None:
            break
    return ""


def _snapshot_label(snapshot: DataSnapshot) -> str:
    """Return the version of genai-prices, or the time at which the user fetched the data."""
    from genai_prices import __version__  # noqa: PLC0415  # as above

    if snapshot is _bundled_snapshot():
        return f"genai-prices {__version__}"
    return f"genai-prices {snapshot.timestamp:%Y-%m-%dT%H:%M}"


def _bundled_snapshot() -> DataSnapshot:
    from genai_prices.data_snapshot import _bundled_snapshot as load  # noqa: PLC0415  # as above

    return load()


def _context(provider: str, service: ServiceTier) -> dict[str, str]:
    """Return service tier and speed by genai-prices' names; empty for the standard tier."""
    context: dict[str, str] = {}
    if service.tier == "batch":
        context["processing"] = "batch"
    elif service.tier and (provider, service.tier) not in SAME_PRICE:
        context["service_tier"] = service.tier
    if service.speed:
        context["speed"] = service.speed
    return context


def _has_prices_for(model: ModelInfo, context: dict[str, str]) -> bool:
    """Return whether genai-prices has own prices for each tier and speed in `context`."""
    now = datetime.fromtimestamp(clock(), UTC)
    priced: set[str] = set()
    for variant in model.price_variants or ():
        in_force = variant.constraint is None or variant.constraint.active(now)
        if in_force and variant.when.items() <= context.items():
            priced |= variant.when.keys()
    return priced >= context.keys()


def _tariff(price: ModelPrice, fees: Mapping[str, Decimal]) -> Tariff | None:
    """Return a model's tariff; None if neither input nor output has a price.

    `fees` (US dollars, by kind) replace those of genai-prices.
    """
    by_start: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for kind, names in KINDS.items():
        values = (price.__dict__.get(name) for name in names)
        value = next((each for each in values if each is not None), None)
        if value is None:
            continue
        name = next(name for name in names if price.__dict__.get(name) is not None)
        power = -3 if name.endswith("_kcount") else -6
        by_start[0][kind] = (value if isinstance(value, Decimal) else value.base).scaleb(power)
        for tier in getattr(value, "tiers", ()):
            by_start[tier.start][kind] = tier.price.scaleb(power)
    if "output" in by_start[0]:  # a model without any, as one of embeddings, runs no tools
        by_start[0].update(fees)
    return tariff_of(by_start) if {"input", "output"} & by_start[0].keys() else None


@lru_cache(maxsize=2048)
def is_marked_deprecated(prices: str, model: str) -> bool:
    """Return whether genai-prices marks a model as deprecated."""
    try:
        _, info = _find_model(_get_snapshot()(), prices, model)
    except LookupError:
        return False
    return bool(info.deprecated)


def context_window(prices: str, model: str) -> int | None:
    """Return the model's context window in tokens; None if genai-prices does not state it."""
    try:
        _, info = _find_model(_get_snapshot()(), prices, model)
    except LookupError:
        return None
    window: int | None = info.context_window
    return window

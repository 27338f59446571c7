"""The prices that genai-prices knows, looked up once a minute for each model that is used."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from time import time as clock
from typing import TYPE_CHECKING, Any

from scout_adapters.llm.pricing.rates import (
    USUAL,
    PriceList,
    ServiceTier,
    Source,
    Tariff,
    tariff_of,
)

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice

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
"""The names of `Counts` in genai-prices' words, the closest first."""

SAME_PRICE = frozenset({("groq", "flex"), ("openrouter", "provisioned")})
"""Tiers that cost what the usual one costs: https://console.groq.com/docs/flex-processing; and what
OpenRouter bills of answers that Google served from provisioned throughput."""

CATALOG: Source = "genai-prices"
MINUTE = 60


_known: dict[tuple[str, str, str, str], tuple[DataSnapshot, int, PriceList]] = {}


def catalog_prices(provider: str, model: str, service: ServiceTier = USUAL) -> PriceList:
    """Return the tariff in force now.

    Prices may hold from a day or for hours of a day, and may be fetched anew by the user
    (`genai_prices.UpdatePrices`): what was found holds for one minute and one set of data.
    """
    snapshot, minute = _snapshot()(), int(clock() // MINUTE)
    place = (provider, model, service.tier, service.speed)
    held = _known.get(place)
    if held is not None and held[0] is snapshot and held[1] == minute:
        return held[2]
    found = _look_up(snapshot, provider, model, service)
    _known[place] = (snapshot, minute, found)
    return found


@cache
def _snapshot() -> Any:
    from genai_prices.data_snapshot import (  # noqa: PLC0415  # 160 ms and a megabyte: on first use
        get_snapshot,
    )

    return get_snapshot


def _look_up(snapshot: DataSnapshot, provider: str, model: str, service: ServiceTier) -> PriceList:
    source = _named(snapshot)
    try:
        found, known = snapshot.find_provider_model(model, None, provider, None)
    except LookupError:
        return PriceList(None, CATALOG, source)
    context, now = _context(found.id, service), datetime.fromtimestamp(clock(), UTC)
    source += _when(known, now)
    if not context:
        return PriceList(_tariff(known.get_prices(now)), CATALOG, source)
    mine = any(known is each for each in found.models)
    if not mine or not _has_price(known, context):
        return PriceList(None, CATALOG, source)
    words = " ".join(context.values())
    return PriceList(_tariff(known.get_prices(now, context)), CATALOG, f"{source} {words}")


def _when(model: ModelInfo, now: datetime) -> str:
    """Say from which day, or for which hours, the prices in force hold, if not always."""
    dated = model.prices if isinstance(model.prices, list) else []
    for prices in reversed(dated):
        held = prices.constraint
        if held is not None and held.active(now):
            hours = [getattr(held, name, None) for name in ("start_time", "end_time")]
            if None not in hours:
                return f" {hours[0]:%H:%M}-{hours[1]:%H:%M} UTC"
            return f" since {held.start_date}"  # type: ignore[union-attr]  # it is one or the other
        if held is None:
            break
    return ""


def _named(snapshot: DataSnapshot) -> str:
    from genai_prices import __version__  # noqa: PLC0415  # as above

    if snapshot is _snapshot_of_the_package():
        return f"genai-prices {__version__}"
    return f"genai-prices {snapshot.timestamp:%Y-%m-%dT%H:%M}"


def _snapshot_of_the_package() -> DataSnapshot:
    from genai_prices.data_snapshot import _bundled_snapshot  # noqa: PLC0415  # as above

    return _bundled_snapshot()


def _context(provider: str, service: ServiceTier) -> dict[str, str]:
    context: dict[str, str] = {}
    if service.tier == "batch":
        context["processing"] = "batch"
    elif service.tier and (provider, service.tier) not in SAME_PRICE:
        context["service_tier"] = service.tier
    if service.speed:
        context["speed"] = service.speed
    return context


def _has_price(model: ModelInfo, context: dict[str, str]) -> bool:
    """Tell whether each thing that is unusual has a price of its own: else none is known."""
    now = datetime.fromtimestamp(clock(), UTC)
    said: set[str] = set()
    for variant in model.price_variants or ():
        in_force = variant.constraint is None or variant.constraint.active(now)
        if in_force and variant.when.items() <= context.items():
            said |= variant.when.keys()
    return said >= context.keys()


def _tariff(price: ModelPrice) -> Tariff | None:
    """Put a model's prices by the length of its prompts and the names of `Counts`."""
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
    return tariff_of(by_start) if {"input", "output"} & by_start[0].keys() else None


@cache
def context_window(prices: str, model: str) -> int | None:
    """Return the tokens that fit into the model's window, where genai-prices knows it."""
    try:
        _, found = _snapshot()().find_provider_model(model, None, prices, None)
    except LookupError:
        return None
    window: int | None = found.context_window
    return window

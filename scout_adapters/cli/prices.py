"""`scout-adapters prices`: what a model's tokens cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from scout_adapters._internal.json_values import Json
from scout_adapters.cli.console import AsJson, fail, print_line
from scout_adapters.cli.json_output import print_json, usd
from scout_adapters.cli.tables import TableData, print_table
from scout_adapters.llm.pricing.price_list import price_list
from scout_adapters.llm.pricing.rates import FEES, PriceList, ServiceTier
from scout_adapters.llm.providers import registry
from scout_adapters.llm.router.functions import split_model

TIERS = ("", "batch", "flex", "priority")
"""Service tiers; "" is the standard one."""


def prices(
    model: Annotated[str, typer.Argument(help="provider/model.")],
    *,
    update: Annotated[
        bool, typer.Option(help="Fetch the newest prices first, over the network, for this once.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a model's tokens cost now, in US dollars per million, and from which list."""
    provider, name = split_model(model)
    if update:
        _fetch()
    spec = registry.spec(provider)
    lists = {
        tier: price_list(provider, name, ServiceTier(tier), prices=spec.prices) for tier in TIERS
    }
    if lists[""].tariff is None:
        why = f"no price is known for {model} ({lists[''].priced_by})"
        fail(f"{why}: its calls cost None; add it to PRICING[{provider!r}]")
    different = {tier: listed for tier, listed in lists.items() if _differs(tier, lists)}
    if as_json:
        print_json({"model": model, "tiers": list(map(_tier, different, different.values()))})
        return
    for tier, listed in different.items():
        print_line(f"{model}{', ' if tier else ''}{tier}: {listed.priced_by}")
        print_table(_table(_rates(listed)))


def _differs(tier: str, lists: Mapping[str, PriceList]) -> bool:
    """Return whether a tier has prices, and others than the standard tier."""
    listed = lists[tier]
    return listed.tariff is not None and (not tier or _rates(listed) != _rates(lists[""]))


def _tier(tier: str, listed: PriceList) -> Json:
    rates = [
        {
            "from_prompt_tokens": start,
            "usd_per_million_tokens": _prices(rates, fees=False),
            "usd_for_one": _prices(rates, fees=True),
        }
        for start, rates in _rates(listed).items()
    ]
    return {"tier": tier or "standard", "priced_by": listed.priced_by, "rates": rates}


def _prices(rates: Mapping[str, float], *, fees: bool) -> Json:
    return {kind: usd(price) for kind, price in rates.items() if (kind in FEES) == fees}


def _rates(listed: PriceList) -> dict[int, Mapping[str, float]]:
    """Return USD per million tokens, by the prompt length in tokens from which they apply."""
    if listed.tariff is None:
        return {}
    longer = {start: rates.listed for start, rates in reversed(listed.tariff.longer)}
    return {0: listed.tariff.base.listed, **longer}


def _table(rates: Mapping[int, Mapping[str, float]]) -> TableData:
    lengths = [f"prompts over {start:,} tokens" if start else "price" for start in rates]
    rows = []
    for kind in dict.fromkeys(kind for each in rates.values() for kind in each):
        label = f"{kind}, USD for one" if kind in FEES else kind
        rows.append([label, *(_usd(each.get(kind)) for each in rates.values())])
    return TableData(("USD per million tokens", *lengths), rows, lengths)


def _usd(price: float | None) -> str:
    return "" if price is None else f"{price:.10f}".rstrip("0").rstrip(".")


def _fetch() -> None:
    """Fetch the published data of genai-prices and use it in this process."""
    from genai_prices import UpdatePrices  # noqa: PLC0415  # 160 ms, only for --update
    from genai_prices.data_snapshot import set_custom_snapshot  # noqa: PLC0415  # as above

    try:
        snapshot = UpdatePrices().fetch()
    except Exception as error:  # noqa: BLE001  # its HTTP library's, whichever that is
        fail(f"the newest prices could not be fetched: {type(error).__name__}: {error}")
    set_custom_snapshot(snapshot)

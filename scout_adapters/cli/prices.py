"""`scout-adapters prices`: what a model's tokens cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from scout_adapters.cli.console import console, fail
from scout_adapters.errors import ScoutError
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
) -> None:
    """Show what a model's tokens cost now, in US dollars per million, and who says so."""
    try:
        provider, name = split_model(model)
    except ScoutError as error:
        fail(str(error))
    if update:
        _fetch()
    spec = registry.spec(provider)
    lists = {
        tier: price_list(provider, name, ServiceTier(tier), prices=spec.prices) for tier in TIERS
    }
    if lists[""].tariff is None:
        fail(
            f"no price is known for {model} ({lists[''].priced_by}): its calls cost None; add it to"
            f" PRICING[{provider!r}]"
        )
    _print_lists(model, lists)


def _print_lists(model: str, lists: Mapping[str, PriceList]) -> None:
    """Print the standard prices, and those of service tiers that differ from them."""
    standard = lists[""]
    for tier, listed in lists.items():
        if listed.tariff is not None and (not tier or _rates(listed) != _rates(standard)):
            suffix = f", {tier}" if tier else ""
            console.print(escape(f"{model}{suffix}: {listed.priced_by}"), soft_wrap=True)
            console.print(_table(_rates(listed)))


def _rates(listed: PriceList) -> dict[int, Mapping[str, float]]:
    """Return USD per million tokens, by the prompt length in tokens from which they apply."""
    if listed.tariff is None:
        return {}
    longer = {start: rates.listed for start, rates in reversed(listed.tariff.longer)}
    return {0: listed.tariff.base.listed, **longer}


def _table(rates: Mapping[int, Mapping[str, float]]) -> Table:
    table = Table("USD per million tokens")
    for start in rates:
        over = f"prompts over {start:,} tokens" if start else "price"
        table.add_column(over, justify="right")
    for kind in dict.fromkeys(kind for each in rates.values() for kind in each):
        label = f"{kind}, USD for one" if kind in FEES else kind
        table.add_row(label, *(_usd(each.get(kind)) for each in rates.values()))
    return table


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

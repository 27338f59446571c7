"""`scout-adapters prices` and `budgets`: what calls cost, and what is left to spend."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scout_adapters.errors import ScoutError
from scout_adapters.llm.pricing.price_list import price_list
from scout_adapters.llm.pricing.rates import FEES, PriceList, ServiceTier
from scout_adapters.llm.providers import registry
from scout_adapters.llm.router.functions import split_model

console = Console() if sys.stdout.isatty() else Console(width=140)

TIERS = ("", "batch", "flex", "priority")


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
        _fail(str(error))
    if update:
        _fetch()
    spec = registry.spec(provider)
    lists = {
        tier: price_list(provider, name, ServiceTier(tier), prices=spec.prices) for tier in TIERS
    }
    usual = lists[""]
    if usual.tariff is None:
        _fail(
            f"no price is known for {model} ({usual.priced_by}): its calls cost None; add it to"
            f" PRICING[{provider!r}]"
        )
    for tier, found in lists.items():
        if found.tariff is not None and (not tier or _listed(found) != _listed(usual)):
            served = f", {tier}" if tier else ""
            console.print(escape(f"{model}{served}: {found.priced_by}"), soft_wrap=True)
            console.print(_table(_listed(found)))


def _listed(found: PriceList) -> dict[int, Mapping[str, float]]:
    """Return the prices by the length of the prompt from which they hold."""
    if found.tariff is None:
        return {}
    longer = {start: rates.listed for start, rates in reversed(found.tariff.longer)}
    return {0: found.tariff.base.listed, **longer}


def _table(listed: Mapping[int, Mapping[str, float]]) -> Table:
    table = Table("USD per million tokens")
    for start in listed:
        over = f"prompts over {start:,} tokens" if start else "price"
        table.add_column(over, justify="right")
    for kind in dict.fromkeys(kind for each in listed.values() for kind in each):
        label = f"{kind}, USD for one" if kind in FEES else kind
        table.add_row(label, *(_usd(each.get(kind)) for each in listed.values()))
    return table


def _usd(price: float | None) -> str:
    return "" if price is None else f"{price:.10f}".rstrip("0").rstrip(".")


def _fetch() -> None:
    """Use genai-prices' own update, which fetches its published data."""
    from genai_prices import UpdatePrices  # noqa: PLC0415  # 160 ms, and only where it is asked for
    from genai_prices.data_snapshot import set_custom_snapshot  # noqa: PLC0415  # as above

    try:
        snapshot = UpdatePrices().fetch()
    except Exception as error:  # noqa: BLE001  # its HTTP library's, whichever that is
        _fail(f"the newest prices could not be fetched: {type(error).__name__}: {error}")
    set_custom_snapshot(snapshot)


def _fail(said: str) -> NoReturn:
    console.print(f"[red]{escape(said)}[/red]", soft_wrap=True)
    raise typer.Exit(1)

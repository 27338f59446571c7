"""`scout-adapters prices` and `budgets`: what calls cost, and what is left to spend."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scout_adapters.budget import SqliteBudgets
from scout_adapters.budget.plan import shown
from scout_adapters.errors import BudgetError, ScoutError
from scout_adapters.llm.pricing import price_list
from scout_adapters.llm.providers import registry
from scout_adapters.llm.router import split_model
from scout_adapters.llm.tariff import FEES, PriceList, Service

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
    lists = {tier: price_list(provider, name, Service(tier), prices=spec.prices) for tier in TIERS}
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


def budgets(
    file: Annotated[Path, typer.Argument(help="The file that was given as path=.")],
    name: Annotated[str, typer.Argument(help="One budget; all of them if left out.")] = "",
) -> None:
    """Show what is spent, held and left in the budgets of a file."""
    if not file.exists():
        _fail(f"no budgets at {file}")
    table = Table("budget", "for", "window")
    for heading in ("limit", "spent", "held", "left", "uncertain", "overage"):
        table.add_column(f"{heading} $", justify="right")
    try:
        for row in _balances(SqliteBudgets(file), name):
            table.add_row(*row)
    except BudgetError as error:
        _fail(str(error))
    console.print(table)


def _balances(store: SqliteBudgets, name: str) -> Iterator[list[str]]:
    for budget in [name] if name else store.names():
        for one in store.balances(budget):
            account = one.account
            amounts = (account.limit, one.spent, one.held, one.left, one.uncertain, one.overage)
            names = (account.budget, account.scope, account.window)
            yield [*map(escape, names), *(shown(amount) for amount in amounts)]


def _fail(said: str) -> NoReturn:
    console.print(f"[red]{escape(said)}[/red]", soft_wrap=True)
    raise typer.Exit(1)

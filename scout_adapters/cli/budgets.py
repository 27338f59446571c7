"""`scout-adapters budgets`: what is spent, reserved and left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from scout_adapters.budget import SqliteBudgets
from scout_adapters.budget.plan import format_amount
from scout_adapters.cli.console import console, fail
from scout_adapters.errors import BudgetError


def budgets(
    file: Annotated[Path, typer.Argument(help="The file that was given as path=.")],
    name: Annotated[str, typer.Argument(help="One budget; all of them if left out.")] = "",
) -> None:
    """Show what is spent, held and left in the budgets of a file."""
    if not file.exists():
        fail(f"no budgets at {file}")
    table = Table("budget", "for", "window")
    for heading in ("limit", "spent", "held", "left", "uncertain", "overage"):
        table.add_column(f"{heading} $", justify="right")
    try:
        for row in _balances(SqliteBudgets(file), name):
            table.add_row(*row)
    except BudgetError as error:
        fail(str(error))
    console.print(table)


def _balances(store: SqliteBudgets, name: str) -> Iterator[list[str]]:
    for budget in [name] if name else store.names():
        for balance in store.balances(budget):
            account = balance.account
            spent = (balance.spent, balance.held, balance.left)
            amounts = (account.limit, *spent, balance.uncertain, balance.overage)
            names = (account.budget, account.scope, account.window)
            yield [*map(escape, names), *(format_amount(amount) for amount in amounts)]

"""`scout-adapters budgets`: what is spent, reserved and left."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from scout_adapters._internal.json_values import Json
from scout_adapters.budget import SqliteBudgets
from scout_adapters.budget.accounts import Balance
from scout_adapters.budget.plan import format_amount
from scout_adapters.cli.console import AsJson, fail
from scout_adapters.cli.json_output import print_json
from scout_adapters.cli.tables import TableData, print_table

AMOUNTS = ("limit", "spent", "held", "left", "uncertain", "overage")


def budgets(
    file: Annotated[Path, typer.Argument(help="The file that was given as path=.")],
    name: Annotated[str, typer.Argument(help="One budget; all of them if left out.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Show what is spent, held and left in the budgets of a file."""
    if not file.exists():
        fail(f"no budgets at {file}")
    _check_file(file)
    rows = [_row(balance) for balance in _balances(SqliteBudgets(file), name)]
    if as_json:
        print_json({"budgets": rows})
        return
    numbers = [f"{name} $" for name in AMOUNTS]
    headings = ("budget", "for", "window", *numbers)
    print_table(TableData(headings, [list(row.values()) for row in rows], numbers))


def _check_file(file: Path) -> None:
    """Exit with 2 if a file has no budgets: opening it as a store would add tables to it."""
    if not file.is_file():
        fail(f"{file} has no budgets: it is {'a folder' if file.is_dir() else 'no file'}", 2)
    with file.open("rb"):  # raises where it may not be read
        pass
    uri = f"{file.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as base:
            tables = base.execute("SELECT name FROM sqlite_master WHERE name = 'accounts'")
            has_budgets = tables.fetchone() is not None
    except sqlite3.OperationalError as error:
        fail(f"{file} cannot be read: {error}")
    except sqlite3.DatabaseError as error:
        fail(f"{file} has no budgets: {error}", 2)
    if not has_budgets:
        fail(f"{file} has no budgets: it has no table of accounts", 2)


def _balances(store: SqliteBudgets, name: str) -> Iterator[Balance]:
    for budget in [name] if name else store.names():
        yield from store.balances(budget)


def _row(balance: Balance) -> Json:
    account = balance.account
    spent = (balance.spent, balance.held, balance.left, balance.uncertain, balance.overage)
    amounts = map(format_amount, (account.limit, *spent))
    names = {"budget": account.budget, "scope": account.scope, "window": account.window}
    return names | {f"{name}_usd": usd for name, usd in zip(AMOUNTS, amounts, strict=True)}

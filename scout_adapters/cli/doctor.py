"""`scout-adapters doctor`: what keeps providers and keys from working."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from scout_adapters import doctor
from scout_adapters.cli.keys import (
    Imports,
    Log,
    _import,
    console,
)


def check(
    wanted: Annotated[
        list[str] | None, typer.Argument(help="Providers that ought to work.")
    ] = None,
    audit: Log = None,
    imports: Imports = None,
    *,
    network: Annotated[
        bool, typer.Option(help="Compare the clock with the providers', without a key.")
    ] = False,
) -> None:
    """Look for what keeps providers and keys from working; exit with 1 if something is wrong."""
    _import(imports)
    found = doctor.examine(wanted or (), audit=audit, network=network)
    table = Table("", "what", "finding", "what to do")
    for one in found:
        mark = "[red]wrong[/red]" if one.wrong else "note"
        table.add_row(mark, escape(one.subject), escape(one.what), escape(one.do))
    if table.row_count:
        console.print(table)
    wrong = sum(one.wrong for one in found)
    console.print(f"{wrong or 'nothing'} wrong")
    if wrong:
        raise typer.Exit(1)

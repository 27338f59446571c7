"""`scout-adapters doctor`: what keeps providers and keys from working."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from scout_adapters.cli.console import Imports, LogOption, console, import_modules
from scout_adapters.doctor import examine


def doctor(
    providers: Annotated[
        list[str] | None, typer.Argument(help="Providers that ought to work.")
    ] = None,
    audit: LogOption = None,
    imports: Imports = None,
    *,
    network: Annotated[
        bool, typer.Option(help="Compare the clock with the providers', without a key.")
    ] = False,
) -> None:
    """Look for what keeps providers and keys from working; exit with 1 if something is wrong."""
    import_modules(imports)
    findings = examine(providers or (), audit=audit, network=network)
    table = Table("", "what", "finding", "what to do")
    for finding in findings:
        mark = "[red]wrong[/red]" if finding.wrong else "note"
        table.add_row(mark, escape(finding.subject), escape(finding.what), escape(finding.fix))
    if table.row_count:
        console.print(table)
    wrong = sum(finding.wrong for finding in findings)
    console.print(f"{wrong or 'nothing'} wrong")
    if wrong:
        raise typer.Exit(1)

"""`scout-adapters report`: a page of the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from scout_adapters.cli.console import Days, Log, Since, _begin, _log_at, console
from scout_adapters.report.page import PageOptions, write_page


def report(
    html: Annotated[Path, typer.Option(help="The page to write; replaced.")],
    log: Log = None,
    title: Annotated[str, typer.Option(help="The page's title.")] = "Calls, costs and keys",
    calls: Annotated[
        int, typer.Option(min=0, max=200_000, help="How many of the newest calls are listed.")
    ] = 10_000,
    since: Since = None,
    days: Days = None,
) -> None:
    """Make a page of the log: one file that opens anywhere and loads nothing from a network."""
    place = _log_at(log)
    wanted = PageOptions(title=title, calls=calls, since=_begin(since, days))
    try:
        size = write_page(place, html, wanted)
    except OSError as error:
        console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        raise typer.Exit(1) from None
    console.print(f"{escape(str(html))}: {size / 1e6:.1f} MB", soft_wrap=True)

"""`scout-adapters report`: a page of the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from scout_adapters.cli.console import Days, Log, Since, console, fail, log_at, start_time
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
    path = log_at(log)
    options = PageOptions(title=title, calls=calls, since=start_time(since, days))
    try:
        size = write_page(path, html, options)
    except OSError as error:
        fail(str(error))
    console.print(f"{escape(str(html))}: {size / 1e6:.1f} MB", soft_wrap=True)

"""`scout-adapters report`: a page of the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scout_adapters.cli.console import (
    AsJson,
    Days,
    Log,
    Since,
    Until,
    check_output,
    end_time,
    log_at,
    print_line,
    start_time,
)
from scout_adapters.cli.json_output import print_json
from scout_adapters.report.page import PageOptions, write_page


def report(  # noqa: PLR0913  # a command's options
    log: Log = None,
    *,
    html: Annotated[Path, typer.Option(help="The page to write; replaced.")] = Path("report.html"),
    title: Annotated[str, typer.Option(help="The page's title.")] = "Calls, costs and keys",
    calls: Annotated[
        int, typer.Option(min=0, max=200_000, help="How many of the newest calls are listed.")
    ] = 10_000,
    since: Since = None,
    until: Until = None,
    days: Days = None,
    as_json: AsJson = False,
) -> None:
    """Make a page of the log: one file that opens anywhere and loads nothing from a network."""
    path = log_at(log)
    options = PageOptions(
        title=title, calls=calls, since=start_time(since, days), until=end_time(until)
    )
    check_output(html, path)
    size = write_page(path, html, options)
    if as_json:
        print_json({"page": html, "bytes": size})
    else:
        print_line(f"{html}: {size / 1e6:.1f} MB")

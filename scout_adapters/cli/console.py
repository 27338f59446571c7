"""The console that every command prints to, and the options that several commands share."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from scout_adapters.audit.process_log import audit_path
from scout_adapters.audit.rotation import segments
from scout_adapters.report.time_buckets import utc

Log = Annotated[
    Path | None, typer.Argument(help="The log; else SCOUT_AUDIT_PATH or the usual one.")
]

Since = Annotated[
    str | None,
    typer.Option(help="From this day or time on: 2026-11-01, or 2026-11-01T08:00 (UTC)."),
]

Days = Annotated[int | None, typer.Option(min=1, help="These last days only.")]


console = Console(emoji=False) if sys.stdout.isatty() else Console(emoji=False, width=140)


def _log_at(path: Path | None) -> Path:
    place = audit_path(path)
    if not segments(place):
        console.print(f"no log at {escape(str(place))}", soft_wrap=True)
        raise typer.Exit(1)
    return place


def _begin(since: str | None, days: int | None) -> str:
    """Return the time that is meant, as the log writes it; "" for all times."""
    if since and days:
        raise typer.BadParameter("--since and --days say the same: give one of them")
    if days:
        return utc((datetime.now(UTC) - timedelta(days=days)).isoformat())
    begin = utc(since)
    if since and not begin:
        raise typer.BadParameter(f"{since!r} is no time: write 2026-11-01 or 2026-11-01T08:00")
    return begin

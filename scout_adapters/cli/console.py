"""The console that every command prints to, and the arguments and options that commands share."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from scout_adapters.audit.process_log import audit_path
from scout_adapters.audit.rotation import segments
from scout_adapters.report.time_buckets import utc

console = Console(emoji=False) if sys.stdout.isatty() else Console(emoji=False, width=140)

Log = Annotated[
    Path | None, typer.Argument(help="The log; else SCOUT_AUDIT_PATH or the usual one.")
]
LogOption = Annotated[
    Path | None, typer.Option(help="The audit log to read; SCOUT_AUDIT_PATH or the usual one.")
]
Since = Annotated[
    str | None,
    typer.Option(help="From this day or time on: 2026-11-01, or 2026-11-01T08:00 (UTC)."),
]
Days = Annotated[int | None, typer.Option(min=1, help="These last days only.")]
Imports = Annotated[
    list[str] | None,
    typer.Option("--import", help="A module of yours that registers providers; repeatable."),
]


def fail(message: str) -> NoReturn:
    """Print a message in red and exit with 1."""
    console.print(f"[red]{escape(message)}[/red]", soft_wrap=True)
    raise typer.Exit(1)


def log_at(path: Path | None) -> Path:
    """Return the path of an audit log that exists; exit with 1 if there is none."""
    log = audit_path(path)
    if not segments(log):
        console.print(f"no log at {escape(str(log))}", soft_wrap=True)
        raise typer.Exit(1)
    return log


def start_time(since: str | None, days: int | None) -> str:
    """Return the time that `--since` or `--days` names, as the log writes it; "" for all times."""
    if since and days:
        raise typer.BadParameter("--since and --days say the same: give one of them")
    if days:
        return utc((datetime.now(UTC) - timedelta(days=days)).isoformat())
    start = utc(since)
    if since and not start:
        raise typer.BadParameter(f"{since!r} is no time: write 2026-11-01 or 2026-11-01T08:00")
    return start


def import_modules(modules: Sequence[str] | None) -> None:
    """Import modules as `python -m` does: also from the current folder."""
    if modules and "" not in sys.path:
        sys.path.insert(0, "")
    for module in modules or ():
        try:
            importlib.import_module(module)
        except ImportError as error:
            fail(f"{module} cannot be imported: {error}")

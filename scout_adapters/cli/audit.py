"""`scout-adapters audit`: verify, reconcile, export and prune the log, and print what came."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scout_adapters.audit.export import TABLE
from scout_adapters.audit.export import export as export_to
from scout_adapters.audit.process_log import audit_path
from scout_adapters.audit.retention import open_intents
from scout_adapters.audit.retention import prune as prune_before
from scout_adapters.audit.rotation import segments
from scout_adapters.audit.verify import VerificationReport, heads_of
from scout_adapters.audit.verify import verify as verify_log
from scout_adapters.errors import ConfigurationError

app = typer.Typer(no_args_is_help=True, help="Check, read and keep the audit log.")
console = Console() if sys.stdout.isatty() else Console(width=140)

Log = Annotated[
    Path | None, typer.Argument(help="The log; else SCOUT_AUDIT_PATH or the usual one.")
]
Heads = Annotated[
    Path | None,
    typer.Option(help="A file, kept elsewhere, of each writer's last row: compared, then renewed."),
]


def _log_at(path: Path | None) -> Path:
    place = audit_path(path)
    if not segments(place):
        console.print(f"no log at {escape(str(place))}")
        raise typer.Exit(1)
    return place


@app.command()
def verify(
    logs: Annotated[
        list[Path] | None, typer.Argument(help="The logs, with their segments.")
    ] = None,
    heads: Heads = None,
) -> None:
    """Find rows that were edited, moved, taken out or torn; exits with 1 if there are any."""
    known = heads_of(orjson.loads(heads.read_bytes())) if heads and heads.exists() else {}
    places = [_log_at(log) for log in logs or (None,)]
    if heads and len(places) > 1:
        raise typer.BadParameter("--heads goes with one log")
    reports = [verify_log(place, known) for place in places]
    for place, report in zip(places, reports, strict=True):
        _print(place, report)
    if any(report.findings for report in reports):
        raise typer.Exit(1)
    if heads:
        _keep(heads, reports[0].heads)


def _print(place: Path, report: VerificationReport) -> None:
    for finding in report.findings:
        console.print(escape(str(finding)), soft_wrap=True)
    said = f"{len(report.findings)} findings" if report.findings else "nothing is wrong"
    console.print(
        f"{escape(str(place))}: {report.rows} rows of {len(report.heads)} writers, {said}",
        soft_wrap=True,
    )


def _keep(file: Path, heads: object) -> None:
    fresh = file.with_name(f"{file.name}.part")
    fresh.write_bytes(orjson.dumps(heads))
    fresh.replace(file)


@app.command()
def reconcile(log: Log = None) -> None:
    """List requests that left and whose outcome nobody knows; exits with 1 if there are any."""
    found = open_intents(_log_at(log))
    if not found:
        console.print("every intent has its outcome")
        return
    table = Table("time", "provider", "model", "key", "run", "attempt")
    for row in found:
        names = ("time", "provider", "model", "key_id", "run_id", "number")
        table.add_row(*(escape(str(row.get(name, ""))) for name in names))
    console.print(table)
    console.print(
        f"{len(found)} without outcome: under way, or of a process that ended; ask the bill"
    )
    raise typer.Exit(1)


@app.command()
def export(
    to: Annotated[
        str, typer.Option(help="out.db, out.sqlite, out.csv or postgresql://…; replaced.")
    ],
    log: Log = None,
    table: Annotated[str, typer.Option(help="The table's name, where it is a database.")] = TABLE,
) -> None:
    """Write the log as a table to SQLite, CSV or PostgreSQL."""
    try:
        count = export_to(_log_at(log), to, table=table)
    except ConfigurationError as error:
        raise typer.BadParameter(str(error)) from None
    where = f"PostgreSQL, table {table}" if "://" in to else to  # the address may hold a password
    console.print(f"{count} rows to {escape(where)}", soft_wrap=True)


@app.command()
def prune(
    days: Annotated[int, typer.Option(min=1, help="Keep files written to in these last days.")],
    log: Log = None,
) -> None:
    """Delete whole old files of a log that rotates; the newest always stays."""
    deleted = prune_before(_log_at(log), datetime.now(UTC) - timedelta(days=days))
    for file in deleted:
        console.print(f"deleted {escape(str(file))}", soft_wrap=True)
    console.print(f"{len(deleted)} files deleted")

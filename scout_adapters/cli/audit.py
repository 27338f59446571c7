"""`scout-adapters audit`: verify, reconcile, export and prune the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from scout_adapters._internal.private_file import replacing
from scout_adapters.audit.export import TABLE
from scout_adapters.audit.export import export as export_to
from scout_adapters.audit.retention import open_intents
from scout_adapters.audit.retention import prune as prune_before
from scout_adapters.audit.verify import VerificationReport, heads_of
from scout_adapters.audit.verify import verify as verify_log
from scout_adapters.cli.console import Log, console, log_at
from scout_adapters.errors import ConfigurationError

app = typer.Typer(no_args_is_help=True, help="Check, read and keep the audit log.")

Heads = Annotated[
    Path | None,
    typer.Option(help="A file, kept elsewhere, of each writer's last row: compared, then renewed."),
]


@app.command()
def verify(
    logs: Annotated[
        list[Path] | None, typer.Argument(help="The logs, with their segments.")
    ] = None,
    heads: Heads = None,
) -> None:
    """Find rows that were edited, moved, taken out or torn; exits with 1 if there are any."""
    expected = heads_of(orjson.loads(heads.read_bytes())) if heads and heads.exists() else {}
    paths = [log_at(log) for log in logs or (None,)]
    if heads and len(paths) > 1:
        raise typer.BadParameter("--heads goes with one log")
    reports = [verify_log(path, expected) for path in paths]
    for path, report in zip(paths, reports, strict=True):
        _print(path, report)
    if any(report.findings for report in reports):
        raise typer.Exit(1)
    if heads:
        _save(heads, reports[0].heads)


def _print(path: Path, report: VerificationReport) -> None:
    for finding in report.findings:
        console.print(escape(str(finding)), soft_wrap=True)
    result = f"{len(report.findings)} findings" if report.findings else "nothing is wrong"
    console.print(
        f"{escape(str(path))}: {report.rows} rows of {len(report.heads)} writers, {result}",
        soft_wrap=True,
    )


def _save(file: Path, heads: object) -> None:
    with replacing(file) as new:
        new.write(orjson.dumps(heads).decode())


@app.command()
def reconcile(log: Log = None) -> None:
    """List requests that left and whose outcome nobody knows; exits with 1 if there are any."""
    intents = open_intents(log_at(log))
    if not intents:
        console.print("every intent has its outcome")
        return
    table = Table("time", "provider", "model", "key", "run", "attempt")
    for row in intents:
        names = ("time", "provider", "model", "key_id", "run_id", "number")
        table.add_row(*(escape(str(row.get(name, ""))) for name in names))
    console.print(table)
    console.print(
        f"{len(intents)} without outcome: under way, or of a process that ended; ask the bill"
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
        count = export_to(log_at(log), to, table=table)
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
    deleted = prune_before(log_at(log), datetime.now(UTC) - timedelta(days=days))
    for file in deleted:
        console.print(f"deleted {escape(str(file))}", soft_wrap=True)
    console.print(f"{len(deleted)} files deleted")

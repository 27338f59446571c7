"""`scout-adapters audit`: list calls, verify, reconcile, export and prune the log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from scout_adapters._internal.json_values import Json
from scout_adapters._internal.private_file import replacing
from scout_adapters.audit.export import TABLE
from scout_adapters.audit.export import export as export_to
from scout_adapters.audit.retention import open_intents
from scout_adapters.audit.retention import prune as prune_before
from scout_adapters.audit.verify import Head, VerificationReport, heads_of
from scout_adapters.audit.verify import verify as verify_log
from scout_adapters.cli.audit_calls import calls, show
from scout_adapters.cli.console import AsJson, Log, check_output, days_ago, fail, log_at, print_line
from scout_adapters.cli.json_output import print_json
from scout_adapters.cli.tables import TableData, print_table
from scout_adapters.errors import ConfigurationError

app = typer.Typer(no_args_is_help=True, help="Check, read and keep the audit log.")
app.command()(calls)
app.command()(show)

OF_INTENT = ("time", "provider", "model", "key_id", "run_id", "number")
"""Fields of an intent that `reconcile` prints."""

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
    *,
    as_json: AsJson = False,
) -> None:
    """Find rows that were edited, moved, taken out or torn; exits with 1 if there are any."""
    if heads and logs and len(logs) > 1:
        raise typer.BadParameter("--heads goes with one log")
    paths = [log_at(log) for log in logs or (None,)]
    expected = _read_heads(heads) if heads and heads.exists() else {}
    reports = [verify_log(path, expected) for path in paths]
    results = list(zip(paths, reports, strict=True))
    if as_json:
        print_json({"logs": [_verified(path, report) for path, report in results]})
    for path, report in results if not as_json else ():
        _print(path, report)
    if any(report.findings for report in reports):
        raise typer.Exit(1)
    if heads:
        _save(heads, reports[0].heads)


def _print(path: Path, report: VerificationReport) -> None:
    for finding in report.findings:
        print_line(str(finding))
    result = f"{len(report.findings)} findings" if report.findings else "nothing is wrong"
    print_line(f"{path}: {report.rows} rows of {len(report.heads)} writers, {result}")


def _verified(path: Path, report: VerificationReport) -> Json:
    findings = [
        {"file": found.file, "line": found.line, "kind": found.kind, "what": found.what}
        for found in report.findings
    ]
    return {"log": path, "rows": report.rows, "heads": report.heads, "findings": findings}


def _read_heads(file: Path) -> dict[str, Head]:
    try:
        stated = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError:
        stated = None
    if not isinstance(stated, dict):
        fail(f"{file} has no heads: it is no file that `audit verify --heads` wrote", 2)
    return heads_of(stated)


def _save(file: Path, heads: object) -> None:
    with replacing(file) as new:
        new.write(orjson.dumps(heads).decode())


@app.command()
def reconcile(log: Log = None, *, as_json: AsJson = False) -> None:
    """List requests that were sent and have no outcome; exits with 1 if there are any."""
    intents = open_intents(log_at(log))
    if as_json:
        print_json({"intents": [{name: row.get(name) for name in OF_INTENT} for row in intents]})
    elif not intents:
        print_line("every intent has its outcome")
    else:
        headings = ("time", "provider", "model", "key", "run", "attempt")
        rows = [[str(row.get(name, "")) for name in OF_INTENT] for row in intents]
        print_table(TableData(headings, rows))
        print_line(
            f"{len(intents)} without outcome: in progress, or of a process that ended;"
            " compare them with the provider's bill"
        )
    if intents:
        raise typer.Exit(1)


@app.command()
def export(
    to: Annotated[
        str, typer.Option(help="out.db, out.sqlite, out.csv or postgresql://…; replaced.")
    ],
    log: Log = None,
    table: Annotated[str, typer.Option(help="The table's name, where it is a database.")] = TABLE,
    *,
    as_json: AsJson = False,
) -> None:
    """Write the log as a table to SQLite, CSV or PostgreSQL."""
    path = log_at(log)
    if "://" not in to:
        check_output(Path(to), path)
    try:
        count = export_to(path, to, table=table)
    except ConfigurationError as error:
        raise typer.BadParameter(str(error)) from None
    where = f"PostgreSQL, table {table}" if "://" in to else to  # the address may hold a password
    if as_json:
        print_json({"rows": count, "to": where})
    else:
        print_line(f"{count} rows to {where}")


@app.command()
def prune(
    days: Annotated[int, typer.Option(min=1, help="Keep files written to in these last days.")],
    log: Log = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Delete whole old files of a log that rotates; the newest always stays."""
    deleted = prune_before(log_at(log), days_ago(days))
    if as_json:
        print_json({"deleted": deleted})
        return
    for file in deleted:
        print_line(f"deleted {file}")
    print_line(f"{len(deleted)} files deleted")

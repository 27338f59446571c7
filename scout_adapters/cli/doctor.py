"""`scout-adapters doctor`: what keeps providers and keys from working."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from scout_adapters.cli.console import (
    AsJson,
    Imports,
    LogOption,
    check_log,
    import_modules,
    log_path,
    print_line,
)
from scout_adapters.cli.json_output import print_json
from scout_adapters.cli.tables import Cell, TableData, print_table
from scout_adapters.doctor import examine
from scout_adapters.doctor.finding import Finding


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
    as_json: AsJson = False,
) -> None:
    """Look for what keeps providers and keys from working; exit with 1 if something is wrong."""
    import_modules(imports)
    path = log_path(audit)
    if audit is not None:
        check_log(path)
    findings = examine(providers or (), audit=audit, network=network)
    wrong = sum(finding.wrong for finding in findings)
    if as_json:
        print_json({"wrong": wrong, "findings": [asdict(finding) for finding in findings]})
    else:
        _print(findings, wrong)
    if wrong:
        raise typer.Exit(1)


def _print(findings: Sequence[Finding], wrong: int) -> None:
    if findings:
        rows = [(_mark(finding), *_texts(finding)) for finding in findings]
        print_table(TableData(("", "what", "finding", "what to do"), rows))
    print_line(f"{wrong or 'nothing'} wrong")


def _mark(finding: Finding) -> Cell:
    return ("wrong", "red") if finding.wrong else "note"


def _texts(finding: Finding) -> tuple[str, str, str]:
    return finding.subject, finding.what, finding.fix

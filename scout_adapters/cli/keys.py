"""`scout-adapters keys` and `keys test`: the keys by fingerprint, and whether they work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from scout_adapters._internal.dollar_text import dollar_text
from scout_adapters._internal.json_values import Json
from scout_adapters.audit.rotation import segments
from scout_adapters.cli.console import (
    AsJson,
    Imports,
    LogOption,
    check_log,
    import_modules,
    log_path,
    name_log,
    print_error,
    print_line,
)
from scout_adapters.cli.json_output import print_json, usd
from scout_adapters.cli.tables import Cell, TableData, print_table
from scout_adapters.doctor.key_checks import LastOutcome, Verdict, last_outcomes, probe
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.providers import registry
from scout_adapters.llm.providers.client import ProviderClient

app = typer.Typer(
    help="List the keys by fingerprint, or send one request with each of them. Cooldowns and"
    " quarantines live in each process that makes calls; registry.get('groq').reset_key() there,"
    " or a restart, lifts them."
)

KeyRow = tuple[str, KeyState, LastOutcome | None]
"""A provider, a key, and its last outcome in the log."""

NO_KEYS = "no provider has a key: see `scout-adapters providers` for the variables"


@app.callback(invoke_without_command=True)
def keys(
    context: typer.Context,
    audit: LogOption = None,
    imports: Imports = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List each provider's keys with their last outcomes in the audit log."""
    import_modules(imports)
    context.obj = as_json
    if context.invoked_subcommand is None:
        _list_keys(audit, as_json=as_json)


def _list_keys(audit: Path | None, *, as_json: bool) -> None:
    path = log_path(audit)
    check_log(path)
    if segments(path):
        name_log(audit, path)
    outcomes, unreadable = last_outcomes(path), list[str]()
    rows: list[KeyRow] = [
        (client.name, state, outcomes.get((client.name, state.id)))
        for client in _clients_with_keys(unreadable)
        for state in client.keys
    ]
    if as_json:
        log = path if segments(path) else None
        print_json({"log": log, "keys": list(map(_key, rows)), "unreadable": unreadable})
    else:
        _print_keys(rows, unreadable, path)
    if unreadable:
        raise typer.Exit(1)


def _print_keys(rows: Sequence[KeyRow], unreadable: Sequence[str], path: Path) -> None:
    headings = ("provider", "key", "last outcome", "when", "rests until", "model")
    if rows:
        cells = [(name, key.label, *_cells(last)) for name, key, last in rows]
        print_table(TableData(headings, cells))
    elif not unreadable:
        print_line(NO_KEYS)
    _print_unreadable(unreadable)
    if segments(path):
        print_line(f"from {path}")
    else:
        print_line(f"nothing is known of earlier calls: there is no log at {path}")


def _key(row: KeyRow) -> Json:
    provider, key, last = row
    source = key.source.label if key.source else None
    fields: Json = {"provider": provider, "key_id": key.id, "source": source}
    fields |= {"outcome": None, "at": None, "model": None}
    if last is None:
        return fields | {"rests_until": None}
    of_last = {"outcome": last.outcome, "at": last.at, "model": last.model}
    return fields | of_last | {"rests_until": _rests_until(last)}


def _rests_until(last: LastOutcome) -> datetime | None:
    until = last.rests_until
    return until if until is not None and until > datetime.now(UTC) else None


def _cells(last: LastOutcome | None) -> Sequence[Cell]:
    if last is None:
        return "unknown", "", "", ""
    rests = _rests_until(last)
    return (
        (last.outcome, "green" if last.outcome == "ok" else "red"),
        f"{last.at.astimezone():%Y-%m-%d %H:%M:%S}",
        f"{rests.astimezone():%Y-%m-%d %H:%M:%S}" if rests else "",
        last.model or "",
    )


@app.command(name="test")
def probe_keys(
    context: typer.Context,
    provider: Annotated[str, typer.Argument(help="The provider; all that have keys.")] = "",
    model: Annotated[str, typer.Option(help="The model to call; the provider's default.")] = "",
    imports: Imports = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Send one request with each key, for a few paid tokens; exit with 1 if a key is not usable."""
    import_modules(imports)
    logging.getLogger("scout_adapters").addHandler(logging.NullHandler())  # the table shows it
    unreadable: list[str] = []
    clients = [registry.get(provider)] if provider else _clients_with_keys(unreadable)
    verdicts = asyncio.run(probe(clients, model or None))
    if as_json or context.obj:  # `keys --json test`
        print_json({"keys": list(map(_verdict, verdicts)), "unreadable": unreadable})
    else:
        if verdicts:
            print_table(_verdicts(verdicts))
        else:
            print_line(NO_KEYS)
        _print_unreadable(unreadable)
    if unreadable or not verdicts or any(verdict.failed for verdict in verdicts):
        raise typer.Exit(1)


def _clients_with_keys(unreadable: list[str]) -> list[ProviderClient]:
    """Return the providers with keys; append to `unreadable` why others cannot be read."""
    keyed = []
    for name in registry.list_providers():
        try:
            keyed += [client] if (client := registry.get(name)).keys else []
        except ConfigurationError as error:
            unreadable.append(str(error))
    return keyed


def _print_unreadable(lines: Sequence[str]) -> None:
    for line in lines:
        print_error(line)


def _verdict(verdict: Verdict) -> Json:
    cost = usd(verdict.cost_usd)
    return asdict(verdict) | {"failed": verdict.failed, "cost_usd": cost}


def _verdicts(verdicts: Sequence[Verdict]) -> TableData:
    headings = ("provider", "key", "model", "verdict", "latency", "cost", "who must act")
    rows: list[Sequence[Cell]] = []
    for verdict in verdicts:
        advice = (verdict.who, verdict.advice or verdict.reason)
        latency = "" if verdict.latency_s is None else f"{verdict.latency_s:.2f} s"
        outcome = (verdict.outcome, "red" if verdict.failed else "green")
        no_key = "none needed" if registry.spec(verdict.provider).keyless else "none set"
        source = f" ({verdict.source})" if verdict.source else ""
        names = (verdict.provider, f"{verdict.key_id or no_key}{source}", verdict.model)
        action = ": ".join(part for part in advice if part)
        rows.append((*names, outcome, latency, _cost(verdict), action))
    return TableData(headings, rows)


def _cost(verdict: Verdict) -> str:
    if verdict.cost_usd is not None:
        return dollar_text(verdict.cost_usd)
    return "not billed" if verdict.billed == "no" else "unknown"

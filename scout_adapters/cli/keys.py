"""`scout-adapters keys` and `keys test`: the keys by fingerprint, and whether they work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

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
from scout_adapters.doctor.key_checks import Verdict, probe
from scout_adapters.doctor.key_outcomes import LastOutcome, last_outcomes, variables_of_keys
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.providers import registry
from scout_adapters.llm.providers.client import ProviderClient

app = typer.Typer(
    help="List the keys by fingerprint, or send one request with each of them. Cooldowns and"
    " quarantines live in each process that makes calls; registry.get('groq').reset_key() there,"
    " or a restart, lifts them."
)

LOG_ONLY = "log only"
"""Source of a key that the log names and this environment does not have."""


class KeyRow(NamedTuple):
    """A key by its fingerprint, where it comes from, and its last outcome in the log."""

    provider: str
    id: str
    source: str | None
    last: LastOutcome | None

    @property
    def label(self) -> str:
        """The fingerprint, and where the key comes from."""
        return f"{self.id} ({self.source})" if self.source else self.id


OF_LAST = ("outcome", "at", "model", "rests_until", "who", "advice")
"""Fields of a key's last outcome."""

NO_KEYS = "no provider has a key: see `scout-adapters providers` for the variables"


@app.callback(invoke_without_command=True)
def keys(
    context: typer.Context,
    audit: LogOption = None,
    imports: Imports = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the keys of this environment and of the audit log, with their last outcomes."""
    import_modules(imports)
    context.obj = as_json
    if context.invoked_subcommand is None:
        _list_keys(audit, as_json=as_json)


def _list_keys(audit: Path | None, *, as_json: bool) -> None:
    path = log_path(audit)
    check_log(path)
    if segments(path):
        name_log(audit, path)
    unreadable: list[str] = []
    rows = _rows(last_outcomes(path), _clients_with_keys(unreadable))
    if as_json:
        log = path if segments(path) else None
        print_json({"log": log, "keys": list(map(_key, rows)), "unreadable": unreadable})
    else:
        _print_keys(rows, unreadable, path)
    if unreadable:
        raise typer.Exit(1)


def _rows(
    outcomes: Mapping[tuple[str, str], LastOutcome], clients: Sequence[ProviderClient]
) -> list[KeyRow]:
    """Return the keys of this environment, and then those that only the log names."""
    rows = []
    for client in clients:
        variables = variables_of_keys(client.key_variables)
        for key in client.keys:
            source = key.source.label if key.source else variables.get(key.id)
            rows.append(KeyRow(client.name, key.id, source, outcomes.get((client.name, key.id))))
    here = {(row.provider, row.id) for row in rows}
    others = sorted(place for place in outcomes if place not in here)
    return rows + [KeyRow(*place, LOG_ONLY, outcomes[place]) for place in others]


def _print_keys(rows: Sequence[KeyRow], unreadable: Sequence[str], path: Path) -> None:
    headings = ("provider", "key", "last outcome", "when", "rests until", "model", "who must act")
    cells = [(row.provider, row.label, *_cells(row.last)) for row in rows]
    if rows:
        print_table(TableData(headings, cells))
    if not unreadable and all(row.source == LOG_ONLY for row in rows):
        print_line(NO_KEYS)
    _print_unreadable(unreadable)
    if segments(path):
        print_line(f"from {path}")
    else:
        print_line(f"nothing is known of earlier calls: there is no log at {path}")


def _key(row: KeyRow) -> Json:
    fields: Json = {"provider": row.provider, "key_id": row.id, "source": row.source}
    last = row.last
    if last is None:
        return fields | dict.fromkeys(OF_LAST)
    policy = last.policy
    advice = (policy.actor, policy.advice) if policy else (None, None)
    values = (last.outcome, last.at, last.model, _rests_until(last), *advice)
    return fields | dict(zip(OF_LAST, values, strict=True))


def _rests_until(last: LastOutcome) -> datetime | None:
    until = last.rests_until
    return until if until is not None and until > datetime.now(UTC) else None


def _cells(last: LastOutcome | None) -> Sequence[Cell]:
    if last is None:
        return "unknown", "", "", "", ""
    policy = last.policy
    rests = _rests_until(last)
    return (
        (last.outcome, "green" if last.outcome == "ok" else "red"),
        f"{last.at.astimezone():%Y-%m-%d %H:%M:%S}",
        f"{rests.astimezone():%Y-%m-%d %H:%M:%S}" if rests else "",
        last.model or "",
        f"{policy.actor}: {policy.advice}" if policy else "",
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

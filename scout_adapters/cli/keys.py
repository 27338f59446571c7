"""`scout-adapters keys` and `keys test`: the keys by fingerprint, and whether they work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from scout_adapters.audit.process_log import audit_path
from scout_adapters.cli.console import Imports, LogOption, console, fail, import_modules
from scout_adapters.doctor.key_checks import LastOutcome, Verdict, last_outcomes, probe
from scout_adapters.errors import ConfigurationError, ScoutError
from scout_adapters.llm.providers import registry
from scout_adapters.llm.providers.client import ProviderClient

app = typer.Typer(help="List the keys by fingerprint, or ask with each of them once.")

NO_KEYS = "no provider has a key: see `scout-adapters providers` for the variables"


@app.callback(invoke_without_command=True)
def keys(context: typer.Context, audit: LogOption = None, imports: Imports = None) -> None:
    """List each provider's keys with what the audit log knows of them."""
    import_modules(imports)
    if context.invoked_subcommand is None:
        _print_keys(audit)


def _print_keys(audit: Path | None) -> None:
    outcomes, now = last_outcomes(audit), datetime.now(UTC)
    table = Table("provider", "key", "last outcome", "when", "rests until", "model")
    unreadable: list[str] = []
    for client in _clients_with_keys(unreadable):
        for state in client.keys:
            last = outcomes.get((client.name, state.id))
            table.add_row(client.name, state.id, *_last_cells(last, now))
    console.print(table if table.row_count or unreadable else NO_KEYS)
    _print_unreadable(unreadable)
    console.print(_source(audit))
    if unreadable:
        raise typer.Exit(1)


def _source(audit: Path | None) -> str:
    path = audit_path(audit)
    if path.is_file():
        return f"from {escape(str(path))}"
    return f"nothing is known of earlier calls: there is no log at {escape(str(path))}"


def _last_cells(last: LastOutcome | None, now: datetime) -> Sequence[str]:
    if last is None:
        return "unknown", "", "", ""
    colour = "green" if last.outcome == "ok" else "red"
    rests = last.rests_until if last.rests_until and last.rests_until > now else None
    return (
        f"[{colour}]{escape(last.outcome)}[/{colour}]",
        f"{last.at.astimezone():%Y-%m-%d %H:%M:%S}",
        f"{rests.astimezone():%Y-%m-%d %H:%M:%S}" if rests else "",
        escape(last.model or ""),
    )


@app.command(name="test")
def probe_keys(
    provider: Annotated[str, typer.Argument(help="The provider; all that have keys.")] = "",
    model: Annotated[str, typer.Option(help="The model to ask; the provider's default.")] = "",
    imports: Imports = None,
) -> None:
    """Ask once with each key, for a few paid tokens; exit with 1 if a key could not be used."""
    import_modules(imports)
    logging.getLogger("scout_adapters").addHandler(logging.NullHandler())  # the table shows it
    unreadable: list[str] = []
    try:
        clients = [registry.get(provider)] if provider else _clients_with_keys(unreadable)
        verdicts = asyncio.run(probe(clients, model or None))
    except ScoutError as error:
        fail(str(error))
    console.print(_verdicts(verdicts) if verdicts else NO_KEYS)
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
        console.print(f"[red]{escape(line)}[/red]")


def _verdicts(verdicts: Sequence[Verdict]) -> Table:
    table = Table("provider", "key", "model", "verdict", "latency", "cost", "who must act")
    for verdict in verdicts:
        colour = "red" if verdict.failed else "green"
        advice = (verdict.who, verdict.advice or verdict.reason)
        table.add_row(
            verdict.provider,
            verdict.key_id or "none needed",
            escape(verdict.model),
            f"[{colour}]{escape(verdict.outcome)}[/{colour}]",
            "" if verdict.latency_s is None else f"{verdict.latency_s:.2f} s",
            _cost(verdict),
            escape(": ".join(part for part in advice if part)),
        )
    return table


def _cost(verdict: Verdict) -> str:
    if verdict.cost_usd is not None:
        return f"${verdict.cost_usd:.6f}"
    return "not billed" if verdict.billed == "no" else "unknown"

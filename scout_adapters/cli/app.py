"""The command line: `scout-adapters audit`, `costs`, `doctor`, `keys`, `report`, and more."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

try:
    import typer
    from rich.markup import escape
    from rich.table import Table
except ModuleNotFoundError as missing:  # the `cli` extra
    sys.exit(f"{missing.name} is not installed: pip install 'scout-adapters[cli]'")

from scout_adapters.cli import audit as audit_commands
from scout_adapters.cli import budgets, costs, doctor, keys, prices, report
from scout_adapters.cli.console import console
from scout_adapters.errors import ConfigurationError, ScoutError
from scout_adapters.llm.providers import registry

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Many providers, many keys.")
app.add_typer(audit_commands.app, name="audit")
app.add_typer(keys.app, name="keys")
app.command(name="doctor")(doctor.check)
app.command(name="costs")(costs.costs)
app.command(name="report")(report.report)
app.command(name="prices")(prices.prices)
app.command(name="budgets")(budgets.budgets)


@app.command()
def demo(
    *,
    live: Annotated[bool, typer.Option(help="Ask the real providers, with your keys.")] = False,
    audit: Annotated[Path, typer.Option(help="Where the audit log goes.")] = Path(
        "scout-demo-audit.jsonl"
    ),
) -> None:
    """Run a chain, a tool call, a structured output and a batch past dead keys and providers."""
    from scout_adapters.cli import demo as play  # noqa: PLC0415  # LangChain's prompts take a second

    try:
        play.run(console, live=live, audit_path=audit)
    except ScoutError as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(1) from None


@app.command()
def emulator(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port.")] = 8399,
) -> None:
    """Play all providers on this machine until interrupted, each below its own path."""
    from scout_adapters.testing import run  # noqa: PLC0415  # only this command needs it

    run(host, port, on_start=_say_where)


def _say_where(base: str) -> None:
    console.print(f"The emulator listens at {base}; for example")
    console.print(f"  GROQ_API_URL={base}/groq/openai/v1 GROQ_API_KEY=any-key python your_code.py")


@app.command()
def providers() -> None:
    """List the providers: their variables, addresses and how many keys are set."""
    table = Table("provider", "keys", "set one of", "address", "default model")
    for spec in registry.specs():
        client = registry.get(spec.name)
        try:
            keys = str(len(client.keys)) if client.keys or not spec.keyless else "none needed"
            address = client.base_url or "OPENAI_COMPATIBLE_API_URL"
        except ConfigurationError:
            keys, address = "see doctor", ""
        variables = ", ".join(client.key_variables)
        table.add_row(spec.name, keys, variables, escape(address), spec.default_model)
    console.print(table)


@app.command()
def profile(
    model: Annotated[str, typer.Argument(help="provider/model, or several with commas.")],
) -> None:
    """Show what a model can do; of several, what one may rely on whichever of them answers."""
    from scout_adapters.chat_models.router import ScoutRouterChatModel  # noqa: PLC0415  # as heavy

    try:
        known = ScoutRouterChatModel(models=model.split(",")).profile
    except ScoutError as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(1) from None
    if known is None:
        console.print(f"nothing is known of {escape(model)}")
        raise typer.Exit(1)
    table = Table("key", "value")
    for name, value in sorted(known.items()):
        table.add_row(name, str(value))
    console.print(table)

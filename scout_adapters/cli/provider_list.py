"""`scout-adapters providers`: the providers, their variables and addresses."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from scout_adapters.cli.console import console
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.providers import registry


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

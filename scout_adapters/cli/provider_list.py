"""`scout-adapters providers`: the providers, their variables and addresses."""

from __future__ import annotations

from scout_adapters._internal.json_values import Json
from scout_adapters.cli.console import AsJson
from scout_adapters.cli.json_output import print_json
from scout_adapters.cli.tables import TableData, print_table
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.providers import registry
from scout_adapters.llm.types import ProviderSpec

HEADINGS = ("provider", "keys", "set one of", "address", "default model")


def providers(*, as_json: AsJson = False) -> None:
    """List the providers: their variables, addresses and how many keys are set."""
    rows = [_row(spec) for spec in registry.specs()]
    if as_json:
        print_json({"providers": rows})
    else:
        print_table(TableData(HEADINGS, [_cells(row) for row in rows]))


def _row(spec: ProviderSpec) -> Json:
    """Return a provider's fields; `keys` and `address` are None if they cannot be read."""
    client = registry.get(spec.name)
    keys: int | None
    try:
        keys, address = len(client.keys), client.base_url or ""
    except ConfigurationError:
        keys = address = None
    return {
        "provider": spec.name,
        "keys": keys,
        "keyless": spec.keyless,
        "variables": list(client.key_variables),
        "address": address,
        "default_model": spec.default_model,
    }


def _cells(row: Json) -> list[str]:
    address = row["address"]
    return [
        row["provider"],
        _keys(row),
        ", ".join(row["variables"]),
        "" if address is None else address or "OPENAI_COMPATIBLE_API_URL",
        row["default_model"],
    ]


def _keys(row: Json) -> str:
    if row["keys"] is None:
        return "see doctor"
    return "none needed" if row["keyless"] and not row["keys"] else str(row["keys"])

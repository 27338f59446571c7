"""The table of environment variables of providers, made from the cards."""

from __future__ import annotations

from collections.abc import Iterable

from scout_adapters.llm.providers import registry
from scout_adapters.llm.types import ProviderSpec
from tools.pages.markdown_table import code, table

HEADER = ("provider", "keys", "address", "parts of the address", "credentials of the cloud")


def variable_table() -> str:
    """Return a row for each provider; its variables are read in the order of the row."""
    return table(HEADER, map(_row, registry.specs()))


def _row(spec: ProviderSpec) -> tuple[str, ...]:
    parts = (
        f"{name}: {_listed(variables)}"
        for name, variables in spec.placeholders.items()
        if variables
    )
    chain = spec.key_chain.variables if spec.key_chain else ()
    return (
        spec.name,
        _listed(spec.key_names),
        _listed(spec.address_names),
        "; ".join(parts),
        _listed(chain),
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))

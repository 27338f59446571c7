"""The cards that are shipped: each in the module of its name, imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import cast

from scout_adapters.llm.types import ProviderSpec

PACKAGE = "scout_adapters.llm.providers"
SUMMARIES = "card_summaries"
"""The module that `make tables` writes: a summary of each card, read instead of the cards."""


def load_card(name: str) -> ProviderSpec:
    """Return the card of a shipped provider."""
    return cast("ProviderSpec", import_module(f"{PACKAGE}.{name}").SPEC)


def card_names() -> list[str]:
    """Return the names of the modules that contain a card, in alphabetical order; reads files."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return [file.stem for file in files if "\nSPEC = " in file.read_text()]

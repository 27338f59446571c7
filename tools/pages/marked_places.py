"""The places in pages that are made from the code: between two comments with a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.pages import option_rows, partner_rows
from tools.pages.column_rows import column_table, error_tree
from tools.pages.command_rows import command_list
from tools.pages.example_rows import example_table
from tools.pages.failure_rows import failure_table
from tools.pages.fault_rows import fault_table
from tools.pages.provider_rows import provider_table
from tools.pages.public_rows import public_table
from tools.pages.room_rows import room_table
from tools.pages.variable_rows import variable_table

DOCS = Path(__file__).parents[2] / "docs"
PICTURE = DOCS / "layers.svg"
PLACE = re.compile(r"(<!-- (\w[\w-]*): .*? -->\n).*?(<!-- /\2 -->)", re.DOTALL)

CONTENTS: Mapping[str, Callable[[], str]] = {
    "audit-columns": column_table,
    "commands": command_list,
    "error-tree": error_tree,
    "examples": example_table,
    "failures": failure_table,
    "faults": fault_table,
    "partner-errors": partner_rows.partner_errors,
    "partner-options": partner_rows.partner_options,
    "partner-versions": partner_rows.packages,
    "providers": provider_table,
    "public-packages": public_table,
    "rooms": room_table,
    "variables": variable_table,
    "options-model": option_rows.model_options,
    "options-provider": option_rows.provider_options,
    "options-router": option_rows.router_options,
    "options-entry": option_rows.entry_options,
    "options-timeouts": option_rows.timeout_options,
    "options-embeddings": option_rows.embedding_options,
    "options-further": option_rows.further_options,
    "options-names": option_rows.other_names,
    "options-refused": option_rows.refused_names,
    "options-handlers": option_rows.signatures,
}
"""What stands in each place, by its name."""

PARTNERS = "partner-packages.md"
"""The page that depends on the versions of other packages, which it names."""


def pages() -> list[Path]:
    """Return the pages with such places."""
    return [path for path in sorted(DOCS.rglob("*.md")) if names_of(path.read_text())]


def names_of(text: str) -> list[str]:
    """Return the names of a page's places that are made from the code."""
    return [match[2] for match in PLACE.finditer(text) if match[2] in CONTENTS]


def updated(text: str) -> str:
    """Return a page with its places as the code is now."""
    return PLACE.sub(_filled, text)


def _filled(match: re.Match[str]) -> str:
    content = CONTENTS.get(match[2])
    return match[0] if content is None else f"{match[1]}\n{content()}\n{match[3]}"

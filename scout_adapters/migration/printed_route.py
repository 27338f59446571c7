"""A migrated configuration for the screen: references to variables in the place of keys."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from scout_adapters.llm.health.key_texts import is_reference
from scout_adapters.migration.litellm_routes import Migration
from scout_adapters.migration.notes import Note

SECRETS = frozenset(
    {
        *("azure_ad_token", "aws_access_key_id", "aws_secret_access_key", "aws_session_token"),
        "credentials",
    }
)
"""Options of an entry that are secrets beside its keys."""

LEFT_OUT = "is a secret and not printed: docs/clouds.md has the ways to pass it"


def without_keys(migration: Migration) -> Migration:
    """Return a migration whose keys are `env:NAME`, with a note for each variable to set.

    Equal keys have the same variable.
    """
    document = deepcopy(migration.document)
    names: dict[str, str] = {}
    notes = list(migration.notes)
    for route, section in document["routes"].items():
        for entry in section["models"]:
            if keys := entry.get("api_keys"):
                entry["api_keys"] = [_reference(key, entry, names) for key in keys]
            for name in SECRETS & entry.keys():
                del entry[name]
                notes.append(Note(f"{name} of {route}", LEFT_OUT))
            if headers := entry.get("default_headers"):  # any of which may be a secret
                entry["default_headers"] = dict.fromkeys(headers, "")
                notes.append(Note(f"default_headers of {route}", "write their values yourself"))
    notes += migration.frozen
    notes += [
        Note(name, "a key stands in the configuration: set this variable to it")
        for name in names.values()
    ]
    return Migration(document, tuple(notes))


def _reference(key: Any, entry: dict[str, Any], names: dict[str, str]) -> str:
    text = str(key)
    if is_reference(text):
        return text
    if text not in names:
        provider = re.sub(r"\W", "_", entry["model"].partition("/")[0]).upper()
        number = 1 + sum(name.startswith(f"{provider}_API_KEY_") for name in names.values())
        names[text] = f"{provider}_API_KEY_{number}"
    return f"env:{names[text]}"

"""Values of a route file's entries that stand in environment variables: `env:NAME`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scout_adapters.route_files.yaml_text import Path as YamlPath
    from scout_adapters.route_files.yaml_text import YamlText

REFERENCE = re.compile(r"env:([^\s=,;:/]+)")
"""Matches a reference to a variable of any name, such as `env:my-gateway.url`."""

BY_REFERENCE = ("api_key", "api_keys")
"""Ends of the names of fields with keys, such as `groq_api_key`: their references are read at each
use of a key, not with the file."""


def with_variables(entry: Mapping[str, Any], parsed: YamlText, path: YamlPath) -> dict[str, Any]:
    """Return an entry with the values of the variables that its fields name.

    base_url: env:GATEWAY_URL
    organization: env:OPENAI_ORG

    Raises: `ConfigurationError` for a variable that is not set or empty, with the field's line.
    """
    return {name: _value(name, each, parsed, (*path, name)) for name, each in entry.items()}


def _value(name: str | int, value: Any, parsed: YamlText, path: YamlPath) -> Any:
    if isinstance(value, Mapping):
        return with_variables(value, parsed, path)
    if isinstance(value, list):
        return [_value(name, each, parsed, (*path, at)) for at, each in enumerate(value)]
    match = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if match is None or str(name).endswith(BY_REFERENCE):
        return value
    found = os.environ.get(match[1])
    if not found:
        raise parsed.error(path, f"`{name}`: the variable {match[1]} is not set")
    return found

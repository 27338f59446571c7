"""Schemas closed for `strict: true`: whoever asks for it without that is answered with a 400.

Every object forbids further properties and requires all of its own; a reference stands alone.
Defaults may stay: OpenAI takes them, though it refused them once.
https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
https://console.groq.com/docs/structured-outputs#strict-mode-strict-true
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.wires.parsing import resolve_ref

MAPS = frozenset({"properties", "$defs", "definitions"})
"""Keywords whose values map names to schemas."""

SCHEMAS = frozenset({"items", "anyOf", "allOf", "prefixItems"})
"""Keywords whose values are schemas, or lists of them."""


def close_schema(schema: Any) -> Any:
    """Return the schema as `strict: true` takes it; the one that was given stays as it is."""
    return _closed(schema, schema, ()) if isinstance(schema, Mapping) else schema


def _closed(node: Mapping[str, Any], root: Mapping[str, Any], inside: tuple[str, ...]) -> Json:
    """Close one schema; `inside` holds the references that led here."""
    reference = node.get("$ref")
    if isinstance(reference, str) and any(not key.startswith("$") for key in node):
        meant = resolve_ref(reference, root)
        if meant is None or reference in inside:
            return {"$ref": reference}
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return _closed({**meant, **beside}, root, (*inside, reference))
    whole = node.get("allOf")
    if isinstance(whole, list) and len(whole) == 1 and isinstance(whole[0], Mapping):
        beside = {key: value for key, value in node.items() if key != "allOf"}
        return _closed({**whole[0], **beside}, root, inside)
    return _shut({key: _each(key, value, root, inside) for key, value in node.items()})


def _shut(node: Json) -> Json:
    """Let an object have all of its properties and no other."""
    properties = node.get("properties")
    if isinstance(properties, dict):
        node["required"] = list(properties)
    # A map of any keys cannot be strict: it stays as it is, for the API to say so.
    if properties or (node.get("type") == "object" and "additionalProperties" not in node):
        node["additionalProperties"] = False
    return node


def _each(key: str, value: Any, root: Mapping[str, Any], inside: tuple[str, ...]) -> Any:
    if key in MAPS and isinstance(value, Mapping):
        return {name: _value(schema, root, inside) for name, schema in value.items()}
    return _value(value, root, inside) if key in SCHEMAS else value


def _value(value: Any, root: Mapping[str, Any], inside: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return _closed(value, root, inside)
    if isinstance(value, list):
        return [_value(each, root, inside) for each in value]
    return value

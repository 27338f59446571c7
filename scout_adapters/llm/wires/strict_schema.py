"""Rewrite JSON schemas for `strict: true`, which otherwise is answered with a 400.

Every object forbids further properties and requires all of its own; a `$ref` has no other keywords
beside it. Defaults are not removed: OpenAI accepts them.
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


def adapt_schema(schema: Any) -> Any:
    """Return a copy of the schema that `strict: true` accepts."""
    return _closed(schema, schema, ()) if isinstance(schema, Mapping) else schema


def _closed(node: Mapping[str, Any], root: Mapping[str, Any], inside: tuple[str, ...]) -> Json:
    """Close one schema; `inside` has the references that are being resolved."""
    reference = node.get("$ref")
    if isinstance(reference, str) and any(not key.startswith("$") for key in node):
        target = resolve_ref(reference, root)
        if target is None or reference in inside:
            return {"$ref": reference}
        rest = {key: value for key, value in node.items() if key != "$ref"}
        return _closed({**target, **rest}, root, (*inside, reference))
    whole = node.get("allOf")
    if isinstance(whole, list) and len(whole) == 1 and isinstance(whole[0], Mapping):
        rest = {key: value for key, value in node.items() if key != "allOf"}
        return _closed({**whole[0], **rest}, root, inside)
    return _with_all_required(
        {key: _keyword(key, value, root, inside) for key, value in node.items()}
    )


def _with_all_required(node: Json) -> Json:
    """Require all properties of an object and forbid others."""
    properties = node.get("properties")
    if isinstance(properties, dict):
        node["required"] = list(properties)
    # A map with arbitrary keys cannot be strict: it is left unchanged, and the API refuses it.
    if properties or (node.get("type") == "object" and "additionalProperties" not in node):
        node["additionalProperties"] = False
    return node


def _keyword(key: str, value: Any, root: Mapping[str, Any], inside: tuple[str, ...]) -> Any:
    if key in MAPS and isinstance(value, Mapping):
        return {name: _value(schema, root, inside) for name, schema in value.items()}
    return _value(value, root, inside) if key in SCHEMAS else value


def _value(value: Any, root: Mapping[str, Any], inside: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return _closed(value, root, inside)
    if isinstance(value, list):
        return [_value(item, root, inside) for item in value]
    return value

"""Rewrite JSON schemas into the subset that Gemini supports.

`parametersJsonSchema` and `responseJsonSchema` accept JSON Schema and ignore unsupported keywords.
Three common ones must not be ignored: `const`, `allOf` with one schema, and a `$ref` beside other
keywords, which Gemini refuses.
https://ai.google.dev/api/generate-content#GenerationConfig (responseJsonSchema)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.wires.parsing import resolve_ref

MAPS = frozenset({"properties", "$defs", "definitions"})
"""Keywords whose values map names to schemas."""

SCHEMAS = frozenset({"items", "additionalProperties", "anyOf", "oneOf", "allOf", "prefixItems"})
"""Keywords whose values are schemas, or lists of them."""

TYPES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


def adapt_schema(schema: Mapping[str, Any]) -> Json:
    """Return a copy of the schema that Gemini supports."""
    return _schema(schema, schema, ())


def _schema(node: Mapping[str, Any], root: Mapping[str, Any], inside: tuple[str, ...]) -> Json:
    """Rewrite one schema; `inside` has the references that are being resolved."""
    reference = node.get("$ref")
    if isinstance(reference, str) and any(not key.startswith("$") for key in node):
        return _inlined(node, reference, root, inside)
    whole = node.get("allOf")
    if isinstance(whole, list) and len(whole) == 1 and isinstance(whole[0], Mapping):
        # pydantic writes this to give a reference a description.
        rest = {key: value for key, value in node.items() if key != "allOf"}
        return _schema({**whole[0], **rest}, root, inside)
    result: Json = {}
    for key, value in node.items():
        if key in MAPS and isinstance(value, Mapping):
            result[key] = {name: _value(item, root, inside) for name, item in value.items()}
        elif key in SCHEMAS:
            result[key] = _value(value, root, inside)
        elif key == "const":
            result |= _constant(value)
        elif key != "$schema":
            result[key] = value
    return result


def _constant(value: Any) -> Json:
    """Replace `const` by `enum`, which Gemini supports for strings and numbers only."""
    enum = {"enum": [value]} if isinstance(value, str | float) or type(value) is int else {}
    return enum | ({"type": TYPES[type(value)]} if type(value) in TYPES else {})


def _value(value: Any, root: Mapping[str, Any], inside: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return _schema(value, root, inside)
    if isinstance(value, list):
        return [_value(item, root, inside) for item in value]
    return value


def _inlined(
    node: Mapping[str, Any], reference: str, root: Mapping[str, Any], inside: tuple[str, ...]
) -> Json:
    """Replace a reference that has other keywords beside it by the schema that it refers to."""
    target = resolve_ref(reference, root)
    if target is None or reference in inside:
        # A recursive schema cannot be inlined; Gemini resolves a reference that stands alone.
        return {"$ref": reference}
    rest = {key: value for key, value in node.items() if key != "$ref"}
    return _schema({**target, **rest}, root, (*inside, reference))

"""JSON Schemas, brought into the part of the language that Gemini reads.

Both `parametersJsonSchema` and `responseJsonSchema` take JSON Schema and skip the keywords that
they do not know. Three habits of schema writers must not be skipped: `const`, `allOf` around one
schema, and a `$ref` that has neighbours, which Gemini forbids.
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


def json_schema(schema: Mapping[str, Any]) -> Json:
    """Return the schema as Gemini reads it; the one that was given stays as it is."""
    return _schema(schema, schema, ())


def _schema(node: Mapping[str, Any], root: Mapping[str, Any], inside: tuple[str, ...]) -> Json:
    """Rewrite one schema; `inside` holds the references that led here."""
    reference = node.get("$ref")
    if isinstance(reference, str) and any(not key.startswith("$") for key in node):
        return _inlined(node, reference, root, inside)
    whole = node.get("allOf")
    if isinstance(whole, list) and len(whole) == 1 and isinstance(whole[0], Mapping):
        # pydantic's way to give a reference a description
        rest = {key: value for key, value in node.items() if key != "allOf"}
        return _schema({**whole[0], **rest}, root, inside)
    made: Json = {}
    for key, value in node.items():
        if key in MAPS and isinstance(value, Mapping):
            made[key] = {name: _value(each, root, inside) for name, each in value.items()}
        elif key in SCHEMAS:
            made[key] = _value(value, root, inside)
        elif key == "const":
            made |= _constant(value)
        elif key != "$schema":
            made[key] = value
    return made


def _constant(value: Any) -> Json:
    """Name the one value; Gemini's `enum` holds strings and numbers only."""
    named = {"enum": [value]} if isinstance(value, str | float) or type(value) is int else {}
    return named | ({"type": TYPES[type(value)]} if type(value) in TYPES else {})


def _value(value: Any, root: Mapping[str, Any], inside: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return _schema(value, root, inside)
    if isinstance(value, list):
        return [_value(each, root, inside) for each in value]
    return value


def _inlined(
    node: Mapping[str, Any], reference: str, root: Mapping[str, Any], inside: tuple[str, ...]
) -> Json:
    """Put the schema that is meant in place of a reference that has neighbours."""
    meant = resolve_ref(reference, root)
    if meant is None or reference in inside:
        # A schema that contains itself has no end; Gemini follows a bare reference.
        return {"$ref": reference}
    neighbours = {key: value for key, value in node.items() if key != "$ref"}
    return _schema({**meant, **neighbours}, root, (*inside, reference))

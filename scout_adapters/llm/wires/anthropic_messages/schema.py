"""Rewrite JSON schemas into the subset that structured outputs accept.

Objects must be closed. Constraints that the API refuses are added to the description as text.
https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters._internal.json_values import Json

UNCHANGED = frozenset({"type", "const", "title", "description", "required", "default"})
LISTS = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
"""Keywords with a list of schemas, and the keyword that the API accepts instead."""

DEFINITIONS = frozenset({"$defs", "definitions"})
MAPS = DEFINITIONS | {"properties"}
FORMATS = frozenset(
    {
        "date-time",
        "time",
        "date",
        "duration",
        "email",
        "hostname",
        "uri",
        "ipv4",
        "ipv6",
        "uuid",
    }
)
MIN_ITEMS = (0, 1)
"""Values of `minItems` that are accepted."""


def adapt_schema(schema: Any) -> Any:
    """Return a copy of the schema that structured outputs accept."""
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:  # accepts no other keywords beside it
        return {"$ref": schema["$ref"]} | {
            key: _members(schema[key]) for key in DEFINITIONS & schema.keys()
        }
    result: Json = {}
    refused: Json = {}
    for key, value in schema.items():
        _add_keyword(key, value, result, refused)
    if _is_map(schema):
        # Closed, it would allow `{}` only; the API refuses it by name.
        result["additionalProperties"] = adapt_schema(schema["additionalProperties"])
    elif _is_object(schema):
        result.setdefault("properties", {})
        result["additionalProperties"] = False
    if refused:
        constraints = ", ".join(f"{key}: {value}" for key, value in refused.items())
        text = result.get("description")
        result["description"] = f"{text}\n\n{{{constraints}}}" if text else f"{{{constraints}}}"
    return result


def _add_keyword(key: str, value: Any, result: Json, refused: Json) -> None:
    """Add one keyword to the schema or to the refused ones; some are dropped."""
    if key in UNCHANGED:
        result[key] = value
    elif key in LISTS and isinstance(value, list):
        result[LISTS[key]] = [adapt_schema(variant) for variant in value]
    elif key in MAPS:
        result[key] = _members(value)
    elif key == "items":
        result[key] = adapt_schema(value)
    elif _is_accepted(key, value):
        result[key] = value
    elif key not in {"$schema", "additionalProperties"}:
        refused[key] = value


def _members(schemas: Any) -> Any:
    if not isinstance(schemas, Mapping):
        return schemas
    return {name: adapt_schema(member) for name, member in schemas.items()}


def _is_accepted(key: str, value: Any) -> bool:
    """Return whether the API accepts a constraint with this value."""
    match key:
        case "format":
            return isinstance(value, str) and value in FORMATS
        case "minItems":
            return value in MIN_ITEMS
        case "enum":
            return isinstance(value, list) and not any(isinstance(v, list | dict) for v in value)
        case _:
            return False


def _is_object(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def _is_map(schema: Mapping[str, Any]) -> bool:
    """Return whether an object has arbitrary keys and none of its own."""
    return bool(schema.get("additionalProperties")) and not schema.get("properties")

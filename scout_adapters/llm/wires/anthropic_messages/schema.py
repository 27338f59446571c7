"""JSON schemas, narrowed to what structured outputs accept.

Objects must be closed, and most constraints are refused; those are told to the model in words.
https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters._internal.json_values import Json

KEPT = frozenset({"type", "const", "title", "description", "required", "default"})
LISTS = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
"""Keys with a list of schemas, and what they are called there."""

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
FEWEST = (0, 1)
"""What `minItems` may be."""


def narrow_schema(schema: Any) -> Any:
    """Return the schema in the accepted dialect; the one that was given stays as it is."""
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:  # takes nothing beside it
        return {"$ref": schema["$ref"]} | {
            key: _members(schema[key]) for key in DEFINITIONS & schema.keys()
        }
    made: Json = {}
    unsaid: Json = {}
    for key, value in schema.items():
        _place(key, value, made, unsaid)
    if _is_object(schema):
        made.setdefault("properties", {})
        made["additionalProperties"] = False
    if unsaid:
        words = ", ".join(f"{key}: {value}" for key, value in unsaid.items())
        said = made.get("description")
        made["description"] = f"{said}\n\n{{{words}}}" if said else f"{{{words}}}"
    return made


def _place(key: str, value: Any, made: Json, unsaid: Json) -> None:
    """Put one keyword where it belongs: into the schema, into words, or nowhere."""
    if key in KEPT:
        made[key] = value
    elif key in LISTS and isinstance(value, list):
        made[LISTS[key]] = [narrow_schema(variant) for variant in value]
    elif key in MAPS:
        made[key] = _members(value)
    elif key == "items":
        made[key] = narrow_schema(value)
    elif _is_accepted(key, value):
        made[key] = value
    elif key != "$schema" and not (key == "additionalProperties" and isinstance(value, bool)):
        unsaid[key] = value


def _members(schemas: Any) -> Any:
    if not isinstance(schemas, Mapping):
        return schemas
    return {name: narrow_schema(member) for name, member in schemas.items()}


def _is_accepted(key: str, value: Any) -> bool:
    """Tell whether a constraint is accepted with this value."""
    match key:
        case "format":
            return isinstance(value, str) and value in FORMATS
        case "minItems":
            return value in FEWEST
        case "enum":
            return isinstance(value, list) and not any(isinstance(v, list | dict) for v in value)
        case _:
            return False


def _is_object(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)

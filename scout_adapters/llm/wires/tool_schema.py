"""The JSON schema of a tool's arguments, with an object at its root.

OpenAI and Anthropic answer `anyOf`, `oneOf` or `allOf` at the root with a 400, and MCP servers
write them: "input_schema does not support oneOf, allOf, or anyOf at the top level". OpenAI also
refuses `enum` and `not` there, a root without `properties` ("object schema missing properties"),
and an array without `items` ("array schema missing items").
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import is_not
from typing import Any

from scout_adapters._internal.json_values import Json, mapping, objects
from scout_adapters.llm.wires.parsing import resolve_root

CHOICES = ("anyOf", "oneOf")
COMBINED = frozenset({"allOf", "$ref", *CHOICES})
"""Keywords of a root that are folded into it."""

DROPPED = frozenset({"enum", "not"})
"""Keywords that a root must not have, and that do not describe the fields of an object."""

SCHEMA_MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions"})
"""Keywords with schemas by name."""

SCHEMAS = frozenset({"items", "additionalProperties", "anyOf", "oneOf", "allOf", "prefixItems"})
"""Keywords with a schema or a list of schemas."""


def object_schema(schema: Any) -> Json:
    """Return the schema as one object with `properties`, its alternatives folded into it.

    The fields of all alternatives are allowed, those that all require are required, and the
    description lists the alternatives. A value that is no schema is an object without fields.
    """
    if not isinstance(schema, Mapping):
        return {"type": "object", "properties": {}}
    if COMBINED & schema.keys():
        return _fold(schema, schema, depth=0)
    root = {name: value for name, value in schema.items() if name not in DROPPED}
    return {"properties": {}} | root | {"type": "object"}


def fill_items(schema: Any) -> Any:
    """Return a schema whose every array has `items`; the same schema if none lacks them."""
    if isinstance(schema, list):
        parts = [fill_items(part) for part in schema]
        return parts if any(map(is_not, parts, schema)) else schema
    if not isinstance(schema, Mapping):
        return schema
    changed: Json = {}
    for name, value in schema.items():
        filled: Any = value
        if name in SCHEMAS:
            filled = fill_items(value)
        elif name in SCHEMA_MAPS and isinstance(value, Mapping):
            filled = {each: fill_items(part) for each, part in value.items()}
            filled = filled if any(map(is_not, filled.values(), value.values())) else value
        if filled is not value:
            changed[name] = filled
    if _is_array(schema) and not {"items", "prefixItems"} & schema.keys():
        changed["items"] = {}
    return {**schema, **changed} if changed else schema


def _is_array(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "array" or (isinstance(kind, list) and "array" in kind)


MAX_DEPTH = 8
"""Levels of alternatives within alternatives that are folded."""


def _fold(node: Mapping[str, Any], root: Mapping[str, Any], *, depth: int) -> Json:
    definitions = {name: root[name] for name in ("$defs", "definitions") if name in root}
    node = resolve_root({**definitions, **node})
    folded = {name: value for name, value in node.items() if name not in COMBINED | DROPPED}
    if depth > 0:
        folded = {name: value for name, value in folded.items() if name not in definitions}
    folded["type"] = "object"
    folded["properties"] = dict(mapping(node.get("properties")))
    if depth < MAX_DEPTH:
        for part in objects(node.get("allOf")):
            _require_all(folded, _fold(part, root, depth=depth + 1))
        for keyword in CHOICES:
            options = [
                _fold(option, root, depth=depth + 1)
                for option in objects(node.get(keyword))
                if option.get("type", "object") == "object"
            ]
            _allow_any(folded, options)
    return folded


def _require_all(folded: Json, part: Json) -> None:
    """Add the fields of a part of `allOf` to the folded schema, and those it requires."""
    _add_properties(folded, part["properties"])
    _add_required(folded, part.get("required") or ())
    for name in ("description", "title"):
        if name in part:
            folded.setdefault(name, part[name])


def _allow_any(folded: Json, options: list[Json]) -> None:
    """Add the fields of alternatives, and list the alternatives in the description."""
    if not options:
        return
    for option in options:
        _add_properties(folded, option["properties"])
    required = [list(option.get("required") or ()) for option in options]
    _add_required(
        folded, [name for name in required[0] if all(name in names for names in required)]
    )
    lists = " or ".join(f"({', '.join(names)})" for names in required if names)
    if len(options) > 1 and lists:
        text = f"Give one of these sets of fields: {lists}."
        folded["description"] = " ".join(filter(None, (folded.get("description"), text)))


def _add_properties(folded: Json, properties: Mapping[str, Any]) -> None:
    known = folded["properties"]
    for name, schema in properties.items():
        if name not in known:
            known[name] = schema
        elif known[name] != schema:
            earlier = mapping(known[name]).get("anyOf") or [known[name]]
            known[name] = {"anyOf": [*earlier, *([] if schema in earlier else [schema])]}


def _add_required(folded: Json, names: Any) -> None:
    if required := list(dict.fromkeys([*(folded.get("required") or ()), *names])):
        folded["required"] = required

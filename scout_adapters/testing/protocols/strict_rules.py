"""What OpenAI requires of the schemas of tools, and its strict mode of all, in the API's words."""

from __future__ import annotations

from typing import Any

from scout_adapters.testing.model.chat_request import mapping


def strict_fault(schema: Any, path: tuple[str, ...] = ()) -> str | None:
    """Return why a schema is not strict, None if it is: all properties required, no others."""
    if not isinstance(schema, dict):
        return None
    properties = mapping(schema.get("properties"))
    context = f"In context={path!r}, "
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return f"{context}'additionalProperties' is required to be supplied and to be false."
    missing = [name for name in properties if name not in (schema.get("required") or ())]
    if missing:
        text = "'required' is required to be supplied and to be an array including every key in"
        return f"{context}{text} properties. Missing '{missing[0]}'."
    inner: list[tuple[tuple[str, ...], Any]] = []
    inner += [(("properties", name), part) for name, part in properties.items()]
    inner += [(("items",), schema.get("items"))]
    inner += [(("$defs", name), part) for name, part in mapping(schema.get("$defs")).items()]
    faults = (strict_fault(part, path + step) for step, part in inner)
    return next((fault for fault in faults if fault), None)


_NOT_AT_ROOT = ("oneOf", "anyOf", "allOf", "enum", "not")


def root_fault(schema: Any) -> str | None:
    """Return why a schema cannot be a function's parameters; None for one that can, or for none."""
    if not isinstance(schema, dict):
        return None
    if (kind := schema.get("type")) != "object":
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    if any(name in schema for name in _NOT_AT_ROOT):
        names = "/".join(repr(name) for name in _NOT_AT_ROOT)
        return f"schema must have type 'object' and not have {names} at the top level."
    if "properties" not in schema:
        return "In context=(), object schema missing properties."
    return _array_fault(schema, ())


def _array_fault(schema: Any, path: tuple[str, ...]) -> str | None:
    if not isinstance(schema, dict):
        return None
    if schema.get("type") == "array" and not {"items", "prefixItems"} & schema.keys():
        return f"In context={path!r}, array schema missing items."
    inner: list[tuple[tuple[str, ...], Any]] = [(("items",), schema.get("items"))]
    inner += [
        (("properties", name), part) for name, part in mapping(schema.get("properties")).items()
    ]
    faults = (_array_fault(part, path + step) for step, part in inner)
    return next((fault for fault in faults if fault), None)

"""What OpenAI's strict mode requires of JSON schemas, in the API's words."""

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

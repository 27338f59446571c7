"""Read JSON values whose type is not certain, and write values that JSON does not have."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from typing import Any, TypeGuard

Json = dict[str, Any]

MAX_COUNT = 1e15
"""Tokens or dollars: the largest accepted number; JSON numbers may exceed a float's range."""

MAX_AMOUNT = 10**300
"""Larger integers do not fit into a float."""


def mapping(value: Any) -> Json:
    """Return a JSON object; an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Json]:
    """Return the JSON objects of a list; none for any other value."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def is_number(value: Any) -> TypeGuard[int | float]:
    """Return whether a JSON value is a number within plus or minus `MAX_COUNT`."""
    kind = type(value)
    return (kind is int or kind is float) and -MAX_COUNT < value < MAX_COUNT


def is_count(value: Any) -> TypeGuard[int | float]:
    """Return whether a JSON value is a number of tokens: 0 or more, at most `MAX_COUNT`."""
    kind = type(value)
    return (kind is int or kind is float) and 0 <= value < MAX_COUNT


def count(value: Any) -> int:
    """Return a number of tokens; 0 for any other value."""
    return int(value) if is_count(value) else 0


def amount(value: Any) -> float | None:
    """Return a number as it was sent, which may be negative, infinite or NaN; None for others."""
    kind = type(value)
    if kind is float:
        return float(value)
    return float(max(-MAX_AMOUNT, min(value, MAX_AMOUNT))) if kind is int else None


def body_models(body: Json) -> tuple[str, ...]:
    """Return the models that a request's body names as `model`, and as `models` to fall back to."""
    model, others = body.get("model"), body.get("models")
    if not others:
        return (model,) if model and isinstance(model, str) else ()
    return tuple(name for name in (model, *others) if name and isinstance(name, str))


def positive_limit(*values: Any) -> int | None:
    """Return the largest of some limits; None if there is none, or one that is below 1.

    Servers read a limit below 1, or one of another type, as none.
    """
    limits = [value for value in values if value is not None]
    valid = [value for value in limits if is_number(value) and value >= 1]
    return int(max(valid)) if valid and len(valid) == len(limits) else None


def json_text(value: Any) -> str:
    """Return a value of the caller as JSON; see `plain_value` for what JSON does not have."""
    return json.dumps(value, ensure_ascii=False, default=plain_value)


def plain_value(value: Any) -> Any:
    """Return a Python object as a JSON value: models and sets by their content, others as text."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, set | frozenset):
        return list(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)

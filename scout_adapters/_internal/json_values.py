"""Read JSON values whose type is not certain."""

from __future__ import annotations

from typing import Any, TypeGuard

Json = dict[str, Any]

MAX_COUNT = 1e15
"""Tokens or dollars: the largest accepted number; JSON numbers may exceed a float's range."""


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


def count(value: Any) -> int:
    """Return a number of tokens; 0 for a value that is not a number."""
    return int(value) if is_number(value) else 0

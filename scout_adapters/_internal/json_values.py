"""JSON values of any shape, read without trusting them."""

from __future__ import annotations

from typing import Any, TypeGuard

Json = dict[str, Any]

MAX_COUNT = 1e15
"""Tokens or dollars: JSON has numbers of any size, and no float, sum or log takes them all."""


def mapping(value: Any) -> Json:
    """Return a JSON object that may be null or missing."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Json]:
    """Return the JSON objects in a list that may be null, missing, or hold something else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def is_number(value: Any) -> TypeGuard[int | float]:
    """Tell whether a JSON value is a number that somebody may mean: finite, and not absurd."""
    kind = type(value)
    return (kind is int or kind is float) and -MAX_COUNT < value < MAX_COUNT


def count(value: Any) -> int:
    """Return a number of tokens; whatever is not a number counts nothing."""
    return int(value) if is_number(value) else 0

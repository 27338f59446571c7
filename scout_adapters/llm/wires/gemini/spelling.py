"""Field names in Google's spelling and in Python's."""

from __future__ import annotations

import re
from typing import Any

UNDERSCORE = re.compile(r"_([a-z0-9])")
CAPITAL = re.compile(r"(?<=[a-z0-9])[A-Z]")
MAX_DEPTH = 32
"""Levels of nesting; what is deeper keeps its names."""


def camel_case(name: str) -> str:
    """Convert a field name to Google's spelling: `top_k` becomes `topK`."""
    return UNDERSCORE.sub(lambda match: match[1].upper(), name) if "_" in name else name


def snake_name(name: str) -> str:
    """Convert a field name to Python's spelling: `topK` becomes `top_k`."""
    return CAPITAL.sub(lambda match: f"_{match[0]}", name).lower()


def snake_case(value: Any, depth: int = 0) -> Any:
    """Convert the field names in a JSON value to Python's spelling; nulls are left out."""
    if isinstance(value, dict) and depth < MAX_DEPTH:
        return {
            snake_name(name): snake_case(item, depth + 1)
            for name, item in value.items()
            if item is not None
        }
    if isinstance(value, list) and depth < MAX_DEPTH:
        return [snake_case(item, depth + 1) for item in value]
    return value

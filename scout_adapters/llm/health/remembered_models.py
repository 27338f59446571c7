"""A bound on what is remembered by model: callers may name any number of models."""

from __future__ import annotations

from typing import TypeVar

MAX_REMEMBERED = 1024
"""Number of models per key or account whose health is remembered; the newest ones."""

K = TypeVar("K")
V = TypeVar("V")


def remember(by_name: dict[K, V], name: K, value: V) -> None:
    """Set a value; drop the oldest one beyond `MAX_REMEMBERED`."""
    by_name[name] = value
    if len(by_name) > MAX_REMEMBERED:
        by_name.pop(next(iter(by_name)), None)

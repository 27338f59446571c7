"""Placeholder keys, for clients that need a key while a cassette or the emulator answers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from scout_adapters.llm.providers.card_summaries import CARD_SUMMARIES
from scout_adapters.llm.types.variable_names import prefixes

PLACEHOLDER = "placeholder-of-a-cassette"
"""The value of the variables: no provider accepts it."""

_CLOUDS = {
    "AWS_ACCESS_KEY_ID": PLACEHOLDER,
    "AWS_SECRET_ACCESS_KEY": PLACEHOLDER,
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@cache
def _variables() -> Mapping[str, str]:
    names = (
        f"{prefix}_API_KEY"
        for card in CARD_SUMMARIES.values()
        for prefix in prefixes(card.name, card.variables)
    )
    return {**dict.fromkeys(names, PLACEHOLDER), **_CLOUDS}


@contextmanager
def placeholder_keys() -> Iterator[None]:
    """Set the variables of keys that are not set, and remove them at the end."""
    added = {name: value for name, value in _variables().items() if not os.environ.get(name)}
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is not None:
                os.environ[name] = value
            elif os.environ.get(name) == added[name]:
                del os.environ[name]

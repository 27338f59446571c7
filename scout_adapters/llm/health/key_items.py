"""The keys that a user passes, in all their forms: texts, references, functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import SecretStr

from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.health.key_source import KeySource, is_reference, key_source
from scout_adapters.llm.health.key_texts import clean_keys

KeyItem = str | SecretStr | KeySource | Callable[[], Any]
"""A key, a reference such as `file:/run/secrets/groq`, or a function that returns a key."""

Origin = str | KeySource
"""A key itself, or its source."""


def read_keys(items: Iterable[KeyItem], *, source: str) -> tuple[Origin, ...]:
    """Return keys and sources of keys, without empty and repeated ones, in their order.

    `source` names their place in errors. Nothing is read from a file, variable or function.

    Raises:
        InvalidKey: a text cannot be a key; see `clean_keys`.
        ConfigurationError: an item is neither a text nor a function.
    """
    origins: dict[Origin, None] = {}
    for item in items:
        if isinstance(item, str | SecretStr):
            origins.update(dict.fromkeys(origins_of(clean_keys((item,), source=source))))
        elif isinstance(item, KeySource):
            origins[item] = None
        elif callable(item):
            origins[key_source(item)] = None
        else:
            raise ConfigurationError(
                f"a key from {source} is a {type(item).__name__}: pass a string, a reference "
                '("file:/path", "env:NAME") or a function that returns the key'
            )
    return tuple(origins)


def origins_of(keys: Iterable[str]) -> tuple[Origin, ...]:
    """Return keys with the sources of references among them."""
    return tuple(key_source(key) if is_reference(key) else key for key in keys)

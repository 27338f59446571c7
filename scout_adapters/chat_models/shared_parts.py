"""What deep copies of a model share with it: objects that hold sockets, locks or counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SHARED = (
    *("api_key", "api_keys", "auth", "cache", "clock", "proxies", "rate_limiter", "state_store"),
    *("strategy", "transport", "verify"),
)
"""Fields of a model, or of an entry of `models=[...]`, that may contain such objects."""


def share_parts(fields: Mapping[str, Any], memo: dict[int, Any] | None) -> dict[int, Any]:
    """Return the memo of a deep copy in which what cannot be copied stands for itself."""
    memo = {} if memo is None else memo
    memo.update((id(part), part) for part in _shared_parts(fields))
    return memo


def _shared_parts(fields: Mapping[str, Any]) -> Iterator[Any]:
    yield from (fields[name] for name in SHARED if fields.get(name) is not None)
    handlers = fields.get("callbacks") or ()
    yield from handlers if isinstance(handlers, list | tuple) else (handlers,)
    for entry in fields.get("models") or ():
        if isinstance(entry, Mapping):
            yield from _shared_parts(entry)

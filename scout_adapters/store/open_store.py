"""Stores by address: one for each address in a process, and that of `SCOUT_STORE`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters.errors import ConfigurationError
from scout_adapters.store.facts import StateStore

if TYPE_CHECKING:
    from scout_adapters.store.redis_store import RedisStore

VARIABLE = "SCOUT_STORE"
"""The environment variable with the address of the store of all models of a process."""

_by_address: dict[str, RedisStore] = {}
_lock = fork_safe_lock()


def open_state_store(store: str | StateStore) -> StateStore:
    """Return the store at an address, one for each address; a store is returned as it is.

    Raises: `ConfigurationError` for an address that cannot be used.
    """
    if not isinstance(store, str):
        return store
    address = resolve_address(store)
    existing = _by_address.get(address)
    return existing if existing is not None else _open(address)


def resolve_address(address: str) -> str:
    """Return an address, or the one that `env:NAME` or `file:/path` refers to.

    Raises: `ConfigurationError` for a reference to nothing.
    """
    address = address.strip()
    form, colon, place = address.partition(":")
    try:
        if form == "env" and colon:
            return os.environ[place].strip()
        if form == "file" and colon:
            return Path(place).read_text().strip()
    except (KeyError, OSError):
        raise ConfigurationError(f"the store's address is {address}, which is not there") from None
    return address


def _open(address: str) -> RedisStore:
    from scout_adapters.store.redis_store import RedisStore  # noqa: PLC0415  # rare
    from scout_adapters.store.redis_url import parse_redis_url  # noqa: PLC0415  # rare

    with _lock:
        existing = _by_address.get(address)
        if existing is None:
            existing = _by_address[address] = RedisStore(parse_redis_url(address))
        return existing


def file_of(store: object) -> str:
    """Return the path in an address of the form `sqlite:///path`; empty for any other store.

    Such a file has the counts of `limits=`; health is not shared through it.
    """
    if not isinstance(store, str) or not (address := resolve_address(store)).startswith("sqlite:"):
        return ""
    return address.removeprefix("sqlite:").removeprefix("//")


def store_of_environment() -> str:
    """Return the address in `SCOUT_STORE`; empty if there is none."""
    return os.environ.get(VARIABLE, "").strip()


def close_stores() -> None:
    """Close the stores of this process, and forget them."""
    with _lock:
        stores = list(_by_address.values())
        _by_address.clear()
    for store in stores:
        store.close()

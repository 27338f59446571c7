"""The keys that a user passes, in all their forms: texts, references, functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from scout_adapters.errors import ConfigurationError, InvalidKey, NoKeyError
from scout_adapters.llm.health.key_places import PlacedKey
from scout_adapters.llm.health.key_texts import clean_keys, is_reference
from scout_adapters.llm.option_names import check_address

if TYPE_CHECKING:
    from scout_adapters.llm.health.key_source import KeySource

    KeyItem = str | SecretStr | KeySource | Callable[[], Any] | PlacedKey | Mapping[str, Any]
    """A key, a reference such as `file:/run/secrets/groq`, a function that returns a key, or one of
    these with an address: `{"api_key": ..., "base_url": ...}`, `{"region": "eu-west-1"}`."""

    Origin = str | KeySource
    """A key itself, or its source."""


def read_keys(items: Iterable[KeyItem], *, source: str) -> tuple[Origin | PlacedKey, ...]:
    """Return keys and sources of keys, without empty and repeated ones, in their order.

    `source` names in errors where the items come from, such as `api_keys`. Files, variables and
    functions that items refer to are not read yet.

    Raises:
        InvalidKey: a text cannot be a key; see `clean_keys`.
        ConfigurationError: an item is neither a text nor a function.
    """
    origins: dict[Origin | PlacedKey, None] = {}
    try:
        for item in items:
            origins.update(dict.fromkeys(_origins(item, source)))
    except (InvalidKey, ConfigurationError):
        origins.clear()  # crash reports show the local variables of frames
        raise
    return tuple(origins)


def passed_keys(items: Iterable[KeyItem] | None, *, source: str) -> tuple[Origin | PlacedKey, ...]:
    """Return the keys that a user passed; empty if `items` is None.

    Raises:
        NoKeyError: the user passed keys, but all are empty. The keys in the environment may be
            another person's, so they do not take their place.
    """
    keys = () if items is None else read_keys(items, source=source)
    if items is not None and not keys:
        raise NoKeyError(
            f"{source} is empty: pass a key, or leave {source} out to use the environment's keys"
        )
    return keys


def _origins(item: KeyItem, source: str) -> Iterable[Origin | PlacedKey]:
    """Return the keys or the key source of one item."""
    if isinstance(item, str | SecretStr):
        return origins_of(clean_keys((item,), source=source))
    if isinstance(item, PlacedKey):
        return (item,)
    if isinstance(item, Mapping):
        return _placed_keys(item, source)
    from scout_adapters.llm.health.key_source import KeySource, key_source  # noqa: PLC0415  # 0.1 MB

    if isinstance(item, KeySource):
        return (item,)
    if callable(item):
        return (key_source(item),)
    raise ConfigurationError(
        f"a key from {source} is a {type(item).__name__}: pass a string, a reference "
        '("file:/path", "env:NAME") or a function that returns the key'
    )


def _placed_keys(item: Mapping[str, Any], source: str) -> Iterator[PlacedKey]:
    """Yield the keys of an address: `api_key`, `base_url`, and values of placeholders."""
    key, base_url = _wrapped(item), item.get("base_url")
    check_address(base_url, source)
    values = {name: item[name] for name in item if name not in {"api_key", "base_url"}}
    for name, value in values.items():
        if not isinstance(value, str) or not value:
            raise ConfigurationError(
                f"a key from {source} has a {name} of type {type(value).__name__}: pass a string"
            )
    if base_url is None and not values:
        raise ConfigurationError(
            f'a dict among {source} needs an address beside its "api_key": a "base_url", or what '
            'the provider\'s address has a place for, such as "region"'
        )
    items = key if isinstance(key, list | tuple) else (key,)
    origins: tuple[Any, ...] = (None,) if key is None else read_keys(items, source=source)
    for origin in origins:
        yield PlacedKey(origin, base_url, tuple(values.items()))


def _wrapped(item: Mapping[str, Any]) -> Any:
    """Return `api_key` of an item, or None; a text as `SecretStr`: crash reports show variables."""
    is_text = isinstance(item.get("api_key"), str)
    return SecretStr(item["api_key"]) if is_text else item.get("api_key")


def origins_of(keys: Iterable[str]) -> tuple[Origin, ...]:
    """Return the keys, with a `KeySource` in the place of each reference."""
    return tuple(map(origin_of, keys))


def origin_of(key: str) -> Origin:
    """Return the key, or the `KeySource` of a reference."""
    if not is_reference(key):
        return key
    from scout_adapters.llm.health.key_source import key_source  # noqa: PLC0415  # as above

    return key_source(key)

"""Secrets among options, wrapped at once: crash reports show the local variables of frames."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from scout_adapters.llm.option_names import PREFIXED_ENDINGS, SECRET, standard_name

HIDDEN = frozenset({"base_url", "default_headers", "proxies"})
"""Options that may contain a secret, besides those that `SECRET` matches."""


BODY_FIELDS = frozenset({"model_kwargs", "extra_body"})
"""Options with fields of the body."""

HOLD_SECRETS = ("api_key", "api_keys", "auth", "cert", "default_headers", "proxies", "state_store")
"""Fields of a model, or of an entry of `models=[...]`, that hold keys."""

ADDRESSES = ("api_base", "api_endpoint", "api_url", "base_url", "organization")
"""Ends of the names of options that are hidden, but must not contain a key."""


class HiddenDict(dict[str, Any]):
    """A dict whose `repr` shows nothing of what it contains."""

    def __repr__(self) -> str:
        return f"<{len(self)} hidden>"


@lru_cache(maxsize=2048)
def _may_be_secret(name: str) -> bool:
    """Return whether an option of this name may contain a secret."""
    is_key = SECRET.fullmatch(name) is not None or name.endswith((*PREFIXED_ENDINGS, "_token"))
    return is_key or standard_name(name) in HIDDEN


def hide_secrets(options: dict[str, Any]) -> None:
    """Wrap the keys, headers and proxies in a dict of options, in place; the values stay usable."""
    for name, value in options.items():
        if _may_be_secret(name):
            options[name] = _hidden(value)
        elif name == "models" and isinstance(value, list | tuple):
            options[name] = [_hidden_entry(entry) for entry in value]
        elif name in BODY_FIELDS and isinstance(value, Mapping):
            options[name] = {field: _hidden_field(field, inner) for field, inner in value.items()}


def _hidden_field(name: Any, value: Any) -> Any:
    """Return a field of a body, wrapped if it may be a secret: it is refused, if not documented."""
    if not isinstance(name, str) or not (SECRET.fullmatch(name) or name in HIDDEN):
        return value
    if isinstance(value, Mapping):
        return HiddenDict(value)
    return SecretStr(value) if isinstance(value, str) else value


def _hidden_entry(entry: Any) -> Any:
    if type(entry) is not dict:
        return entry
    hidden = {**entry}
    hide_secrets(hidden)
    return hidden


def file_reference(path: os.PathLike[str]) -> str:
    """Return the reference to a file with a key, as `api_key=` takes it: `file:/path`."""
    return f"file:{Path(path).absolute()}"


def _hidden(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        value = file_reference(value)
    if isinstance(value, str):
        return SecretStr(value)
    if isinstance(value, Mapping):
        return HiddenDict({name: _source_of(item) for name, item in value.items()})
    if not isinstance(value, list | tuple):
        return _source_of(value)
    return [SecretStr(item) if isinstance(item, str) else _hidden(item) for item in value]


def _source_of(value: Any) -> Any:
    """Return a key source for a cloud package's credential object; other values unchanged."""
    if value is None or isinstance(value, str | SecretStr) or callable(value):
        return value
    from scout_adapters.llm.auth.credential_objects import source_of_credential

    return source_of_credential(value) or value


def shown(value: Any) -> Any:
    """Return the value inside a `SecretStr`; other values unchanged."""
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def without_secrets(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the options with secrets set to None, and the names of these options.

    References to a file or a variable are kept: they are read where the options are used.
    """
    secrets = [
        name for name in HOLD_SECRETS if options.get(name) and not _only_refers(name, options[name])
    ]
    return {name: None if name in secrets else value for name, value in options.items()}, secrets


def without_given_secrets(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the same for options as a caller has named them, such as `groq_api_key`."""
    given = {name: _field_of(name) for name, value in options.items() if value}
    secrets = [n for n, field in given.items() if field and not _only_refers(field, options[n])]
    return {name: value for name, value in options.items() if name not in secrets}, secrets


def _field_of(name: str) -> str:
    """Return the field that an option with a key belongs to; "" for an option without one."""
    if name.endswith(("api_key", "api_keys")):
        return "api_keys"
    standard = standard_name(name)
    is_secret = _may_be_secret(name) and not standard.endswith(ADDRESSES)
    return standard if is_secret or standard in HOLD_SECRETS else ""


def _only_refers(name: str, value: Any) -> bool:
    """Return whether a value consists of references, or has a place for a password but none."""
    from scout_adapters.llm.health.key_texts import is_reference
    from scout_adapters.llm.transport.network_options import CERT_AND_KEY

    value = shown(value)
    if name == "cert":
        return isinstance(value, str | os.PathLike) or len(value) <= len(CERT_AND_KEY)
    if name == "state_store":
        return isinstance(value, str) and "@" not in value
    if name not in {"api_key", "api_keys"}:
        return False
    if isinstance(value, str):
        return all(is_reference(part.strip()) for part in value.split(","))
    if isinstance(value, Mapping):
        return _only_refers("api_key", value.get("api_key"))
    return isinstance(value, list | tuple) and all(_only_refers(name, item) for item in value)

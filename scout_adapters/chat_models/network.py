"""The transport of a chat model, from its `transport=` or its network options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from scout_adapters.chat_models.hidden_secrets import shown
from scout_adapters.errors import ConfigurationError

if TYPE_CHECKING:
    from scout_adapters.llm.transport.http_transport import Transport

_transports: WeakValueDictionary[Any, Transport] = WeakValueDictionary()
"""Transports by network options: models with equal options share connections."""


def build_transport(transport: Any, options: Mapping[str, Any]) -> Transport | None:
    """Return the transport of a model; None for the shared one.

    Raises: `ConfigurationError` for a `transport` together with network options.
    """
    from scout_adapters.llm.transport.http_transport import Transport, as_transport

    if not options:
        return as_transport(transport)
    if transport is not None:
        names = ", ".join(f"{name}=" for name in options)
        raise ConfigurationError(f"pass {names} to the Transport(...) in transport= instead")
    values = {name: shown(value) for name, value in options.items()}
    identity = frozenset((name, _hashable(value)) for name, value in values.items())
    existing = _transports.get(identity)
    if existing is None:
        existing = _transports.setdefault(identity, Transport(**values))
    return existing


def _hashable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(value.items())
    return tuple(value) if isinstance(value, list) else value

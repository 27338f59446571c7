"""Keys with addresses of their own: accounts, resources and regions that serve one model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from scout_adapters.llm.health.circuit_breaker import CircuitBreaker
from scout_adapters.llm.health.key_state import KeyState, health_lock
from scout_adapters.llm.health.remembered_models import remember

if TYPE_CHECKING:
    from scout_adapters.llm.health.key_source import KeySource

REST_SECONDS = 5.0
"""Seconds for which an address that failed is not used for a model; a server may state others."""

MAX_LABEL = 60
"""Characters of an address in the id of a key."""


@dataclass(frozen=True)
class PlacedKey:
    """A key or its source, with the address at which it is used."""

    origin: str | KeySource | None = field(repr=False)
    """None: the keys in the environment."""

    base_url: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    """Values of the placeholders in the provider's address, such as a region."""

    @property
    def label(self) -> str:
        """The part of a key's id that differs between addresses: the values, or the host."""
        host = urlsplit(self.base_url).netloc.rpartition("@")[2] if self.base_url else ""
        return ",".join((*(value for _, value in self.values), *([host] if host else ())))[
            :MAX_LABEL
        ]


class KeyPlace(NamedTuple):
    """The address of a key, and the address's circuit, which keys there share."""

    address: str
    circuit: CircuitBreaker


Places = Mapping[KeyState, KeyPlace]
"""By key; empty for a pool whose keys are all for the endpoint's own address."""


def has_open_place(keys: Iterable[object]) -> bool:
    """Return whether an address among `keys` has no key, so that it uses the environment's keys."""
    return any(isinstance(key, PlacedKey) and key.origin is None for key in keys)


def closed_to_calls(places: Places, now: float) -> frozenset[str]:
    """Return the ids of the keys at addresses whose circuit is open."""
    closed = (state for state, place in places.items() if not place.circuit.is_available(now))
    return frozenset(state.id for state in closed)


def rest_address(
    places: Places, address: str, model: str, until: float, key_id: str | None = None
) -> list[str]:
    """Start a cooldown of an address for a model; return the ids of its keys.

    `until` is the end in monotonic seconds. With `key_id`, only this key is in cooldown.
    """
    states = [
        state
        for state, place in places.items()
        if place.address == address and key_id in {None, state.id}
    ]
    with health_lock:
        for state in states:
            earlier = state.model_cooldowns.get(model, 0.0)
            remember(state.model_cooldowns, model, max(earlier, until))
    return [state.id for state in states]

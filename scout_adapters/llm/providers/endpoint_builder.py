"""Create the endpoint of a provider client: address, keys, circuit and adapter."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING

from scout_adapters._internal.logs import logger_of
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.adapters.adapter import Adapter
from scout_adapters.llm.adapters.http_adapter import HttpAdapter
from scout_adapters.llm.engine.candidate import Endpoint
from scout_adapters.llm.health.circuit_breaker import CircuitBreaker, circuit
from scout_adapters.llm.health.key_places import KeyPlace, PlacedKey
from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import CooldownRules, KeyState
from scout_adapters.llm.health.shared_states import shared_state
from scout_adapters.llm.providers.urls import (
    addressed_wire,
    filled_address,
    join_url,
    missing_value,
    takes_cache_key,
)
from scout_adapters.llm.types import Auth, ProviderSpec, Wire

if TYPE_CHECKING:
    from scout_adapters.llm.adapters.function_adapter import ProviderCall
    from scout_adapters.llm.health.key_items import Origin
    from scout_adapters.llm.transport.http_transport import Transport

logger = logger_of(__name__)


class EndpointBuilder:
    """Base class of `ProviderClient`: its settings, and the endpoints created from them."""

    name: str
    spec: ProviderSpec
    function: ProviderCall | None
    rules: CooldownRules
    max_key_attempts: int | None
    _auth: Auth | None
    _base_url: str | None
    _headers: dict[str, str]
    _placeholders: dict[str, str]
    _transport: Transport | None

    @property
    def key_variables(self) -> tuple[str, ...]:
        """The environment variables that may contain keys."""
        raise NotImplementedError

    @property
    def base_url(self) -> str:
        """The base URL: the one from code, else the environment's, else the card's.

        A placeholder without a value, such as `{account}`, stays in it.
        """
        return filled_address(self._base_url, self.spec, self._placeholders)

    def _open(
        self, base_url: str, keys: Sequence[Origin | PlacedKey], own: Sequence[Origin], missing: str
    ) -> Endpoint:
        """Return a new endpoint with `keys`; addresses without a key use `own`, the environment's.

        `missing`: what to set if the base URL is not complete, else "".
        """
        # An address from the environment counts as the provider's own; one from code does not.
        own_address = self._base_url in (None, self.spec.base_url) and not self._placeholders
        usual = KeyPlace(base_url, circuit(self.name, "" if own_address else base_url))
        places = self._places(keys, own, usual)
        logger.info("Registered %s provider with %d keys", self.name, len(places))
        shared, address, items = usual.circuit, base_url, (*keys, *own)
        if is_placed := any(isinstance(key, PlacedKey) for key in keys):
            # Each address has a circuit of its own; that of the whole is never open.
            shared = CircuitBreaker(self.name)
            address = next((place.address for place in places.values()), base_url)
        by_key = places if is_placed else {}
        return Endpoint(
            spec=self.spec,
            pool=KeyPool(self.name, list(places), self.rules, base_url, by_key, items),
            circuit=shared,
            adapter=self._adapter(address, missing, is_placed=is_placed),
            key_variables=self.key_variables,
            missing=missing,
            keyless=self.spec.keyless,
            max_key_attempts=self.max_key_attempts,
            names_conversations=not by_key and takes_cache_key(self.spec, base_url, self._headers),
        )

    def _places(
        self, keys: Sequence[Origin | PlacedKey], own: Sequence[Origin], usual: KeyPlace
    ) -> dict[KeyState, KeyPlace]:
        """Return address and circuit by key; `usual` is the one of keys without an own address."""
        places: dict[KeyState, KeyPlace] = {}
        for key in keys:
            if not isinstance(key, PlacedKey):
                places[shared_state(self.name, usual.address, key)] = usual
                continue
            address = self._place(key)
            usual_keys = own or ([""] if self.spec.keyless else [])
            for origin in usual_keys if key.origin is None else (key.origin,):
                state = shared_state(self.name, address, origin, key.label)
                places[state] = KeyPlace(address, circuit(self.name, address))
        return places

    def _place(self, key: PlacedKey) -> str:
        """Return the base URL of a key with its own address.

        Raises: `ConfigurationError` for an unknown placeholder, or one without a value.
        """
        values = dict(key.values)
        if unknown := sorted(values.keys() - self.spec.placeholders.keys()):
            names = ", ".join(("api_key", "base_url", *self.spec.placeholders))
            raise ConfigurationError(
                f"api_keys=: a key of {self.name} has no {unknown[0]}; it may have {names}"
            )
        values = {**self._placeholders, **values}
        address = filled_address(key.base_url or self._base_url, self.spec, values)
        if missing := missing_value(address, self.spec):
            raise ConfigurationError(f"{self.name}: {missing}")
        return address

    def _adapter(self, base_url: str, missing: str, *, is_placed: bool) -> Adapter:
        if self.function is not None:
            from scout_adapters.llm.adapters.function_adapter import FunctionAdapter  # noqa: PLC0415  # rare

            return FunctionAdapter(self.name, self.function)
        transport = self._transport
        return HttpAdapter(
            self.spec,
            _no_url if missing else lru_cache(maxsize=256)(partial(_url, base_url, self.spec)),
            (lambda: transport) if transport else network,
            self._headers,
            base_url,
            addressed_wire(base_url, self.spec) if self.spec.second else None,
            auth=self._auth,
            url_at=lru_cache(maxsize=256)(partial(_url_at, self.spec)) if is_placed else None,
        )


@cache
def network() -> Transport:
    """Return the shared transport; HTTP libraries are imported here, not with this module."""
    from scout_adapters.llm.transport.http_transport import shared_transport  # noqa: PLC0415  # loads on first use

    return shared_transport()


def _url(base_url: str, spec: ProviderSpec, wire: Wire, model: str, stream: bool) -> str:
    other = spec.second_card if wire is not spec.wire else None
    return join_url(base_url, other or spec, model, stream=stream)


def _url_at(spec: ProviderSpec, wire: Wire, model: str, stream: bool, base_url: str) -> str:
    return _url(base_url, spec, wire, model, stream)


def _no_url(_wire: Wire, _model: str, _stream: bool) -> str:
    """Return "" for a provider without its whole address, which has no keys and sends nothing."""
    return ""

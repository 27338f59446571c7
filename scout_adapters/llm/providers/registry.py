"""The registry of providers, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, overload
from weakref import WeakSet

from scout_adapters._internal.logs import logger_of
from scout_adapters.errors import ConfigurationError, UnknownProvider
from scout_adapters.llm.providers.card_summary import CardSummary
from scout_adapters.llm.providers.client import ProviderClient
from scout_adapters.llm.providers.other_names import OTHER_NAMES
from scout_adapters.llm.types import Auth, ProviderSpec

if TYPE_CHECKING:
    from scout_adapters.llm.health.key_items import KeyItem
    from scout_adapters.llm.transport.http_transport import Transport

logger = logger_of(__name__)

Clients = dict[Any, ProviderClient]

MAX_SPECIAL = 1024
"""Number of clients with their own keys or address that the registry remembers."""


class Registrations(NamedTuple):
    """The cards and clients that users registered, without the library's own."""

    specs: Mapping[str, ProviderSpec]
    clients: Mapping[str, ProviderClient]


class ProviderRegistry:
    """Providers by name; the client of a card is created on first use and reads the environment."""

    def __init__(self, *specs: ProviderSpec) -> None:
        self._specs: dict[str, ProviderSpec] = {}
        self._clients: dict[str, ProviderClient] = {}
        self._registered: dict[str, ProviderClient] = {}
        self._forget_special()
        self._summaries: dict[str, CardSummary] = {
            spec.name: CardSummary.of(spec) for spec in specs
        }
        self._shipped: dict[str, ProviderSpec] = {spec.name: spec for spec in specs}
        self._load: Callable[[str], ProviderSpec] = self._shipped.__getitem__

    def add_lazily(
        self, summaries: Mapping[str, CardSummary], load: Callable[[str], ProviderSpec]
    ) -> None:
        """Add the cards that come with the library; `load` returns one on its first use."""
        self._summaries.update(summaries)
        self._load = load

    @overload
    def register(self, name: ProviderSpec) -> None: ...

    @overload
    def register(self, name: str, client: ProviderClient) -> None: ...

    def register(self, name: str | ProviderSpec, client: ProviderClient | None = None) -> None:
        """Add or replace a provider: `register(spec)` or `register(name, client)`."""
        if isinstance(name, ProviderSpec):
            self._specs[name.name] = name
            self._clients.pop(name.name, None)
            self._registered.pop(name.name, None)
            self._forget_special()
            logger.info("Registered %s provider", name.name)
            return
        if client is None:
            raise ConfigurationError(f"register({name!r}, …) needs a ProviderClient")
        self._clients[name] = self._registered[name] = client
        logger.info("Registered %s provider with %d keys", name, len(client.keys))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.list_providers())} providers>"

    def registrations(self) -> Registrations:
        """Return the cards and clients that users registered, for `restore`."""
        return Registrations(dict(self._specs), dict(self._registered))

    def restore(self, registrations: Registrations | None = None) -> None:
        """Replace all registrations of users by these; None removes them.

        All other clients are forgotten, and keys are read from the environment again.
        """
        for client in (*self._clients.values(), *self._all_special):
            client.reset()
        state = registrations or Registrations({}, {})
        self._specs, self._registered = dict(state.specs), dict(state.clients)
        self._clients = dict(state.clients)
        self._forget_special()

    def get(self, name: str) -> ProviderClient:
        """Return a provider's client.

        Raises:
            UnknownProvider: No provider has this name; the message lists those that exist.
        """
        if client := self._clients.get(name):
            return client
        return self._clients.setdefault(name, ProviderClient(spec=self.spec(name)))

    def client(  # noqa: PLR0913  # what a client can have of its own
        self,
        name: str,
        *,
        api_keys: Sequence[KeyItem] = (),
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        transport: Transport | None = None,
        auth: Auth | None = None,
        placeholders: Mapping[str, str] | None = None,
        deployments: Mapping[str, str] | None = None,
    ) -> ProviderClient:
        """Return the client of a provider with these settings; the same one for equal arguments.

        Without settings, it is the client that `get` returns. Raises: `UnknownProvider`.
        """
        mappings = (headers, placeholders, deployments)
        if not any((api_keys, base_url, transport, auth, *mappings)):
            return self.get(name)
        pairs = (tuple((values or {}).items()) for values in mappings)
        key = (name, tuple(api_keys), base_url, *pairs, id(auth))
        group, own = self._special_group, self._special
        clients = own if transport is None else transport.clients.setdefault(group, {})
        if (client := clients.pop(key, None)) is None:
            variant = partial(self.get(name).variant, placeholders=placeholders, auth=auth)
            variant = partial(variant, headers=headers, transport=transport, base_url=base_url)
            client = variant(api_keys=api_keys, deployments=deployments)
            self._all_special.add(client)
        return _remember(clients, key, client)

    def clients(self) -> list[ProviderClient]:
        """Return all clients that exist already, in any settings; creates none."""
        return list(dict.fromkeys((*self._clients.values(), *self._all_special)))

    def _forget_special(self) -> None:
        self._special: dict[tuple[object, ...], ProviderClient] = {}
        self._special_group = object()
        self._all_special: WeakSet[ProviderClient] = WeakSet()

    def spec(self, name: str) -> ProviderSpec:
        """Return a provider's card; raises `UnknownProvider`, which lists the registered ones."""
        if spec := self._specs.get(name) or self._shipped.get(name):
            return spec
        if name in self._summaries:
            return self._shipped.setdefault(name, self._load(name))
        if client := self._clients.get(name):
            return client.spec
        known = ", ".join(self.list_providers())
        raise UnknownProvider(f"no provider is registered as {name!r}; known are {known}")

    def find_for_model(self, model: str) -> str | None:
        """Return the provider of a bare model name, by the cards' prefixes; None if unknown."""
        names = (card.name for card in self.summaries() if model.startswith(card.models))
        return next(names, None)

    def find_by_name(self, name: str) -> str | None:
        """Return a provider's own name for its name here, in LangChain or in LiteLLM; or None."""
        if name in self:
            return name
        plain = name.replace("-", "_").lower()
        own = (card.name for card in self.summaries() if plain in {card.name, card.maker})
        return next(own, None) or self.find_alias(plain)

    def find_alias(self, name: str) -> str | None:
        """Return the provider's own name for its name in LiteLLM or LangChain; None if unknown."""
        other = OTHER_NAMES.get(name)
        return other if other in self else None

    def summaries(self) -> Iterator[CardSummary]:
        """Yield a short summary of each card, without loading the cards of the library."""
        for name, summary in self._summaries.items():
            spec = self._specs.get(name)
            yield CardSummary.of(spec) if spec else summary
        for name, spec in self._specs.items():
            if name not in self._summaries:
                yield CardSummary.of(spec)

    def for_model(self, model: str) -> str:
        """Return the provider of a bare model name, by the cards' prefixes.

        Raises:
            UnknownProvider: No card has a prefix of this name.
        """
        if name := self.find_for_model(model):
            return name
        if model in self:
            example = self.spec(model).default_model or "some-model"
            raise UnknownProvider(
                f"{model!r} is a provider: write provider/model, such as {model}/{example}"
            )
        raise UnknownProvider(
            f"no provider has a model {model!r}; write provider/model with one of "
            + ", ".join(self.list_providers())
        )

    def available(self, name: str) -> bool:
        """Return whether a provider is registered, has a working key and a closed circuit."""
        return name in self and self.get(name).available

    def list_providers(self) -> list[str]:
        """Return the names of all providers."""
        return list(dict.fromkeys((*self._summaries, *self._specs, *self._clients)))

    def specs(self) -> list[ProviderSpec]:
        """Return all cards; reads those that are not in use yet."""
        return [self.spec(name) for name in dict.fromkeys((*self._summaries, *self._specs))]

    def __contains__(self, name: object) -> bool:
        return name in self._summaries or name in self._specs or name in self._clients


def _remember(clients: Clients, key: Any, client: ProviderClient) -> ProviderClient:
    """Return the client for `key`, stored as the latest; drop the oldest beyond `MAX_SPECIAL`."""
    client = clients.setdefault(key, client)
    while len(clients) > MAX_SPECIAL:
        clients.pop(next(iter(clients)), None)
    return client

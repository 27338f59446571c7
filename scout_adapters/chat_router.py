"""One chat model over many: it asks its candidates until one answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from pydantic import Field, PrivateAttr, SecretStr
from typing_extensions import override

from scout_adapters.chat_base import ScoutChatModel
from scout_adapters.chat_models import Held, ScoutProviderChatModel, as_transport
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.endpoint import Candidate
from scout_adapters.llm.keys import clean_keys
from scout_adapters.llm.providers import registry
from scout_adapters.llm.route import Route, Strategy, StrategyName, strategy_named
from scout_adapters.llm.router import split_model
from scout_adapters.options import ALIASES, PATIENCE, check_body_field, check_spelling

ENTRY_SECRETS = ("api_key", "api_keys", "default_headers", "transport")
ENTRY_OPTIONS = ("temperature", "top_p", "max_tokens", "stop", "reasoning_effort")
ENTRY_KNOWN = frozenset({"model", "base_url", "weight", "extra", *ENTRY_OPTIONS, *ENTRY_SECRETS})


class ScoutRouterChatModel(ScoutChatModel):
    """Asks `models` in the order that `strategy` gives, past dead keys and dead providers.

    A model is `"provider/model"`, a dict (`{"model": "groq/…", "api_keys": […], "base_url": …,
    "temperature": …, "weight": 2}`), or a Scout chat model. Keys that are not given come from the
    environment on first use.
    """

    models: list[Any] = Field(exclude=True, repr=False)
    strategy: StrategyName | Strategy = "priority"
    api_key: SecretStr | None = Field(default=None, exclude=True)
    """A key for the entries without one of their own, which must then be of one provider."""

    _held: Held = PrivateAttr(default_factory=Held)

    if TYPE_CHECKING:
        # What editors and type checkers offer.
        def __init__(  # noqa: PLR0913  # one for each field
            self,
            *,
            models: Sequence[str | Mapping[str, Any] | BaseChatModel],
            strategy: StrategyName | Strategy = "priority",
            api_key: str | SecretStr | None = None,
            temperature: float | None = None,
            top_p: float | None = None,
            max_tokens: int | None = None,
            stop: list[str] | str | None = None,
            reasoning_effort: str | None = None,
            streaming: bool = False,
            timeout: Any = None,
            max_retries: int = 2,
            max_wait: float = 30.0,
            deadline: float | None = None,
            failover_on_refusal: bool = False,
            model_kwargs: Mapping[str, Any] | None = None,
            **options: Any,
        ) -> None: ...
    else:

        def __init__(self, **options: Any) -> None:
            """Take `models`, checked before pydantic sees them: its errors quote their input."""
            if "models" in options:
                options["models"] = _checked(options["models"])
            super().__init__(**options)

    @property
    def candidates(self) -> list[str]:
        """The candidates, each as `provider/model`."""
        return [_name(entry) for entry in self.models]

    def __repr__(self) -> str:
        return f"ScoutRouterChatModel(models={self.candidates!r}, strategy={self.strategy!r})"

    @property
    @override
    def _llm_type(self) -> str:
        return "scout-router-chat"

    @property
    @override
    def _ls_provider(self) -> str:
        return "scout"

    @override
    def _default_model(self) -> str:
        return self.candidates[0]

    @override
    def _takes_schemas(self) -> bool:
        asked = (split_model(name) for name in self.candidates)
        return all(registry.spec(provider).takes_schema(model) for provider, model in asked)

    @property
    @override
    def _identifying_params(self) -> dict[str, Any]:
        strategy = self.strategy if isinstance(self.strategy, str) else repr(self.strategy)
        entries = [_public(entry) for entry in self.models]
        return {**super()._identifying_params, "models": entries, "strategy": strategy}

    @override
    def _route(self, model: str | None = None) -> Route:
        route = self._held.route_of(
            (self.models, self.strategy, self.api_key, self.clock, self._settings()),
            self._make_route,
        )
        return route if model is None else self._narrowed(route, model)

    @override
    def _request_settings(self) -> dict[str, Any]:
        return {}  # what an entry says wins over the router: both are settings of the candidate

    def _make_route(self) -> Route:
        usual = _fields(self._settings())
        return Route(
            candidates=tuple(_candidate(entry, usual) for entry in self._keyed_models()),
            strategy=self._order(),
            clock=self.clock,
        )

    def _keyed_models(self) -> list[Any]:
        """Give the router's own key to the entries without one."""
        if self.api_key is None:
            return self.models
        bare = [entry for entry in self.models if _is_bare(entry)]
        providers = {split_model(_name(entry))[0] for entry in bare}
        if len(providers) > 1:
            raise ConfigurationError(
                f"api_key= cannot be the key of {', '.join(sorted(providers))} at once: "
                "give each entry its own"
            )
        return [
            _with_key(entry, self.api_key) if _is_bare(entry) else entry for entry in self.models
        ]

    def _order(self) -> Strategy:
        return (
            strategy_named(self.strategy, self.clock)
            if isinstance(self.strategy, str)
            else self.strategy
        )

    def _narrowed(self, route: Route, model: str) -> Route:
        """Keep the candidates that a call asks for by name, or go to the one it names."""
        kept = tuple(c for c in route.candidates if model in (str(c), c.model))
        if not kept:
            kept = (_candidate(model, _fields(self._settings())),)
        return Route(candidates=kept, strategy=route.strategy, clock=route.clock)


def _checked(models: Any) -> list[Any]:
    """Return the entries, each one known to be a model; the error says what to write instead."""
    if isinstance(models, str) or not isinstance(models, Sequence) or not models:
        raise ConfigurationError("models= is a list of at least one model")
    return [_checked_entry(entry) for entry in models]


def _checked_entry(entry: Any) -> Any:
    entry = _canonical(entry) if isinstance(entry, dict) else entry
    name = _name(entry)
    if isinstance(entry, str | dict):
        split_model(name)  # raises, listing the known providers
    return entry


def _canonical(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Bring an entry's options to their own names, its keys behind a mask."""
    owner = f"the entry {entry.get('model', entry.get('model_name'))!r}"
    made: dict[str, Any] = {}
    for given, value in entry.items():
        name = ALIASES.get(given, given)
        if name in ("api_key", "api_keys"):
            made["api_keys"] = [SecretStr(key) for key in _listed(value)]
        elif name in ENTRY_KNOWN:
            made[name] = value
        elif name in PATIENCE:
            raise ConfigurationError(f"{given}= belongs to the router, not to one of its models")
        else:
            check_body_field(given, owner)
            check_spelling(given, ENTRY_KNOWN, owner)
            made[given] = value
    return made


def _listed(keys: Any) -> list[str]:
    """Return keys as plain text: of a string with commas, a `SecretStr`, or a list of either."""
    if isinstance(keys, SecretStr):
        return _listed(keys.get_secret_value())
    if isinstance(keys, str):
        return keys.split(",")
    return [one for key in keys or () for one in _listed(key)]


def _is_bare(entry: Any) -> bool:
    return isinstance(entry, str) or (isinstance(entry, dict) and not entry.get("api_keys"))


def _with_key(entry: Any, key: SecretStr) -> dict[str, Any]:
    return {**({"model": entry} if isinstance(entry, str) else entry), "api_keys": [key]}


def _name(entry: Any) -> str:
    match entry:
        case str():
            return entry
        case {"model": str(name)}:
            return name
        case ScoutProviderChatModel():
            return f"{entry.provider}/{entry._default_model()}"  # noqa: SLF001  # its own kind
    raise ConfigurationError(
        f'a {type(entry).__name__} is no model of a route: write "provider/model", a dict with '
        '"model", or a Scout chat model'
    )


def _public(entry: Any) -> Any:
    """Say what tells one entry from another, without its keys: caches are keyed by this."""
    match entry:
        case dict():
            return {name: value for name, value in entry.items() if name not in ENTRY_SECRETS}
        case ScoutProviderChatModel():
            return entry._identifying_params  # noqa: SLF001  # its own kind
        case _:
            return entry


def _candidate(entry: Any, usual: Mapping[str, Any]) -> Candidate:
    """Make an entry's candidate; where it leaves an option open, the router's own is usual."""
    if isinstance(entry, ScoutProviderChatModel):
        (only,) = entry._route().candidates  # noqa: SLF001  # its own kind
        return Candidate(
            endpoint=only.endpoint,
            model=only.model,
            settings=_over(usual, _fields(entry._settings())),  # noqa: SLF001  # as above
        )
    given: Mapping[str, Any] = {"model": entry} if isinstance(entry, str) else entry
    provider, model = split_model(given["model"])
    client = registry.client(
        provider,
        api_keys=clean_keys(_listed(given.get("api_keys")), source="api_keys="),
        base_url=given.get("base_url"),
        headers=given.get("default_headers"),
        transport=as_transport(given.get("transport")),
    )
    return Candidate(
        endpoint=client.endpoint,
        model=model,
        settings=_over(usual, _fields(given)),
        weight=float(given.get("weight", 1.0)),
    )


def _fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """Sort an entry's options into fields of a request and further fields of its body."""
    fields = {name: options[name] for name in ENTRY_OPTIONS if options.get(name) is not None}
    if isinstance(fields.get("stop"), str):
        fields["stop"] = (fields["stop"],)
    extra = {name: value for name, value in options.items() if name not in ENTRY_KNOWN}
    extra |= options.get("extra") or {}
    return fields | ({"extra": extra} if extra else {})


def _over(usual: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    extra = {**usual.get("extra", {}), **own.get("extra", {})}
    return {**usual, **own, **({"extra": extra} if extra else {})}

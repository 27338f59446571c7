"""What the chat models of single providers share: a model, its keys, and a route of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from langchain_core.language_models import ModelProfile
from pydantic import AliasChoices, Field, PrivateAttr, SecretStr, field_validator
from typing_extensions import override

from scout_adapters._internal.redaction import address_shape
from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.chat_models.entry_settings import own_limits
from scout_adapters.chat_models.hidden_secrets import HiddenDict
from scout_adapters.chat_models.limit_options import own_rules
from scout_adapters.chat_models.network import build_transport
from scout_adapters.chat_models.option_rules import OptionRules
from scout_adapters.chat_models.route_cache import RouteCache
from scout_adapters.chat_models.store_option import limit_store_of, share_health
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.option_names import NETWORK_OPTIONS, check_address
from scout_adapters.llm.profiles.lookup import model_profile, takes_schema

if TYPE_CHECKING:
    from scout_adapters.llm.limits.usage_limits import Limits
    from scout_adapters.llm.providers.client import ProviderClient
    from scout_adapters.llm.router.route import Route
    from scout_adapters.llm.types import Auth, ProviderSpec
    from scout_adapters.store import StateStore

    KeyOption = str | SecretStr | Callable[[], Any]
    PoolOption = KeyOption | Mapping[str, Any]

_ROUTE_FIELDS = attrgetter(
    *(
        "model",
        "api_key",
        "base_url",
        "default_headers",
        "auth",
        "transport",
        "clock",
        "placeholders",
        "base_model",
        "state_store",
        "limits",
    ),
    *NETWORK_OPTIONS,
)
"""Returns the values of the fields that a route is built from, besides `api_keys`."""


class ScoutProviderChatModel(ScoutChatModel):
    """A chat model of one provider, with one key or many.

    Base class of the fourteen provider classes:

        model = ScoutGroqChatModel(model="llama-3.3-70b-versatile", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys come from `api_key=` or `api_keys=`. Without these they are read on the first call from
    `{PROVIDER}_API_KEYS` (comma-separated) or `{PROVIDER}_API_KEY`.

    A call raises `NoKeyError` if there is no key, `ConfigurationError` if there is no model name,
    and else a `ScoutError` when every attempt has failed. See `ChatOptions` for retries, timeouts
    and options of requests.
    """

    provider: ClassVar[str]

    model: str = Field(default="", validation_alias=AliasChoices("model", "model_name"))
    """The model's name; empty means the provider's default."""

    api_key: SecretStr | Callable[[], Any] | None = Field(default=None, exclude=True)
    """A key to use instead of those in the environment; several are separated by commas. Or where
    it comes from: `"file:/path"`, `"env:NAME"`, or a function, sync or async, that returns the key,
    or a token with its expiry."""

    api_keys: list[SecretStr | Callable[[], Any] | HiddenDict] | None = Field(
        default=None, exclude=True
    )
    """Keys to use instead of those in the environment, each in a form of `api_key`, or with an
    address of its own: `{"api_key": ..., "base_url": ...}`, `{"api_key": ..., "region": ...}`. A
    key's health is shared by all models."""

    base_url: str | None = Field(
        default=None, validation_alias=AliasChoices("base_url", "api_base", "endpoint")
    )
    """The API's root, with or without version, or the full endpoint."""

    placeholders: dict[str, str] | None = None
    """Values of the placeholders in the provider's address, such as `{"account": "…"}`; each is an
    option of its own, too: `account="…"`."""

    base_model: str | None = None
    """The model behind a name of your own, such as a deployment: prices, limits and abilities are
    those of `base_model`. None: it follows from the name, or from the answer."""

    default_headers: dict[str, str] | None = Field(default=None, exclude=True, repr=False)
    """Headers for every request; never part of logs, traces or pickles."""

    auth: Any = Field(default=None, exclude=True, repr=False)
    """How a key becomes headers: an `Auth`, such as `HeaderAuth("api-key")` or a signer."""

    transport: Any = Field(default=None, exclude=True, repr=False)
    """A `Transport`, or an httpx transport to use instead of the network."""

    limits: Any = Field(default=None, exclude=True, repr=False)
    """What may be sent: `Limits(rpm=..., tpm=..., concurrency=...)` or a dict of them; for each key
    by default. None is no limit."""

    _routes: RouteCache = PrivateAttr(default_factory=RouteCache)

    if TYPE_CHECKING:
        # For editors and type checkers: pydantic accepts more types than the fields declare.
        def __init__(  # noqa: PLR0913  # one for each field
            self,
            *,
            model: str = "",
            api_key: KeyOption | None = None,
            api_keys: PoolOption | Sequence[PoolOption] | None = None,
            base_url: str | None = None,
            placeholders: Mapping[str, str] | None = None,
            base_model: str | None = None,
            default_headers: Mapping[str, str] | None = None,
            auth: Auth | None = None,
            transport: Any = None,
            limits: Limits | Mapping[str, Any] | None = None,
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
            key_affinity: Literal["auto", "off"] = "auto",
            prompt_cache: Literal["auto", "off"] | None = None,
            model_kwargs: Mapping[str, Any] | None = None,
            scout_metadata: Literal["full", "summary", "none"] = "full",
            verify: Any = None,
            cert: Any = None,
            proxies: str | Mapping[str, str] | None = None,
            trust_env: bool | None = None,
            state_store: str | StateStore | None = None,
            **options: Any,
        ) -> None: ...

    def __init_subclass__(cls, *, init: bool = False, **settings: Any) -> None:
        """Accept `init=False`, which type checkers read (PEP 681)."""
        super().__init_subclass__(**settings)

    @classmethod
    @override
    def _option_rules(cls, options: dict[str, Any]) -> OptionRules:
        if options.get("limits") is not None:
            options["limits"] = own_limits(options)
        return OptionRules.of(cls._card())

    @classmethod
    def _card(cls) -> ProviderSpec:
        from scout_adapters.llm.providers import registry

        return registry.spec(cls.provider)

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split_keys(cls, keys: Any) -> Any:
        single = isinstance(keys, str | SecretStr | Mapping) or callable(keys)
        return [keys] if single else keys

    @property
    @override
    def _llm_type(self) -> str:
        # LangChain's middleware keeps `cache_control` only for this type.
        return "anthropic-chat" if self.provider == "anthropic" else f"scout-{self.provider}-chat"

    @property
    def spec(self) -> ProviderSpec:
        """The provider's card: addresses, defaults and quirks, as data."""
        card, name = self._card(), self.base_model
        return card if name is None else card.of_deployment(self.model or card.default_model, name)

    @property
    @override
    def _ls_provider(self) -> str:
        return self.spec.maker

    @override
    def _default_model(self) -> str:
        return self.model or self.spec.default_model

    @override
    def _takes_schemas(self, *, is_open: bool = False) -> bool:
        return takes_schema(self.spec, self._default_model(), is_open=is_open)

    @override
    def _resolve_model_profile(self) -> ModelProfile | None:
        return model_profile(self.spec, self._default_model())

    @override
    def _settings(self) -> dict[str, Any]:
        settings = super()._settings()
        other = self._card().second
        if self.output_version == "responses/v1" and other is not None and not other.by_model:
            # As in ChatOpenAI: only the Responses API has content of this form.
            settings["extra"] = {"use_responses_api": True, **settings.get("extra", {})}
        return settings

    @property
    @override
    def _identifying_params(self) -> dict[str, Any]:
        base_url = {"base_url": address_shape(self.base_url)} if self.base_url else {}
        own = {"placeholders": self.placeholders, "base_model": self.base_model}
        named = {name: value for name, value in own.items() if value}
        return {**super()._identifying_params, **base_url, **named}

    @property
    def client(self) -> ProviderClient:
        """The provider with this model's keys; `.client.keys` lists them with their health.

        Raises: `NoKeyError` for an unpickled copy whose original had keys of its own.
        """
        from scout_adapters.llm.health.key_items import passed_keys
        from scout_adapters.llm.providers import registry

        self._check_secrets()
        check_address(self.base_url, type(self).__name__)
        transport = build_transport(self.transport, self._network_options())
        secrets = [*(self.api_keys or ()), *(() if self.api_key is None else (self.api_key,))]
        is_passed = bool(secrets) or self.api_keys is not None
        return registry.client(
            self.provider,
            api_keys=passed_keys(secrets if is_passed else None, source="api_key="),
            base_url=self.base_url,
            headers=self.default_headers,
            transport=transport,
            auth=self.auth,
            placeholders=self.placeholders,
            deployments={self._default_model(): self.base_model} if self.base_model else None,
        )

    @override
    def _route(self, model: str | None = None) -> Route:
        if model is not None:
            return self._build_route(model)
        parts = (*_ROUTE_FIELDS(self), *(self.api_keys or ()))
        return RouteCache.of(self).route_of(parts, self._build_route)

    def _build_route(self, model: str | None = None) -> Route:
        from scout_adapters.llm.engine.candidate import Candidate
        from scout_adapters.llm.providers.urls import check_model
        from scout_adapters.llm.router.route import Route

        model = model or self._default_model()
        if not model:
            raise ConfigurationError(f"{type(self).__name__} needs model=")
        candidate = Candidate(
            endpoint=self.client.current_endpoint(),
            model=check_model(model, self.provider),
            limits=own_rules(self.limits, self.provider, model),
        )
        share_health((candidate,), self.state_store)
        store = limit_store_of(self.state_store, (candidate,))
        return Route(candidates=(candidate,), clock=self.clock, limit_store=store)

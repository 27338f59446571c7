"""What the faces of single providers share: a model, its keys, and the route of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from langchain_core.language_models import ModelProfile
from pydantic import AliasChoices, Field, PrivateAttr, SecretStr, field_validator
from typing_extensions import override

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.profiles.lookup import profile_on, takes_schema

if TYPE_CHECKING:
    from scout_adapters.llm.providers.client import ProviderClient
    from scout_adapters.llm.router.route import Route
    from scout_adapters.llm.transport.http_transport import Transport
    from scout_adapters.llm.types import ProviderSpec


class RouteCache:
    """Holds a route, and what it was made of: copies and changed models make their own.

    A route belongs to its process (keys, connections); pickles go without it.
    """

    def __init__(self) -> None:
        # One value, so that threads never see one model's route beside another's parts: shallow
        # copies of a model share this.
        self._held: tuple[tuple[Any, ...], Route, bool] | None = None

    def __deepcopy__(self, memo: Any) -> RouteCache:
        return RouteCache()

    def route_of(self, parts: tuple[Any, ...], make: Callable[[], Route]) -> Route:
        """Return the route made of these parts; the environment is read until there are keys."""
        held = self._held
        if held is None or held[0] != parts or not held[2]:
            route = make()
            held = self._held = parts, route, route.has_keys
        return held[1]

    def __reduce__(self) -> tuple[type[RouteCache], tuple[()]]:
        return RouteCache, ()


class ScoutProviderChatModel(ScoutChatModel):
    """A chat model over one provider, with one key or many.

    Keys come from `api_key=` or `api_keys=`, or else, on first use, from the environment:
    `{PROVIDER}_API_KEYS` (comma-separated) or `{PROVIDER}_API_KEY`.
    """

    provider: ClassVar[str]

    model: str = Field(default="", validation_alias=AliasChoices("model", "model_name"))
    """The model's name; empty means the provider's default."""

    api_key: SecretStr | None = Field(default=None, exclude=True)
    api_keys: list[SecretStr] | None = Field(default=None, exclude=True)
    """Keys to use instead of those in the environment; health is shared by all who use a key."""

    base_url: str | None = Field(
        default=None, validation_alias=AliasChoices("base_url", "api_base", "endpoint")
    )
    """The API's root, with or without version, or the full endpoint."""

    default_headers: dict[str, str] | None = Field(default=None, exclude=True, repr=False)
    """Headers for every request; never shown."""

    transport: Any = Field(default=None, exclude=True, repr=False)
    """A `Transport`, or an httpx transport to put in the place of the network."""

    _routes: RouteCache = PrivateAttr(default_factory=RouteCache)

    if TYPE_CHECKING:
        # What editors and type checkers offer: pydantic takes more than the fields' types say.
        def __init__(  # noqa: PLR0913  # one for each field
            self,
            *,
            model: str = "",
            api_key: str | SecretStr | None = None,
            api_keys: str | Sequence[str | SecretStr] | None = None,
            base_url: str | None = None,
            default_headers: Mapping[str, str] | None = None,
            transport: Any = None,
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

    def __init_subclass__(cls, *, init: bool = False, **settings: Any) -> None:
        """Take `init=False`, which PEP 681 gives to type checkers."""
        super().__init_subclass__(**settings)

    @classmethod
    @override
    def _key_names(cls) -> tuple[str, ...]:
        from scout_adapters.llm.providers import registry

        card = registry.spec(cls.provider)
        return tuple(f"{name.lower()}_api_key" for name in (cls.provider, *card.variables))

    @field_validator("api_keys", mode="before")
    @classmethod
    def _one_or_many(cls, keys: Any) -> Any:
        return keys.split(",") if isinstance(keys, str) else keys

    @property
    @override
    def _llm_type(self) -> str:
        # LangChain's middleware keeps `cache_control` for this word, and drops it for any other.
        return "anthropic-chat" if self.provider == "anthropic" else f"scout-{self.provider}-chat"

    @property
    def spec(self) -> ProviderSpec:
        """The provider's card."""
        from scout_adapters.llm.providers import registry

        return registry.spec(self.provider)

    @property
    @override
    def _ls_provider(self) -> str:
        return self.spec.maker

    @override
    def _default_model(self) -> str:
        return self.model or self.spec.default_model

    @override
    def _takes_schemas(self) -> bool:
        return takes_schema(self.spec, self._default_model())

    @override
    def _resolve_model_profile(self) -> ModelProfile | None:
        return profile_on(self.spec, self._default_model())

    @property
    @override
    def _identifying_params(self) -> dict[str, Any]:
        address = {"base_url": self.base_url} if self.base_url else {}
        return {**super()._identifying_params, **address}

    @property
    def client(self) -> ProviderClient:
        """The provider with this model's keys; see their health in `.client.keys`."""
        from scout_adapters.llm.health.key_state import clean_keys
        from scout_adapters.llm.providers import registry

        self._check_whole()
        given = [*(self.api_keys or ()), *([self.api_key] if self.api_key else [])]
        listed = (one for key in given for one in key.get_secret_value().split(","))
        return registry.client(
            self.provider,
            api_keys=clean_keys(listed, source="api_key="),
            base_url=self.base_url,
            headers=self.default_headers,
            transport=as_transport(self.transport),
        )

    @override
    def _route(self, model: str | None = None) -> Route:
        if model is not None:
            return self._make_route(model)
        keys = (self.api_key, *(self.api_keys or ()))
        parts = (self.model, keys, self.base_url, self.default_headers, self.transport, self.clock)
        return self._routes.route_of(parts, self._make_route)

    def _make_route(self, model: str | None = None) -> Route:
        from scout_adapters.llm.engine.candidate import Candidate
        from scout_adapters.llm.providers.urls import check_model
        from scout_adapters.llm.router.route import Route

        model = model or self._default_model()
        if not model:
            raise ConfigurationError(f"{type(self).__name__} needs model=")
        candidate = Candidate(
            endpoint=self.client.endpoint, model=check_model(model, self.provider)
        )
        return Route(candidates=(candidate,), clock=self.clock)


_transports: dict[int, tuple[Any, Transport]] = {}


def as_transport(given: Any) -> Transport | None:
    """Wrap an httpx transport, the same one only once: clients are found again by it."""
    from scout_adapters.llm.transport.http_transport import Transport

    if given is None:
        return None
    if isinstance(given, Transport):
        return given
    return _transports.setdefault(id(given), (given, Transport(given)))[1]

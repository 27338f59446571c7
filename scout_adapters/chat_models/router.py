"""One chat model over many: it asks its candidates until one answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel, ModelProfile
from pydantic import Field, PrivateAttr, SecretStr
from typing_extensions import override

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.chat_models.options import without_secrets
from scout_adapters.chat_models.provider_base import RouteCache
from scout_adapters.chat_models.router_entries import (
    build_candidate,
    check_entries,
    fields_in,
    identity_of,
    is_bare,
    name_of,
    profile_in,
    rename_entry,
    with_key,
)
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.option_names import StrategyName
from scout_adapters.llm.profiles.lookup import common_profile, takes_schema

if TYPE_CHECKING:
    from scout_adapters.llm.router.route import Route
    from scout_adapters.llm.router.strategies import Strategy


class ScoutRouterChatModel(ScoutChatModel):
    """Asks `models` in the order that `strategy` gives, past dead keys and dead providers.

    Its `profile` is what all of them can do.

    A model is `"provider/model"`, a dict (`{"model": "groq/…", "api_keys": […], "base_url": …,
    "temperature": …, "weight": 2}`), or a Scout chat model. Keys that are not given come from the
    environment on first use.
    """

    models: list[Any] = Field(exclude=True, repr=False)
    strategy: StrategyName | Callable[..., Any] = "priority"
    """A name, or a `Strategy`: a function that puts candidates in order."""

    api_key: SecretStr | None = Field(default=None, exclude=True)
    """A key for the entries without one of their own, which must then be of one provider."""

    _routes: RouteCache = PrivateAttr(default_factory=RouteCache)

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
                options["models"] = check_entries(options["models"])
            super().__init__(**options)

    @property
    def candidates(self) -> list[str]:
        """The candidates, each as `provider/model`."""
        return [name_of(entry) for entry in self.models]

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
        return name_of(self.models[0])

    @override
    def _takes_schemas(self) -> bool:
        from scout_adapters.llm.providers import registry
        from scout_adapters.llm.router.functions import split_model

        asked = (split_model(name) for name in self.candidates)
        return all(takes_schema(registry.spec(provider), model) for provider, model in asked)

    @override
    def _resolve_model_profile(self) -> ModelProfile | None:
        return common_profile([profile_in(entry) for entry in self.models])

    @property
    @override
    def _identifying_params(self) -> dict[str, Any]:
        strategy = self.strategy if isinstance(self.strategy, str) else repr(self.strategy)
        entries = [identity_of(entry) for entry in self.models]
        return {**super()._identifying_params, "models": entries, "strategy": strategy}

    @override
    def _route(self, model: str | None = None) -> Route:
        route = self._routes.route_of(
            (self.models, self.strategy, self.api_key, self.clock, self._settings()),
            self._make_route,
        )
        return route if model is None else self._narrowed(route, model)

    @override
    def _request_settings(self) -> dict[str, Any]:
        return {}  # what an entry says wins over the router: both are settings of the candidate

    @override
    def _portable(self, fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        kept, left = super()._portable(fields)
        models: list[Any] = []
        for entry in self.models:  # models among them see to themselves
            portable, lost = without_secrets(entry) if isinstance(entry, dict) else (entry, [])
            models.append(portable)
            left += [f"{name} of {name_of(entry)}" for name in lost]
        return {**kept, "models": models}, left

    def _make_route(self) -> Route:
        from scout_adapters.llm.router.route import Route

        self._check_whole()
        usual = fields_in(self._settings())
        return Route(
            candidates=tuple(build_candidate(entry, usual) for entry in self._keyed_models()),
            strategy=self._order(),
            clock=self.clock,
        )

    def _keyed_models(self) -> list[Any]:
        """Give the router's own key to the entries without one."""
        from scout_adapters.llm.router.functions import split_model

        if self.api_key is None:
            return self.models
        bare = [entry for entry in self.models if is_bare(entry)]
        providers = {split_model(name_of(entry))[0] for entry in bare}
        if len(providers) > 1:
            raise ConfigurationError(
                f"api_key= cannot be the key of {', '.join(sorted(providers))} at once: "
                "give each entry its own"
            )
        return [with_key(entry, self.api_key) if is_bare(entry) else entry for entry in self.models]

    def _order(self) -> Strategy:
        from scout_adapters.llm.router.strategies import strategy_by_name

        return (
            strategy_by_name(self.strategy, self.clock)
            if isinstance(self.strategy, str)
            else self.strategy
        )

    def _narrowed(self, route: Route, model: str) -> Route:
        """Keep the candidates that a call asks for by name, or go to the one it names."""
        from scout_adapters.llm.router.route import Route

        kept = tuple(c for c in route.candidates if model in (str(c), c.model))
        if not kept:
            entry = rename_entry(self._keyed_models(), model)
            kept = (build_candidate(entry, fields_in(self._settings())),)
        return Route(candidates=kept, strategy=route.strategy, clock=route.clock)

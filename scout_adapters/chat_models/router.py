"""The router: one chat model over many, which tries its candidates until one answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.language_models import BaseChatModel, ModelProfile
from pydantic import Field, PrivateAttr, SecretStr
from typing_extensions import override

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.chat_models.entry_settings import request_settings
from scout_adapters.chat_models.file_routing import FileRouting
from scout_adapters.chat_models.limit_options import (
    check_named_limits,
    tag_rules,
    with_limits,
)
from scout_adapters.chat_models.option_rules import OptionRules
from scout_adapters.chat_models.route_cache import RouteCache
from scout_adapters.chat_models.router_entries import (
    build_candidate,
    check_entries,
    entry_for,
    has_own_key,
    identity_of,
    name_of,
    only_documented,
    portable_form,
    profile_of_entry,
    split_name,
    takes_schema_as_entry,
    with_key,
)
from scout_adapters.chat_models.store_option import limit_store_of, share_health
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.option_names import StrategyName, union
from scout_adapters.llm.profiles.lookup import common_profile

if TYPE_CHECKING:
    from scout_adapters.chat_models.loaded_routes import LoadedRoutes
    from scout_adapters.llm.limits.usage_limits import Limits
    from scout_adapters.llm.router.route import Route
    from scout_adapters.llm.router.strategies import AnyStrategy
    from scout_adapters.store import StateStore


class ScoutRouterChatModel(FileRouting, ScoutChatModel):
    """A chat model over several models: rotates keys, and goes on to the next model on failure.

        model = ScoutRouterChatModel(models=["groq/llama-3.3-70b-versatile", "openai/gpt-6-luna"])
        print(model.invoke("Hello").text)

    An entry of `models` is `"provider/model"`, a dict or a chat model: one of this package, or one
    of any LangChain package, such as `ChatBedrockConverse(...)`, also by name as
    `"langchain:provider:model"`. A dict has `model` and any of `api_keys`, `base_url`,
    `default_headers`, `transport`, `timeout`, `weight` (for the strategy "weighted"; default 1),
    `order` (entries of a lower number come first, whatever the strategy; default 1), `profile`,
    `rate_limiter`, `limits` and options of requests such as `temperature`. Keys that are not passed
    are read from the environment on the first call.

    `strategy` orders the candidates: "priority" (the order of `models`, the default), "cheapest",
    "fastest", "least_busy", "weighted", "cache", or a function; see `scout_adapters.strategies`.
    Options of an entry win over those of the router, and options of a call over both.
    `profile` is what all entries have in common.

    Raises: `ConfigurationError` for an entry or option that cannot be used, `UnknownProvider` for a
    provider that is not registered. A call raises `NoKeyError` if no candidate has a key,
    `CircuitOpenError` if every candidate is unavailable, and else a `ScoutError` of the last
    attempt; its `attempts` lists all of them.
    """

    models: list[Any] = Field(exclude=True, repr=False)
    """The candidates: `"provider/model"`, dicts, or Scout chat models; at least one."""

    strategy: StrategyName | Callable[..., Any] = "priority"
    """A strategy's name, or a function of candidates and request that orders the candidates; with a
    third parameter it also receives a `CallContext`."""

    api_key: SecretStr | Callable[[], Any] | None = Field(default=None, exclude=True)
    """A key for the entries without one of their own, which must be of the same provider."""

    limits: Any = Field(default=None, exclude=True, repr=False)
    """What may be sent, by provider, model and tag: `{"groq": {"rpm": 30, "tpm": 6000},
    "tag:batch": {"concurrency": 2}}`; see `Limits`. None is no limit."""

    _routes: RouteCache = PrivateAttr(default_factory=RouteCache)
    _loaded: LoadedRoutes | None = PrivateAttr(default=None)

    if TYPE_CHECKING:
        # For editors and type checkers.
        def __init__(  # noqa: PLR0913  # one for each field
            self,
            *,
            models: Sequence[str | Mapping[str, Any] | BaseChatModel],
            strategy: StrategyName | AnyStrategy = "priority",
            api_key: str | SecretStr | Callable[[], Any] | None = None,
            limits: Mapping[str, Limits | Mapping[str, Any]] | None = None,
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

    @classmethod
    @override
    def _option_rules(cls, options: dict[str, Any]) -> OptionRules:
        # Before pydantic validates: its errors would quote keys in the entries.
        if "models" not in options:
            return OptionRules()
        checked = check_entries(options["models"])
        options["models"] = [entry for entry, _ in checked]
        if options.get("limits") is not None:
            pairs = [(card.name, split_name(entry)[1]) for entry, card in checked]
            options["limits"] = check_named_limits(options["limits"], pairs)
        return OptionRules(documented=union(card.documented_fields for _, card in checked))

    @property
    def candidates(self) -> list[str]:
        """The candidates in the order of `models`, each as `"provider/model"`."""
        return [name_of(entry) for entry in self.models]

    def __repr__(self) -> str:
        if "models" not in self.__dict__:
            return "ScoutRouterChatModel()"  # in an error of the constructor
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
    def _takes_schemas(self, *, is_open: bool = False) -> bool:
        return all(takes_schema_as_entry(entry, is_open=is_open) for entry in self.models)

    @override
    def _resolve_model_profile(self) -> ModelProfile | None:
        return common_profile([profile_of_entry(entry) for entry in self.models])

    @property
    @override
    def _identifying_params(self) -> dict[str, Any]:
        strategy = self.strategy if isinstance(self.strategy, str) else repr(self.strategy)
        entries = [identity_of(entry) for entry in self.models]
        return {**super()._identifying_params, "models": entries, "strategy": strategy}

    @override
    def _route(self, model: str | None = None) -> Route:
        parts = (self.models, self.strategy, self.api_key, self.limits, *self._option_values())
        route = RouteCache.of(self).route_of(parts, self._build_route)
        return route if model is None else self._route_to(model, route)

    @override
    def _request_settings(self) -> dict[str, Any]:
        return {}  # an entry's options win over the router's, so both are settings of a candidate

    @override
    def _portable(self, fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        portable, removed = super()._portable(fields)
        models: list[Any] = []
        for entry in self.models:  # chat models among them remove their secrets themselves
            portable_entry, names = portable_form(entry)
            models.append(portable_entry)
            removed += names
        return {**portable, "models": models}, removed

    def _build_route(self) -> Route:
        from scout_adapters.llm.router.route import Route
        from scout_adapters.llm.router.strategies import check_strategy
        from scout_adapters.llm.router.strategy_names import strategy_by_name

        self._check_secrets()
        defaults, strategy = request_settings(self._settings()), self.strategy
        if isinstance(strategy, str):
            strategy = strategy_by_name(strategy, self.clock)
        network = self._network_options()
        candidates = only_documented(
            [build_candidate(entry, defaults, network) for entry in self._keyed_entries()], defaults
        )
        check_strategy(strategy, candidates)
        share_health(candidates, self.state_store)
        candidates, tags = with_limits(candidates, self.limits), tag_rules(self.limits)
        return Route(
            candidates=candidates,
            strategy=strategy,
            clock=self.clock,
            tag_limits=tags,
            limit_store=limit_store_of(self.state_store, candidates, tags),
        )

    def _route_to(self, model: str, route: Route) -> Route:
        """Return the route of a call with `model=`: the candidates of that name, or a new one."""
        candidates = tuple(c for c in route.candidates if model in (str(c), c.model))
        if not candidates:
            entry = entry_for(self._keyed_entries(), model)
            defaults = request_settings(self._settings())
            candidate = build_candidate(entry, defaults, self._network_options())
            candidates = with_limits((candidate,), self.limits)
            share_health(candidates, self.state_store)
        return replace(route, candidates=candidates)

    def _keyed_entries(self) -> list[Any]:
        """Return the entries; those without a key get the router's own, if it has one."""
        if self.api_key is None:
            return self.models
        providers = {split_name(entry)[0] for entry in self.models if not has_own_key(entry)}
        if len(providers) > 1:
            raise ConfigurationError(
                f"api_key= cannot be the key of {', '.join(sorted(providers))} at once: "
                "pass api_keys in each entry of models="
            )
        return [
            entry if has_own_key(entry) else with_key(entry, self.api_key) for entry in self.models
        ]

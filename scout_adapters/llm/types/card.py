"""A provider's card: its address, its variables, and how it deviates from its wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import SplitResult

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.types.authentication import Auth
from scout_adapters.llm.types.card_values import CHOICE, Dialect, KeyChain
from scout_adapters.llm.types.chat import ChatRequest
from scout_adapters.llm.types.embeddings_api import EmbeddingsApi
from scout_adapters.llm.types.prompt_caching import PromptCaching
from scout_adapters.llm.types.quota_headers import RateLimitHeaders
from scout_adapters.llm.types.variable_names import address_names, key_names, prefixes
from scout_adapters.llm.types.wire import AnyWire

if TYPE_CHECKING:  # importing it takes as long as all other imports of this module together
    from langchain_core.language_models.model_profile import ModelProfile


Wire: TypeAlias = AnyWire["ProviderSpec"]
"""How to talk to a family of APIs; wires inherit from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondWire:
    """Another API of a provider below the same address, and which requests go over it.

    A request goes over it if its model is listed here, if it needs what only this API has, if the
    user chose it with `use_responses_api=`, or if the provider refused the other API.
    """

    wire: Wire
    dialect: Dialect | None = None
    models: re.Pattern[str] | None = None
    """Models (matched from the start) that only this API has."""

    models_with_tools: re.Pattern[str] | None = None
    """Models (matched from the start) whose requests with tools go over this API."""

    by_model: bool = False
    """Whether a model has one of the two APIs only: neither the user nor a refusal chooses."""

    model_provider: str = ""
    """The `model_provider` of its messages; default: that of the card."""

    version: str | None = None
    """The version segment below the card's `base_url`, if not the card's."""

    rename: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    adjust: Callable[[Json], Json] | None = None
    prompt_caching: PromptCaching | None = None
    """How this API caches prompts, if it differs from the card."""

    def is_for(self, request: ChatRequest) -> bool:
        """Return whether a request goes over this API, unless the user or a refusal decides."""
        model, tools = request.model, self.models_with_tools
        return bool(
            (self.models and self.models.match(model))
            or (tools and request.tools and tools.match(model))
            or self.wire.is_needed_for(request)
        )


@dataclass(frozen=True, kw_only=True)
class ProviderSpec:
    """A provider's card: its address, its wire, and how it deviates from the wire.

    Example:
        spec = ProviderSpec(name="nebula", docs="", wire=WIRE, base_url="https://nebula.example/v1")
        registry.register(spec)
    """

    name: str
    docs: str
    """URL of the documentation of this API."""

    wire: Wire
    base_url: str
    version: str | None = None
    """The version segment below `base_url`, if not the wire's; an empty text for none."""

    variables: tuple[str, ...] = ()
    """Prefixes of the variables with keys (`…_API_KEYS`, `…_API_KEY`) and with the address
    (`…_API_URL`, `…_BASE_URL`, `…_API_BASE`); default: the name."""

    key_variables: tuple[str, ...] = ()
    """Whole names of further variables with keys, such as `HF_TOKEN`; read last, in this order."""

    key_chain: KeyChain | None = None
    """Where keys come from if no variable contains one: a cloud's own chain of credentials."""

    address_variables: tuple[str, ...] | None = None
    """Whole names of variables with the address, read after `…_API_URL`, instead of `…_BASE_URL`
    and `…_API_BASE`; None for these two."""

    placeholders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The placeholders in `base_url`, such as `account` for `{account}`, and the variables that
    contain their values, in order. Each placeholder is an option of the chat model."""

    placeholder_defaults: Mapping[str, str] = field(default_factory=dict)
    """Values of placeholders that neither an option nor a variable sets."""

    locate: Callable[[SplitResult, str, str], SplitResult] | None = None
    """Returns the parts of a call's URL from those of the address, the wire's endpoint and the
    model; None if the URL is the address, the version and the endpoint."""

    adapt_options: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    """Converts options of a partner package that mean something else there, before all checks."""

    default_model: str = ""
    models: tuple[str, ...] = ()
    """Prefixes of model names that belong to this provider if a call names no provider."""

    keyless: bool = False
    """Whether it answers requests without a key."""

    auth: Auth | None = None
    """How a key becomes headers, also over the second wire; None: the wire's `auth_headers`."""

    model_provider: str = ""
    """The `model_provider` of its messages, LangChain's name for it; default: the name."""

    prices: str = ""
    """The provider's name in genai-prices; default: the name."""

    deployments: Mapping[str, str] = field(default_factory=dict)
    """Names that the user gave to models, and the models behind them (`base_model=`): abilities,
    limits and prices are those of the model."""

    answers_name_model: bool = False
    """Whether requests name deployments, and answers the model behind: its prices apply."""

    plain_model: Callable[[str], str] | None = None
    """Returns the maker's own name of a model, where this provider has longer names."""

    profiles_of: tuple[str, ...] = ()
    """Providers whose published profiles apply to its models, in order; default: its own."""

    limits: tuple[RateLimitHeaders, ...] = ()
    """Its rate-limit headers: keys with nothing left are used last."""

    prompt_caching: PromptCaching | None = None
    """How it caches prompts for each account; None if it caches none, or for all accounts."""

    account: str = ""
    """The header with the account of a key: keys of one account share its limits."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of every request."""

    header_options: Mapping[str, str] = field(default_factory=dict)
    """Options of its chat model that become headers: an option's name to the header's."""

    body_fields: frozenset[str] = frozenset()
    """Body fields that it documents and its wire does not; others need `model_kwargs=`."""

    rename: Mapping[str, str] = field(default_factory=dict)
    """Body fields that have another name at this provider: the wire's name to its own."""

    drop: frozenset[str] = frozenset()
    """Body fields to leave out: the provider answers them with a 400."""

    adjust: Callable[[Json], Json] | None = None
    """Changes the body in ways that no other field can; runs last."""

    dialect: Dialect | None = None
    """How it deviates from its wire, such as a `ChatCompletionsDialect`; None for the defaults."""

    second: SecondWire | None = None
    """Another API of the provider, for requests that need it."""

    embeddings: EmbeddingsApi | Literal[False] | None = None
    """Its embeddings API; None for the usual one of its wire, False if it has none."""

    tool_call_id: Callable[[str], str] | None = None
    """Converts a tool-call id of another provider to a form that this provider accepts."""

    json_schema: bool | re.Pattern[str] | None = True
    """Whether `response_format` accepts a JSON schema, or for which models (matched from the
    start). Structured output uses tools for the others. None: it depends on the model; agents use
    its profile, and structured output uses tools by default."""

    schema_beside_tools: bool | re.Pattern[str] = True
    """Whether a request may have a JSON schema and tools, or for which models."""

    unlimited_reasoning: re.Pattern[str] | None = None
    """Models (matched from the start) whose reasoning tokens `max_tokens` does not limit."""

    systems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Systems of several models, such as Groq's Compound, and the models that they call and bill.
    `max_tokens` does not limit the sum of their tokens."""

    window_reads: int = 1
    """Times that an answer with provider tools may fill the context window: each round of tools
    counts its whole prompt again. 1 where the window limits the sum."""

    profiles: Mapping[str, ModelProfile] = field(default_factory=dict)
    """Profiles of its models by name; they take precedence over the published data."""

    quirks: tuple[str, ...] = ()
    """Further facts for its users, one sentence each; docs/providers.md shows them."""

    def __post_init__(self) -> None:
        """Raise `ConfigurationError` for a dialect of another wire."""
        if self.dialect is None:
            return
        expected = self.wire.dialect
        if expected is None or not isinstance(self.dialect, expected):
            takes = f"takes a {expected.__name__}" if expected else "has no dialects"
            raise ConfigurationError(
                f"{self.name}: dialect= is a {type(self.dialect).__name__}, "
                f"but the wire {self.wire.name} {takes}"
            )

    @cached_property
    def prefixes(self) -> tuple[str, ...]:
        """Return the prefixes of its variables."""
        return prefixes(self.name, self.variables)

    @cached_property
    def key_names(self) -> tuple[str, ...]:
        """Return the variables that may contain keys; each but a list may have a number added."""
        return key_names(self.prefixes, self.key_variables)

    @cached_property
    def address_names(self) -> tuple[str, ...]:
        """Return the variables that may contain the address, in order."""
        return address_names(self.prefixes, self.address_variables)

    @cached_property
    def documented_fields(self) -> frozenset[str] | None:
        """The body fields that may be options of its chat model; None if all may (a function's)."""
        if self.wire is None:  # a function takes all, another package's chat model its own
            return self.body_fields or None
        fields = self.wire.body_fields | self.body_fields
        if self.second is None:
            return fields
        choice = frozenset[str]() if self.second.by_model else frozenset({CHOICE})
        return fields | self.second.wire.body_fields | choice

    @cached_property
    def second_card(self) -> ProviderSpec | None:
        """The card as it is over the second wire; None if there is none."""
        if (other := self.second) is None:
            return None
        names = ("wire", "dialect", "rename", "drop", "adjust")
        fields = {name: getattr(other, name) for name in names}
        fields["version"] = self.version if other.version is None else other.version
        fields["prompt_caching"] = other.prompt_caching or self.prompt_caching
        maker = other.model_provider or self.model_provider
        return replace(self, second=None, model_provider=maker, **fields)

    def card_of(self, model: str) -> ProviderSpec:
        """Return the card with the wire that a model needs."""
        other = self.second
        if other is None or not other.by_model or other.models is None:
            return self
        second = other.models.match(self.known_model(model))
        return self.second_card or self if second else self

    def known_model(self, model: str) -> str:
        """Return the name of a model in rules and profiles."""
        if behind := self.deployments.get(model):
            return behind
        return model if self.plain_model is None else self.plain_model(model)

    def of_deployment(self, name: str, model: str) -> ProviderSpec:
        """Return the card with one more deployment: its name, and the model behind it."""
        return replace(self, deployments={**self.deployments, name: model})

    def takes_schema(self, model: str) -> bool:
        """Return whether a model accepts a JSON schema as `response_format`."""
        return _applies(self.json_schema, self.known_model(model))

    def takes_schema_beside_tools(self, model: str) -> bool:
        """Return whether a model accepts a JSON schema in a request with tools."""
        return _applies(self.schema_beside_tools, self.known_model(model))

    @property
    def maker(self) -> str:
        """The `model_provider` of its messages."""
        return self.model_provider or self.name


def _applies(rule: bool | re.Pattern[str] | None, model: str) -> bool:
    return rule.match(model) is not None if isinstance(rule, re.Pattern) else rule is True

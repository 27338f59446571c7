"""Entries of `models=[...]` that are chat models of other LangChain packages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel, ModelProfile
from langchain_core.runnables import Runnable, RunnableBinding

from scout_adapters._internal.redaction import address_shape
from scout_adapters.chat_models.entry_settings import (
    ENTRY_NAMES,
    ENTRY_PRIVATE,
    ENTRY_REFUSED,
    merge_settings,
    own_limits,
    own_order,
    own_timeouts,
    own_weight,
    request_settings,
)
from scout_adapters.chat_models.hidden_secrets import shown
from scout_adapters.chat_models.langchain_fields import option_names, plain_data, plain_fields
from scout_adapters.chat_models.langchain_names import is_langchain_name, model_by_name
from scout_adapters.chat_models.limit_options import own_rules
from scout_adapters.chat_models.option_rules import OptionRules
from scout_adapters.chat_models.options import standard_options
from scout_adapters.errors import ConfigurationError, NoKeyError
from scout_adapters.llm.option_names import SECRET, standard_name

if TYPE_CHECKING:
    from scout_adapters.llm.adapters.langchain_clients import ClientFacts
    from scout_adapters.llm.engine.candidate import Candidate, Endpoint
    from scout_adapters.llm.types import ProviderSpec

OF_THE_MODEL = frozenset({"base_url", "placeholders", *ENTRY_PRIVATE}) - {"rate_limiter", "limits"}
"""Keys of a dict entry that must be set on the chat model itself instead."""

OF_NAMED = ("api_key", "base_url")
"""Keys of a dict entry that are passed on when a chat model is created from its name."""

BOUND_REFUSED = frozenset({"tools", "tool_choice", "response_format", "functions"})
"""Bound arguments that belong to the router: every candidate needs them."""


class LangChainEntry:
    """A chat model of another package as an entry of a router, with the entry's options."""

    def __init__(
        self,
        model: BaseChatModel | None,
        options: Mapping[str, Any] | None = None,
        arguments: Mapping[str, Any] | None = None,
        source: str = "",
    ) -> None:
        """`options` have standard names; `arguments` are bound to every call.

        `source`: name that the model was created from, such as `langchain:openai:gpt-5.5-mini`.
        """
        self._model = model
        self.options = dict(options or {})
        self.arguments = dict(arguments or {})
        self.source = source
        self.name = "" if model is None else f"{self.card.name}/{self.model_name}"

    def __repr__(self) -> str:
        return f"LangChainEntry({self.name!r})"

    @property
    def model(self) -> BaseChatModel:
        """The user's chat model; an unpickled entry creates it again from its name."""
        if self._model is None:
            if not self.source:
                raise NoKeyError(
                    f"this model came without the chat model {self.name} of its original, because "
                    "secrets are not pickled: create the model where it is used"
                )
            self._model = model_by_name(self.source)
        return self._model

    def with_options(self, options: Mapping[str, Any]) -> LangChainEntry:
        """Return the entry with the options of a dict entry."""
        return LangChainEntry(self.model, options, self.arguments, self.source)

    @cached_property
    def facts(self) -> ClientFacts:
        """Facts about the model's class; the provider is that of a card with the same host."""
        from scout_adapters.llm.adapters.langchain_clients import address_of, facts_of
        from scout_adapters.llm.providers import registry

        facts = facts_of(self.model)
        host = urlsplit(address_of(self.model)).hostname
        named = (card.name for card in registry.summaries() if host and card.host == host)
        if (name := next(named, facts.provider)) == facts.provider:
            return facts
        known = registry.spec(name)
        if known.keyless:
            return facts
        return replace(facts, provider=known.name, prices=known.prices)

    @cached_property
    def model_name(self) -> str:
        """Name of the model that the chat model calls, as the provider has it."""
        from scout_adapters.llm.adapters.langchain_clients import model_name_of

        return model_name_of(self.model)

    @cached_property
    def card(self) -> ProviderSpec:
        """A provider card for the chat model, without a wire: its package sends the requests."""
        from scout_adapters.llm.types import ProviderSpec
        from scout_adapters.llm.wires.anthropic_messages.tool_call_ids import acceptable_id

        facts, wire, known = self.facts, cast("Any", None), self._known
        convert = known.tool_call_id if known is not None else None
        profile = self._full_profile
        return ProviderSpec(
            name=facts.provider,
            docs="",
            wire=wire,
            base_url="",
            keyless=True,
            model_provider=facts.maker,
            prices=facts.prices or (known.prices if known is not None else ""),
            json_schema=bool((profile or {}).get("structured_output")),
            profiles={self.model_name: profile} if profile else {},
            body_fields=option_names(self.model),
            tool_call_id=acceptable_id if facts.maker.startswith("bedrock") else convert,
            unlimited_reasoning=known.unlimited_reasoning if known is not None else None,
        )

    @cached_property
    def _known(self) -> ProviderSpec | None:
        """The registered card of the same provider; None if there is none."""
        from scout_adapters.llm.providers import registry

        return registry.spec(self.facts.provider) if self.facts.provider in registry else None

    @property
    def _full_profile(self) -> ModelProfile | None:
        return cast("ModelProfile | None", self.options.get("profile") or self.model.profile)

    @property
    def profile(self) -> ModelProfile | None:
        """The profile that the entry sets, or else that of the chat model.

        `structured_output` means a schema together with tools, as agents use it.
        """
        profile, known = self._full_profile, self._known
        if not profile or known is None or known.takes_schema_beside_tools(self.model_name):
            return profile
        return cast("ModelProfile", {**profile, "structured_output": False})

    @cached_property
    def identity(self) -> Any:
        """A value that differs between entries, without secrets; part of a cache key."""
        from scout_adapters.llm.adapters.langchain_clients import address_of

        model, address = self.model, address_of(self.model)
        kind = type(model)
        own = kind._identifying_params is not BaseChatModel._identifying_params  # noqa: SLF001  # a hook of core
        values = model._identifying_params if own else plain_fields(model)  # noqa: SLF001  # as above
        options = {n: v for n, v in self.options.items() if n not in ENTRY_PRIVATE}
        return {
            "class": f"{kind.__module__}.{kind.__qualname__}",
            "model": self.name,
            "address": address_shape(address) if address else "",
            "parameters": plain_data({n: v for n, v in values.items() if not SECRET.fullmatch(n)}),
            "options": plain_data({**self.arguments, **options}),
        }

    @cached_property
    def endpoint(self) -> Endpoint:
        """The endpoint; chat models of the same class, address and model share its circuit.

        A wait that the server states applies to all chat models with the same API keys.
        """
        from scout_adapters.llm.adapters.langchain_adapter import LangChainAdapter
        from scout_adapters.llm.adapters.langchain_clients import (
            account_of,
            place_of,
            without_retries,
        )
        from scout_adapters.llm.engine.candidate import Endpoint
        from scout_adapters.llm.health.circuit_breaker import circuit
        from scout_adapters.llm.health.key_pool import KeyPool
        from scout_adapters.llm.health.key_texts import fingerprint

        quiet, note = without_retries(self.model)
        place = " ".join((type(self.model).__name__, place_of(self.model), self.model_name))
        account = fingerprint(account_of(self.model))
        return Endpoint(
            spec=self.card,
            pool=KeyPool(self.card.name, (), address=f"{place} {account}"),
            circuit=circuit(self.card.name, place),
            adapter=LangChainAdapter(
                quiet, self.facts, self.card, self.arguments, (note,) if note else ()
            ),
            keyless=True,
        )

    def candidate(self, defaults: Mapping[str, Any]) -> Candidate:
        """Return the candidate; options set on the chat model itself win over `defaults`."""
        from scout_adapters.llm.engine.candidate import Candidate

        inherited = {n: v for n, v in defaults.items() if not _sets(self.model, n)}
        return Candidate(
            endpoint=self.endpoint,
            model=self.model_name,
            settings=merge_settings(inherited, request_settings(self.options)),
            weight=own_weight(self.options),
            order=own_order(self.options),
            timeouts=own_timeouts(self.options.get("timeout")),
            limiter=self.options.get("rate_limiter") or self.model.rate_limiter,
            limits=own_rules(own_limits(self.options), self.card.name, self.model_name),
        )

    def portable(self) -> tuple[LangChainEntry, list[str]]:
        """Return the entry for a pickle, and the names of secrets that the pickle lacks.

        A chat model that was created from its name is created again where the pickle is loaded.
        """
        from scout_adapters.llm.adapters.langchain_clients import secrets_of

        if not self.source and not secrets_of(self.model):
            return self, []
        other = LangChainEntry(None, self.options, self.arguments, self.source)
        other.name = self.name
        return other, [] if self.source else [f"chat model {self.name}"]

    def __deepcopy__(self, memo: Any) -> LangChainEntry:
        return self  # clients cannot be copied, and no entry changes

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for a pickle, without cached properties."""
        names = ("_model", "options", "arguments", "source", "name")
        return {name: self.__dict__[name] for name in names}


def langchain_entry(entry: Any) -> LangChainEntry | None:
    """Return `entry` as a `LangChainEntry` if it is another package's chat model; else None.

    Raises: `ConfigurationError` for a chat model or a binding that cannot be a candidate.
    """
    match entry:
        case LangChainEntry():
            return entry
        case str() if is_langchain_name(entry):
            return LangChainEntry(model_by_name(entry), source=entry)
        case {"model": str() | Runnable() | LangChainEntry()}:
            return _of_dict(entry)
        case RunnableBinding():
            return _of_binding(entry)
        case BaseChatModel():
            return _of_model(entry)
    return None


def _of_dict(entry: Mapping[str, Any]) -> LangChainEntry | None:
    """Return the entry of a dict with a chat model or its name; None for a name of our own."""
    named = entry["model"]
    if isinstance(named, str) and not is_langchain_name(named):
        return None
    options = {name: value for name, value in entry.items() if name != "model"}
    if isinstance(named, str):
        own = {name: options.pop(name) for name in OF_NAMED if name in options}
        if "base_url" in own:
            own["base_url"] = shown(own["base_url"])
        inner: LangChainEntry | None = LangChainEntry(
            model_by_name(named, own), source="" if own else named
        )
    else:
        inner = langchain_entry(named)
    return None if inner is None else inner.with_options(_checked(options, inner))


def _of_model(model: BaseChatModel) -> LangChainEntry | None:
    from scout_adapters.chat_models.base import ScoutChatModel
    from scout_adapters.chat_models.provider_base import ScoutProviderChatModel

    if isinstance(model, ScoutProviderChatModel):
        return None
    if isinstance(model, ScoutChatModel):
        raise ConfigurationError(
            f"a {type(model).__name__} cannot be a candidate of a router: "
            "list its models in the models= of this one"
        )
    return LangChainEntry(model)


def _of_binding(binding: RunnableBinding[Any, Any]) -> LangChainEntry:
    """Return the entry of a chat model with bound arguments.

    Raises: `ConfigurationError` for arguments that must be bound to the router instead.
    """
    inner = langchain_entry(binding.bound)
    refused = sorted(BOUND_REFUSED.intersection(binding.kwargs))
    if inner is None or refused or any(binding.config.values()) or binding.config_factories:
        what = "bound tools or schemas" if refused else "with_config() or retries"
        raise ConfigurationError(
            f"models= cannot contain a {type(binding.bound).__name__} with {what}: "
            "pass the chat model itself, and bind to the router"
        )
    return LangChainEntry(inner.model, inner.options, {**inner.arguments, **binding.kwargs})


def _checked(options: Mapping[str, Any], inner: LangChainEntry) -> dict[str, Any]:
    """Return the options of a dict entry under standard names.

    Raises: `ConfigurationError` for one that belongs to the chat model or to the router.
    """
    owner, name = f"the entry {inner.name!r}", type(inner.model).__name__
    own_weight(options)
    own_order(options)
    own_limits(options)
    for alias in options:
        if standard_name(alias) in ENTRY_REFUSED:
            raise ConfigurationError(f"{alias}= applies to a whole call: pass it to the router")
        if standard_name(alias) in OF_THE_MODEL:
            raise ConfigurationError(f"{owner} takes no {alias}=: pass it to {name}(...)")
    standard = standard_options(options, ENTRY_NAMES, OptionRules.of(inner.card), owner)
    return {n: v for n, v in standard.items() if n != "extra" or v}


def _sets(model: BaseChatModel, option: str) -> bool:
    """Return whether the user has set an option on the chat model itself."""
    from scout_adapters.llm.adapters.langchain_clients import field_named
    from scout_adapters.llm.adapters.langchain_request import OPTION_FIELDS

    name = field_named(model, *OPTION_FIELDS.get(option, (option,)))
    return name in model.model_fields_set if name else False

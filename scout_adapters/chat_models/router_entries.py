"""The entries of `models=[...]`: the forms that they may have, and the candidates they become."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from langchain_core.language_models import ModelProfile
from pydantic import SecretStr

from scout_adapters._internal.redaction import address_shape, mask_values
from scout_adapters.chat_models.entry_kinds import (
    is_langchain_entry,
    is_own_model,
    may_be_of_langchain,
)
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
from scout_adapters.chat_models.hidden_secrets import file_reference, without_secrets
from scout_adapters.chat_models.limit_options import own_rules
from scout_adapters.chat_models.network import build_transport
from scout_adapters.chat_models.option_rules import OptionRules
from scout_adapters.chat_models.options import standard_options
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.option_names import (
    NETWORK_OPTIONS,
    prompt_cache_choice,
    standard_name,
)
from scout_adapters.llm.profiles.lookup import model_profile, takes_schema

if TYPE_CHECKING:
    from scout_adapters.chat_models.provider_base import ScoutProviderChatModel
    from scout_adapters.llm.engine.candidate import Candidate
    from scout_adapters.llm.providers.client import ProviderClient
    from scout_adapters.llm.types import ProviderSpec

WRAPPERS = {
    "RunnableWithFallbacks": "list its models one by one, the router fails over",
    "RunnableRetry": "pass the chat model without with_retry(), the router retries",
}
"""By LangChain class that wraps a chat model and cannot be an entry: what to do instead."""


def check_entries(models: Any) -> list[tuple[Any, ProviderSpec]]:
    """Return the entries with their options under standard names, each with its card.

    Raises: `ConfigurationError` for an entry that is no model, or has an option that cannot be
    used; `UnknownProvider` for a provider that is not registered.
    """
    if isinstance(models, str) or not isinstance(models, Sequence) or not models:
        raise ConfigurationError("models= must be a list of at least one model")
    return [_checked_entry(entry) for entry in models]


def _checked_entry(entry: Any) -> tuple[Any, ProviderSpec]:
    """Return an entry under standard names, and its provider's card."""
    if may_be_of_langchain(entry):
        from scout_adapters.chat_models.langchain_entries import langchain_entry

        if (of_langchain := langchain_entry(entry)) is not None:
            return of_langchain, of_langchain.card
    if isinstance(entry, dict):
        return normalize_entry(entry, ENTRY_NAMES, OptionRules.of)
    return entry, card_of_entry(entry)


def normalize_entry(
    entry: Mapping[str, Any],
    names: Collection[str],
    rules_of: Callable[[ProviderSpec], OptionRules],
) -> tuple[dict[str, Any], ProviderSpec]:
    """Return a dict entry with its keys as a list of `SecretStr`, and its provider's card.

    Options are under the standard `names`, further fields of the body under `extra`.
    """
    name = entry.get("model", entry.get("model_name"))
    if provider := entry.get("model_provider"):
        entry = {key: entry[key] for key in entry if key not in {"model_provider", "model_name"}}
        entry["model"] = name = f"{provider}:{str(name).removeprefix(f'{provider}/')}"
    owner = f"the entry {name!r}"
    for alias in entry:
        if standard_name(alias) in ENTRY_REFUSED:
            raise ConfigurationError(f"{alias}= applies to a whole call: pass it to the router")
    card = card_of_entry({"model": name})
    own_weight(entry)
    own_order(entry)
    own_limits(entry)
    entry = _with_prompt_cache(entry, owner)
    options = standard_options(entry, names, rules_of(card), owner)
    if not options["extra"]:
        del options["extra"]
    keys = [options.pop(name) for name in ("api_key", "api_keys") if name in options]
    return ({**options, "api_keys": _as_secrets(keys)} if keys else options), card


def _with_prompt_cache(entry: Mapping[str, Any], owner: str) -> Mapping[str, Any]:
    """Return an entry with `cache=` under its standard name; raise for an unknown choice."""
    if isinstance(entry.get("cache"), str):
        rest = {name: entry[name] for name in entry if name != "cache"}
        entry = {**rest, "prompt_cache": entry["cache"]}
    prompt_cache_choice(entry.get("prompt_cache"), owner)
    return entry


def _as_secrets(keys: Any) -> list[Any]:
    """Return keys as a flat list, from a `SecretStr`, a string, a function or a list."""
    if isinstance(keys, SecretStr | Mapping) or callable(keys):
        return [keys]
    if isinstance(keys, os.PathLike):
        keys = file_reference(keys)
    if isinstance(keys, str):
        return [SecretStr(keys)]
    if isinstance(keys, list) and all(isinstance(key, SecretStr) for key in keys):
        return keys
    return [key for item in keys or () for key in _as_secrets(item)]


def has_own_key(entry: Any) -> bool:
    """Return whether an entry has a key; a chat model counts as having one."""
    match entry:
        case str():
            return False
        case dict():
            return bool(entry.get("api_keys"))
    return True


def with_key(entry: Any, key: Any) -> dict[str, Any]:
    """Return an entry as a dict with `key` as its only API key."""
    return {**({"model": entry} if isinstance(entry, str) else entry), "api_keys": [key]}


def name_of(entry: Any) -> str:
    """Return an entry's `provider/model`.

    Raises: `ConfigurationError` for an object that is no model.
    """
    if isinstance(entry, str):
        return entry
    if isinstance(entry, dict):
        if isinstance(name := entry.get("model"), str):
            return name
    elif is_own_model(entry):
        return f"{entry.provider}/{entry._default_model()}"  # noqa: SLF001  # same package
    elif is_langchain_entry(entry):
        return entry.name
    kind = type(entry).__name__
    hint = WRAPPERS.get(kind) or (
        'write "provider/model", a dict with "model", or a chat model of LangChain'
    )
    raise ConfigurationError(f"models= cannot contain a {kind}: {hint}")


def split_name(entry: Any) -> tuple[str, str]:
    """Return an entry's provider and model; a bare model name goes to the provider that claims it.

    Raises: `UnknownProvider`.
    """
    from scout_adapters.llm.router.functions import split_model

    if is_langchain_entry(entry):
        return entry.card.name, entry.model_name
    return split_model(name_of(entry))


def entry_for(entries: Sequence[Any], model: str) -> Any:
    """Return an entry for a model that is not in the route.

    It copies keys and options from the first entry of the same provider. Without such an entry, its
    keys come from the environment.
    """
    provider, name = split_name(model)
    sibling = next((entry for entry in entries if split_name(entry)[0] == provider), None)
    if isinstance(sibling, dict):
        return {**sibling, "model": f"{provider}/{name}"}
    if is_own_model(sibling):
        return sibling.model_copy(update={"model": name, "profile": None})
    return f"{provider}/{name}"


def card_of_entry(entry: Any) -> ProviderSpec:
    """Return the card of an entry's provider."""
    return _card_and_model(entry)[0]


def _card_and_model(entry: Any) -> tuple[ProviderSpec, str]:
    from scout_adapters.llm.providers import registry

    if is_langchain_entry(entry):
        return entry.card, entry.model_name
    provider, model = split_name(entry)
    card = registry.spec(provider)
    # A pattern of the class would take 8 us for a dict, six times in each construction.
    base = entry.get("base_model") if isinstance(entry, dict) else getattr(entry, "base_model", "")
    return (card.of_deployment(model, base) if base else card), model


def takes_schema_as_entry(entry: Any, *, is_open: bool = False) -> bool:
    """Return whether an entry's model accepts a JSON schema for its answer."""
    return takes_schema(*_card_and_model(entry), is_open=is_open)


def profile_of_entry(entry: Any) -> ModelProfile | None:
    """Return the profile of an entry's model; a profile set by the user wins."""
    match entry:
        case {"profile": profile}:
            return cast("ModelProfile", profile)
        case _ if is_own_model(entry) or is_langchain_entry(entry):
            return entry.profile
    return model_profile(*_card_and_model(entry))


def identity_of(entry: Any) -> Any:
    """Return a value that identifies an entry, without secrets; part of an answer's cache key."""
    if isinstance(entry, dict):
        return {
            name: _shown_text(name, value) if isinstance(value, str) else mask_values(value)
            for name, value in entry.items()
            if name not in ENTRY_PRIVATE
        }
    if is_own_model(entry):
        return entry._identifying_params  # noqa: SLF001  # same package
    return entry.identity if is_langchain_entry(entry) else entry


@lru_cache(maxsize=1024)  # LangChain reads the identity in each call
def _shown_text(name: str, value: str) -> Any:
    return address_shape(value) if name == "base_url" and value else mask_values(value)


def portable_form(entry: Any) -> tuple[Any, list[str]]:
    """Return an entry for a pickle, and the names of secrets that were left out."""
    match entry:
        case dict():
            portable, names = without_secrets(entry)
            return portable, [f"{name} of {name_of(entry)}" for name in names]
        case _ if is_langchain_entry(entry):
            return entry.portable()
    return entry, []  # a chat model of this package removes its secrets itself


def build_candidate(
    entry: Any, defaults: Mapping[str, Any], network: Mapping[str, Any]
) -> Candidate:
    """Return the candidate of an entry.

    `defaults` and `network` are the router's settings for requests and for the transport.
    """
    match entry:
        case str():
            return _candidate_of_dict({**network, "model": entry}, defaults)
        case _ if is_own_model(entry):
            return _candidate_of_model(entry, defaults)
        case _ if is_langchain_entry(entry):
            return entry.candidate(defaults)
    return _candidate_of_dict({**network, **entry}, defaults)


def only_documented(
    candidates: Sequence[Candidate], defaults: Mapping[str, Any]
) -> tuple[Candidate, ...]:
    """Return the candidates; each leaves out body fields of `defaults` that only others document.

    A field that no candidate documents comes from `model_kwargs` and is sent to all.
    """
    fields = [candidate.endpoint.spec.documented_fields for candidate in candidates]
    documented = frozenset().union(*(names for names in fields if names is not None))
    return tuple(
        candidate if names is None else _without(candidate, documented - names, defaults)
        for candidate, names in zip(candidates, fields, strict=True)
    )


def _without(
    candidate: Candidate, undocumented: frozenset[str], defaults: Mapping[str, Any]
) -> Candidate:
    if not undocumented:
        return candidate
    settings = dict(candidate.settings)
    if extra := settings.get("extra"):
        of_router = defaults.get("extra", {})
        settings["extra"] = {
            name: extra[name]
            for name in extra
            if name not in undocumented or extra[name] is not of_router.get(name)
        }
    return replace(candidate, settings=settings, undocumented=undocumented)


def _candidate_of_model(entry: ScoutProviderChatModel, defaults: Mapping[str, Any]) -> Candidate:
    (candidate,) = entry._route().candidates  # noqa: SLF001  # same package
    own = request_settings(entry._settings())  # noqa: SLF001  # same package
    return replace(
        candidate,
        settings=merge_settings(defaults, own),
        timeouts=own_timeouts(entry.timeout),
        limiter=entry.rate_limiter,
    )


def client_of_entry(entry: Mapping[str, Any]) -> ProviderClient:
    """Return the client of a normalized dict entry: its provider, keys, address and transport."""
    from scout_adapters.llm.health.key_items import passed_keys
    from scout_adapters.llm.providers import registry

    network = {name: entry[name] for name in NETWORK_OPTIONS if entry.get(name) is not None}
    transport = build_transport(entry.get("transport"), network)
    provider, model = split_name(entry)
    return registry.client(
        provider,
        api_keys=passed_keys(entry.get("api_keys"), source="api_keys="),
        base_url=entry.get("base_url"),
        headers=entry.get("default_headers"),
        transport=transport,
        auth=entry.get("auth"),
        placeholders=entry.get("placeholders"),
        deployments={model: entry["base_model"]} if entry.get("base_model") else None,
    )


def _candidate_of_dict(entry: Mapping[str, Any], defaults: Mapping[str, Any]) -> Candidate:
    from scout_adapters.llm.engine.candidate import Candidate

    provider, model = split_name(entry)
    return Candidate(
        endpoint=client_of_entry(entry).current_endpoint(),
        model=model,
        settings=merge_settings(defaults, request_settings(entry)),
        weight=own_weight(entry),
        order=own_order(entry),
        timeouts=own_timeouts(entry.get("timeout")),
        limiter=entry.get("rate_limiter"),
        limits=own_rules(own_limits(entry), provider, model),
    )

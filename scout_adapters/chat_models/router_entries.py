"""The models of a route: the forms in which they may be written, and the candidates they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from langchain_core.language_models import ModelProfile
from pydantic import SecretStr

from scout_adapters.chat_models.options import check_spelling
from scout_adapters.chat_models.provider_base import ScoutProviderChatModel, as_transport
from scout_adapters.chat_models.request import build_timeouts
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.option_names import ALIASES, RETRY_OPTIONS, check_address, check_body_field
from scout_adapters.llm.profiles.lookup import profile_on
from scout_adapters.llm.timeouts import Timeouts

if TYPE_CHECKING:
    from scout_adapters.llm.engine.candidate import Candidate

ENTRY_PRIVATE = ("api_key", "api_keys", "default_headers", "transport", "rate_limiter")
"""Keys, and what lives in this process: shown to nobody, and no part of a cache's key."""

ENTRY_OPTIONS = ("temperature", "top_p", "max_tokens", "stop", "reasoning_effort")
ENTRY_OWN = ("model", "base_url", "weight", "extra", "profile", "timeout")
ENTRY_NOT = RETRY_OPTIONS - {"timeout"}
ENTRY_KNOWN = frozenset({*ENTRY_OWN, *ENTRY_OPTIONS, *ENTRY_PRIVATE})


def check_entries(models: Any) -> list[Any]:
    """Return the entries, each one known to be a model; the error says what to write instead."""
    if isinstance(models, str) or not isinstance(models, Sequence) or not models:
        raise ConfigurationError("models= is a list of at least one model")
    return [_checked_entry(entry) for entry in models]


def _checked_entry(entry: Any) -> Any:
    from scout_adapters.llm.router.functions import split_model

    entry = _canonical(entry) if isinstance(entry, dict) else entry
    name = name_of(entry)
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
            if name == "base_url":
                check_address(value, owner)
            made[name] = value
        elif name in ENTRY_NOT:
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


def is_bare(entry: Any) -> bool:
    """Tell whether an entry has no key of its own."""
    return isinstance(entry, str) or (isinstance(entry, dict) and not entry.get("api_keys"))


def with_key(entry: Any, key: SecretStr) -> dict[str, Any]:
    """Give an entry a key."""
    return {**({"model": entry} if isinstance(entry, str) else entry), "api_keys": [key]}


def name_of(entry: Any) -> str:
    """Return an entry's `provider/model`; raises where it is no model at all."""
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


def rename_entry(entries: Sequence[Any], model: str) -> Any:
    """Return the entry of a model that is not in the route: with the keys of its provider's first.

    Where the route has none of that provider, the environment says the keys.
    """
    from scout_adapters.llm.router.functions import split_model

    provider, name = split_model(model)
    like = next((one for one in entries if split_model(name_of(one))[0] == provider), model)
    match like:
        case ScoutProviderChatModel():
            return like.model_copy(update={"model": name, "profile": None})
        case dict():
            return {**like, "model": f"{provider}/{name}"}
    return f"{provider}/{name}"


def profile_in(entry: Any) -> ModelProfile | None:
    """Say what an entry's model can do; what the user says of it comes first."""
    from scout_adapters.llm.providers import registry
    from scout_adapters.llm.router.functions import split_model

    match entry:
        case {"profile": profile}:
            return cast("ModelProfile", profile)
        case ScoutProviderChatModel():
            return entry.profile
    provider, model = split_model(name_of(entry))
    return profile_on(registry.spec(provider), model)


def identity_of(entry: Any) -> Any:
    """Say what tells one entry from another, without its keys: caches are keyed by this."""
    match entry:
        case dict():
            return {name: value for name, value in entry.items() if name not in ENTRY_PRIVATE}
        case ScoutProviderChatModel():
            return entry._identifying_params  # noqa: SLF001  # its own kind
        case _:
            return entry


def build_candidate(entry: Any, usual: Mapping[str, Any]) -> Candidate:
    """Make an entry's candidate; where it leaves an option open, the router's own is usual."""
    match entry:
        case ScoutProviderChatModel():
            return _candidate_of_model(entry, usual)
        case str():
            return _candidate_of_dict({"model": entry}, usual)
    return _candidate_of_dict(entry, usual)


def _candidate_of_model(entry: ScoutProviderChatModel, usual: Mapping[str, Any]) -> Candidate:
    (only,) = entry._route().candidates  # noqa: SLF001  # its own kind
    return replace(
        only,
        settings=_over(usual, fields_in(entry._settings())),  # noqa: SLF001  # as above
        timeouts=_timeouts(entry.timeout),
        limiter=entry.rate_limiter,
    )


def _candidate_of_dict(given: Mapping[str, Any], usual: Mapping[str, Any]) -> Candidate:
    from scout_adapters.llm.engine.candidate import Candidate
    from scout_adapters.llm.health.key_state import clean_keys
    from scout_adapters.llm.providers import registry
    from scout_adapters.llm.router.functions import split_model

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
        settings=_over(usual, fields_in(given)),
        weight=float(given.get("weight", 1.0)),
        timeouts=_timeouts(given.get("timeout")),
        limiter=given.get("rate_limiter"),
    )


def _timeouts(own: Any) -> Timeouts | None:
    return None if own is None else build_timeouts(own)


def fields_in(options: Mapping[str, Any]) -> dict[str, Any]:
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

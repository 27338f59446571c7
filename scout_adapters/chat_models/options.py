"""The fields that every chat model has, and checks of options that are not fields."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, PrivateAttr
from typing_extensions import override

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters.chat_models.request import build_timeouts
from scout_adapters.errors import ConfigurationError, NoKeyError
from scout_adapters.llm.option_names import (
    ALIASES,
    LANGCHAIN_OPTIONS,
    REQUEST_FIELDS,
    RETRY_OPTIONS,
    check_address,
    check_body_field,
)

if TYPE_CHECKING:
    from scout_adapters._internal.json_values import Json
    from scout_adapters.llm.engine.retry_policy import RetryPolicy

HOLD_SECRETS = ("api_key", "api_keys", "default_headers")
"""Fields of a model, or of an entry of `models=[...]`, that hold keys."""

NOT_MISSPELT = frozenset({"models"})
"""Fields of a provider's body (OpenRouter's `models`) that resemble a misspelt option."""


class ChatOptions(BaseChatModel):
    """The fields of a chat model: options of its requests, and of retries and timeouts.

    Pickles contain no keys and no headers; a model loaded from one raises `NoKeyError` on its first
    call if it had any.
    """

    model_config = ConfigDict(
        populate_by_name=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        defer_build=True,  # building takes 3 ms for each class, and most programs use one or two
    )

    temperature: float | None = None
    """Sampling temperature; None leaves it to the provider."""

    top_p: float | None = None
    """Nucleus sampling, 0 to 1; None leaves it to the provider."""

    max_tokens: int | None = Field(
        default=None, validation_alias=AliasChoices("max_tokens", "max_completion_tokens")
    )
    """Tokens; the most that an answer may have. None leaves it to the provider."""

    stop: list[str] | str | None = Field(
        default=None, validation_alias=AliasChoices("stop", "stop_sequences")
    )
    """Texts at which the answer ends."""

    reasoning_effort: str | None = None
    """`"none"`, `"minimal"`, `"low"`, `"medium"` or `"high"`, translated for each provider."""

    streaming: bool = False
    """Whether `invoke` streams, for callbacks that receive tokens; False by default."""

    timeout: Any = Field(
        default=None, validation_alias=AliasChoices("timeout", "request_timeout"), exclude=True
    )
    """Seconds for the whole answer, the first token and between events; or (connect, read); or
    `Timeouts`. None is `Timeouts()`: 600 s for a whole answer, 120 s for the first token, 60 s
    between events with content, 10 s to connect; a stream may last."""

    max_retries: int = 2
    """Retries with the same key, and waits for a key or provider, per call. Other keys and
    candidates are tried as well and do not count. 0 is none; 2 by default."""

    max_wait: float = 30.0
    """Seconds that a call may wait in total for a key or a provider to recover; 30 by default."""

    deadline: float | None = None
    """Seconds for the call over all its attempts; None is no limit."""

    failover_on_refusal: bool = False
    """Whether a request refused by a content policy is sent to the next candidate."""

    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further fields of the request's body."""

    clock: Clock = Field(default=SYSTEM, exclude=True, repr=False)
    """Source of time and sleep; replaced in tests."""

    _missing_secrets: tuple[str, ...] = PrivateAttr(default=())
    """The names of secrets that the original model had and that this unpickled copy lacks."""

    @override
    def __getstate__(self) -> dict[Any, Any]:
        """Return the state of a pickle, without keys and headers: anyone may read a pickle."""
        state = super().__getstate__()
        fields, removed = self._portable(state["__dict__"])
        private = {**(state["__pydantic_private__"] or {})}
        private["_missing_secrets"] = tuple(dict.fromkeys((*self._missing_secrets, *removed)))
        return {**state, "__dict__": fields, "__pydantic_private__": private}

    def _portable(self, fields: Json) -> tuple[Json, list[str]]:
        """Return the fields without secrets, and the names of the removed ones."""
        return without_secrets(fields)

    def _check_secrets(self) -> None:
        """Raise `NoKeyError` for an unpickled copy whose original had keys or headers of its own.

        Such a copy must not fall back on the keys in the environment.
        """
        if self._missing_secrets:
            raise NoKeyError(
                f"this model came without the {', '.join(self._missing_secrets)} of its original, "
                "because secrets are not pickled: create the model where it is used, or create it "
                "without a key and set the environment variable there"
            )

    def _settings(self) -> Json:
        """Return the request options that are set on the model."""
        settings: Json = {}
        for name in _request_options(type(self)):
            value = getattr(self, name)
            if value is not None and value != []:
                settings[name] = value
        if self.model_kwargs:
            settings["extra"] = self.model_kwargs
        return settings

    def _retry_policy(self, options: Json) -> RetryPolicy:
        """Return the retry policy of a call; removes its options, which win over the fields."""
        from scout_adapters.llm.engine.retry_policy import RetryPolicy

        values = {name: options.pop(name, getattr(self, name)) for name in RETRY_OPTIONS}
        return RetryPolicy(timeouts=build_timeouts(values.pop("timeout")), **values)


@cache
def _request_options(model: type[ChatOptions]) -> tuple[str, ...]:
    """Return the names of a class's fields that are options of a request."""
    return tuple(name for name in sorted(REQUEST_FIELDS | {"stop"}) if name in model.model_fields)


def move_unknown_options(
    model: type[BaseModel], options: Mapping[str, Any], key_names: Collection[str] = ()
) -> dict[str, Any]:
    """Return a model's options with those that are not fields moved into `model_kwargs`.

    `key_names` are the partner packages' names for `api_key`, such as `groq_api_key`.

    Raises: `ConfigurationError` for an option that resembles a field, may hold a key, or is no part
    of a body.
    """
    names = _field_names(model)
    fields = {name: value for name, value in options.items() if name in names}
    extra: dict[str, Any] = {}
    for name, value in options.items():
        if ALIASES.get(name, name) == "base_url":
            check_address(value, model.__name__)
        if name in names:
            continue
        if name in key_names:
            fields["api_key"] = value
        elif name not in LANGCHAIN_OPTIONS:
            if ALIASES.get(name) == "extra":
                extra |= value or {}
                continue
            check_body_field(name, model.__name__)
            check_spelling(name, names, model.__name__)
            extra[name] = value
    return {**fields, "model_kwargs": {**extra, **(fields.get("model_kwargs") or {})}}


@cache
def _field_names(model: type[BaseModel]) -> frozenset[str]:
    """Return the names and aliases of a model's fields."""
    names: set[str] = set()
    for name, field in model.model_fields.items():
        names.add(name)
        if isinstance(field.validation_alias, AliasChoices):
            names.update(str(choice) for choice in field.validation_alias.choices)
        elif isinstance(field.alias, str):
            names.add(field.alias)
    return frozenset(names)


def check_spelling(name: str, known: Collection[str], owner: str) -> None:
    """Raise `ConfigurationError` for an unknown option that resembles a known one."""
    if name in NOT_MISSPELT:
        return
    if close := difflib.get_close_matches(name, known, n=1, cutoff=0.85):
        raise ConfigurationError(f"{owner} has no {name}=; did you mean {close[0]}=?")


def without_secrets(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return options with those that hold keys set to None, and the names of these."""
    secrets = [name for name in HOLD_SECRETS if options.get(name)]
    return {name: None if name in secrets else value for name, value in options.items()}, secrets

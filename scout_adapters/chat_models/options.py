"""The options that every face takes, as LangChain's users write them."""

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
"""Options of a model, or of a route's entry, that hold keys."""

NOT_MISSPELT = frozenset({"models"})
"""Fields of a provider's body (OpenRouter's `models`) that look like a misspelt option."""


class ChatOptions(BaseChatModel):
    """What can be set on a model: of its requests, and of how long and how often a call tries."""

    model_config = ConfigDict(
        populate_by_name=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        defer_build=True,  # it takes 3 ms a class, of which there are many, and few are used
    )

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = Field(
        default=None, validation_alias=AliasChoices("max_tokens", "max_completion_tokens")
    )
    """The most tokens to answer with."""

    stop: list[str] | str | None = Field(
        default=None, validation_alias=AliasChoices("stop", "stop_sequences")
    )
    reasoning_effort: str | None = None
    """`"none"`, `"minimal"`, `"low"`, `"medium"` or `"high"`, said in each provider's words."""

    streaming: bool = False
    timeout: Any = Field(
        default=None, validation_alias=AliasChoices("timeout", "request_timeout"), exclude=True
    )
    """Seconds for the whole answer and every silence; or (connect, read); or `Timeouts`."""

    max_retries: int = 2
    """Second tries of one key, and waits; other keys and candidates are tried besides. 0: none."""

    max_wait: float = 30.0
    """Seconds that a call may wait for a key or a provider to come back."""

    deadline: float | None = None
    """Seconds for the call over all its attempts; None is no limit."""

    failover_on_refusal: bool = False
    """Whether a content policy's refusal goes to the next candidate."""

    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further fields of the request's body."""

    clock: Clock = Field(default=SYSTEM, exclude=True, repr=False)
    """Time and sleep; for tests."""

    _left_behind: tuple[str, ...] = PrivateAttr(default=())
    """The secrets that the model was given, and that did not come along with this copy."""

    @override
    def __getstate__(self) -> dict[Any, Any]:
        """Leave keys and headers behind: a pickle is a message or a file, and anybody's to read."""
        state = super().__getstate__()
        fields, left = self._portable(state["__dict__"])
        private = {**(state["__pydantic_private__"] or {})}
        private["_left_behind"] = tuple(dict.fromkeys((*self._left_behind, *left)))
        return {**state, "__dict__": fields, "__pydantic_private__": private}

    def _portable(self, fields: Json) -> tuple[Json, list[str]]:
        """Return the fields as they may leave the process, and the names of those that may not."""
        return without_secrets(fields)

    def _check_whole(self) -> None:
        """Refuse to ask with other keys than those that were given."""
        if self._left_behind:
            raise NoKeyError(
                f"this copy came without the {', '.join(self._left_behind)} that it was given: "
                "secrets do not travel in pickles; make the model where it is used, or give it "
                "none and let it read the environment there"
            )

    def _settings(self) -> Json:
        """Return the options that are set on the model."""
        settings: Json = {}
        for name in _settings_of(type(self)):
            value = getattr(self, name)
            if value is not None and value != []:
                settings[name] = value
        if self.model_kwargs:
            settings["extra"] = self.model_kwargs
        return settings

    def _patience(self, options: Json) -> RetryPolicy:
        """Take what a call says of its patience out of its options; the rest is the model's."""
        from scout_adapters.llm.engine.retry_policy import RetryPolicy

        own = {name: options.pop(name, getattr(self, name)) for name in RETRY_OPTIONS}
        return RetryPolicy(timeouts=build_timeouts(own.pop("timeout")), **own)


@cache
def _settings_of(model: type[ChatOptions]) -> tuple[str, ...]:
    """Name the options of a request that a class has."""
    return tuple(name for name in sorted(REQUEST_FIELDS | {"stop"}) if name in model.model_fields)


def with_extras(
    model: type[BaseModel], values: Mapping[str, Any], key_names: Collection[str] = ()
) -> dict[str, Any]:
    """Move options that the model does not know into its `model_kwargs`, but for misspelt ones.

    `key_names` are the partner packages' names for `api_key`, such as `groq_api_key`.
    """
    known = _accepted(model)
    kept = {name: value for name, value in values.items() if name in known}
    extra: dict[str, Any] = {}
    for name, value in values.items():
        if ALIASES.get(name, name) == "base_url":
            check_address(value, model.__name__)
        if name in known:
            continue
        if name in key_names:
            kept["api_key"] = value
        elif name not in LANGCHAIN_OPTIONS:
            if ALIASES.get(name) == "extra":
                extra |= value or {}
                continue
            check_body_field(name, model.__name__)
            check_spelling(name, known, model.__name__)
            extra[name] = value
    return {**kept, "model_kwargs": {**extra, **(kept.get("model_kwargs") or {})}}


@cache
def _accepted(cls: type[BaseModel]) -> frozenset[str]:
    """Return every name under which a field may be given."""
    names: set[str] = set()
    for name, field in cls.model_fields.items():
        names.add(name)
        if isinstance(field.validation_alias, AliasChoices):
            names.update(str(choice) for choice in field.validation_alias.choices)
        elif isinstance(field.alias, str):
            names.add(field.alias)
    return frozenset(names)


def check_spelling(name: str, known: Collection[str], owner: str) -> None:
    """Refuse an option that is almost, but not quite, one that exists."""
    if name in NOT_MISSPELT:
        return
    if close := difflib.get_close_matches(name, known, n=1, cutoff=0.85):
        raise ConfigurationError(f"{owner} has no {name}=; did you mean {close[0]}=?")


def without_secrets(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return options without those that hold keys, and the names of these."""
    held = [name for name in HOLD_SECRETS if options.get(name)]
    return {name: None if name in held else value for name, value in options.items()}, held

"""The fields that every chat model has, and checks of options that are not fields."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, Self, get_type_hints

from langchain_core.language_models import BaseChatModel, ModelProfile
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, PrivateAttr, model_validator
from typing_extensions import override

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters._internal.redaction import address_shape, mask_values
from scout_adapters.chat_models.hidden_secrets import hide_secrets, shown, without_secrets
from scout_adapters.chat_models.lazy_docs import LazilyDocumented
from scout_adapters.chat_models.option_rules import OptionRules
from scout_adapters.chat_models.request import build_timeouts
from scout_adapters.chat_models.shared_parts import share_parts
from scout_adapters.chat_models.store_option import take_store
from scout_adapters.errors import ConfigurationError, NoKeyError
from scout_adapters.llm.option_names import (
    NETWORK_OPTIONS,
    REQUEST_FIELDS,
    RETRY_OPTIONS,
    check_address,
    check_extra,
    check_headers,
    check_undocumented,
    effort_of,
)

if TYPE_CHECKING:
    from scout_adapters._internal.json_values import Json
    from scout_adapters.llm.engine.retry_policy import RetryPolicy

VERSION = version("scout-adapters")
"""Read on import: the first model may be made on an event loop, which reading files would block."""


class ChatOptions(LazilyDocumented, BaseChatModel):
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
    """Whether the next candidate is tried where a content policy refuses request or answer."""

    key_affinity: Literal["auto", "off"] = "auto"
    """Whether a conversation keeps to the key in whose account its prompt is cached: `"auto"`, for
    prompts that the provider caches; `"off"` takes keys in turn."""

    prompt_cache: Literal["auto", "off"] | None = None
    """Whether cache markers are added for providers that need them, such as Anthropic: `"auto"`, on
    prefixes that are long enough. Also written `cache="auto"`. None and `"off"`: only your own."""

    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further fields of the request's body."""

    verify: Any = Field(default=None, exclude=True, repr=False)
    """Certificates to trust: True, False for any, the path of a file, or an `ssl.SSLContext`."""

    cert: Any = Field(default=None, exclude=True, repr=False)
    """The path of a client certificate, or (certificate, key), or (certificate, key, password)."""

    proxies: Any = Field(default=None, exclude=True, repr=False)
    """The URL of a proxy, or URLs by scheme (`{"https": ...}`); never in traces or pickles."""

    trust_env: bool | None = Field(default=None, exclude=True, repr=False)
    """Whether `HTTPS_PROXY` and similar variables apply; None is yes."""

    scout_metadata: Literal["full", "summary", "none"] = "full"
    """What `response_metadata["scout"]` of answers contains: everything; only provider, model and
    times, without prices, fingerprints and attempts; or nothing. Handlers receive everything."""

    clock: Clock = Field(default=SYSTEM, exclude=True, repr=False)
    """Source of time and sleep; replaced in tests."""

    state_store: Any = Field(default=None, exclude=True, repr=False)
    """A store that shares the health of keys with other processes; written `store="redis://…"`."""

    _missing_secrets: tuple[str, ...] = PrivateAttr(default=())
    """The names of secrets that the original model had and that this unpickled copy lacks."""

    def __init__(self, **options: Any) -> None:
        """Take the fields below, and body fields that the provider documents.

        Names of LangChain's partner packages and of LiteLLM are understood (`openai_api_base`,
        `num_retries`). `model_kwargs` and `extra_body` take any field of the body.

        Raises: `ConfigurationError` for any other option; it names the nearest one.
        """
        hide_secrets(take_store(options))
        if isinstance(options.get("cache"), str):  # LangChain's field takes no text
            options["prompt_cache"] = options.pop("cache")
        # Before pydantic validates: its errors would quote the values, keys included.
        rules = self._option_rules(options)
        super().__init__(**model_options(type(self), options, rules))

    @model_validator(mode="after")
    def _set_scout_adapters_version(self) -> Self:
        self._add_version("scout-adapters", VERSION)
        return self

    @model_validator(mode="after")
    def _check_profile_keys(self) -> Self:
        # Core evaluates the hints of ModelProfile at each construction: a fifth of a router's.
        if self.profile and not self.profile.keys() <= _profile_keys():
            super()._check_profile_keys()  # type: ignore[operator]  # pydantic's wrapper can be called
        return self

    @classmethod
    @abstractmethod
    def _option_rules(cls, options: dict[str, Any]) -> OptionRules:
        """Return what the class takes as options besides its fields.

        A router checks and replaces its `models` in `options`.
        """

    @override
    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return super().__deepcopy__(share_parts(self.__dict__, memo))

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

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Yield the fields for `repr`, without tokens in addresses and further body fields."""
        for name, value in super().__repr_args__():
            shown = value
            if name == "base_url" and value:
                shown = address_shape(value)
            elif name == "model_kwargs":
                shown = mask_values(value)
            yield name, shown

    def _network_options(self) -> Json:
        """Return the options of the transport that are set."""
        values = ((name, getattr(self, name)) for name in NETWORK_OPTIONS)
        return {name: value for name, value in values if value is not None}

    def _option_values(self) -> tuple[Any, ...]:
        """Return the values of the clock and of all options of requests and of the transport."""
        return _option_getter(type(self))(self)

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
        from scout_adapters.llm.engine.retry_policy import RetryPolicy, usual_policy

        if self.timeout is None and RETRY_OPTIONS.isdisjoint(options):
            return usual_policy(
                *(self.max_retries, self.max_wait, self.deadline),
                failover_on_refusal=self.failover_on_refusal,
                key_affinity=self.key_affinity,
            )
        values = {name: options.pop(name, getattr(self, name)) for name in RETRY_OPTIONS}
        return RetryPolicy(timeouts=build_timeouts(values.pop("timeout")), **values)


@cache
def _request_options(model: type[ChatOptions]) -> tuple[str, ...]:
    """Return the names of a class's fields that are options of a request."""
    return tuple(name for name in sorted(REQUEST_FIELDS | {"stop"}) if name in model.model_fields)


@cache
def _option_getter(model: type[ChatOptions]) -> Callable[[ChatOptions], tuple[Any, ...]]:
    names = *_request_options(model), "model_kwargs", "clock", "state_store", *NETWORK_OPTIONS
    return attrgetter(*names)


def standard_options(
    options: Mapping[str, Any], names: Collection[str], rules: OptionRules, owner: str
) -> dict[str, Any]:
    """Return options under the standard `names`; further fields of the body are under `extra`.

    Raises: `ConfigurationError` for an option that is neither in `names` nor documented by the
    provider, and for an address or headers that cannot be used.
    """
    standard: dict[str, Any] = {}
    bare: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    options = rules.adapt(options) if rules.adapt is not None else options
    for alias, value in options.items():
        name = rules.name_of(alias)
        if name == "extra":
            fields = check_extra(value, owner, rules.documented)
            extra |= {field: shown(inner) for field, inner in fields.items()}
        elif name in names or alias in names:
            standard[name if name in names else alias] = value
        elif effort := effort_of(alias, value, rules.documented):
            standard["reasoning_effort"] = effort
        elif not rules.leaves_out(alias, value):
            check_undocumented(field := rules.field_of(alias), owner, rules.documented, names)
            bare[field] = shown(value)
    if headers := rules.headers_of(options):
        standard["default_headers"] = {**headers, **(standard.get("default_headers") or {})}
    _check_connection(standard, owner)
    _add_address(standard, options, rules)
    return {**standard, "extra": {**bare, **extra}}


def _add_address(standard: dict[str, Any], options: Mapping[str, Any], rules: OptionRules) -> None:
    """Add the values of placeholders in the address; write the address as it was."""
    if rules.placeholders:
        names = {rules.name_of(alias): shown(value) for alias, value in options.items()}
        values = {name: str(names[name]) for name in rules.placeholders if names.get(name)}
        standard["placeholders"] = {**(standard.get("placeholders") or {}), **values} or None
    if "base_url" in standard:
        standard["base_url"] = shown(standard["base_url"])


def _check_connection(options: Mapping[str, Any], owner: str) -> None:
    """Refuse an address or headers that contain a secret or cannot be sent."""
    if "base_url" in options:
        check_address(options["base_url"], owner)
    if isinstance(headers := options.get("default_headers"), Mapping):
        check_headers(headers, owner)
    if (auth := options.get("auth")) is not None and not callable(getattr(auth, "headers", None)):
        raise ConfigurationError(
            f"{owner} takes no auth= of type {type(shown(auth)).__name__}: pass an Auth, such as "
            'HeaderAuth("api-key"), and keys as api_key='
        )
    if isinstance(options.get("transport"), str):
        raise ConfigurationError(f"{owner}: leave transport= out; requests are always sent by HTTP")


def model_options(
    model: type[BaseModel], options: Mapping[str, Any], rules: OptionRules
) -> dict[str, Any]:
    """Return a model's options with those that are not fields moved into `model_kwargs`.

    Raises what `standard_options` raises.
    """
    names = _field_names(model) - {"model_kwargs"}
    standard = standard_options(options, names, rules, model.__name__)
    return {**standard, "model_kwargs": standard.pop("extra")}


@cache
def _profile_keys() -> frozenset[str]:
    return frozenset(get_type_hints(ModelProfile))


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

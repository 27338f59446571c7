"""Convert a LangChain call to a `ChatRequest`: tools, tool choice, options and timeouts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage
from pydantic import BaseModel

from scout_adapters._internal.fast_copy import copy_dataclass
from scout_adapters.errors import ConfigurationError
from scout_adapters.errors.option_values import shown_value
from scout_adapters.llm.option_hints import changes_nothing
from scout_adapters.llm.option_names import (
    ALIASES,
    LANGCHAIN_OPTIONS,
    REQUEST_FIELDS,
    RETRY_OPTIONS,
    check_extra,
    check_undocumented,
    effort_of,
    prompt_cache_choice,
)
from scout_adapters.llm.timeouts import Timeouts

if TYPE_CHECKING:
    from scout_adapters._internal.json_values import Json
    from scout_adapters.llm.types import ChatRequest

CALL_OPTIONS = REQUEST_FIELDS | RETRY_OPTIONS | {"model", "stop"}
"""Names of the options of a call that this library defines."""

NO_FIELDS = LANGCHAIN_OPTIONS | {"stop"}
"""Options of a call that are no body fields, or that the request has already."""


_TOOLS = "pass a list of tools, functions, classes or dicts"


@cache
def _default_timeouts() -> Timeouts:
    return Timeouts()


@cache
def _empty_request() -> ChatRequest:
    """Return a request without content to copy from, which is faster than creating one."""
    from scout_adapters.llm.types import ChatRequest

    return ChatRequest(model="", messages=())


WHOLE_OR_NONE = frozenset({int, type(None)})


def build_request(  # noqa: PLR0913  # the parts of a call
    messages: Sequence[BaseMessage],
    model: str,
    settings: Mapping[str, Any],
    options: Mapping[str, Any],
    documented: frozenset[str] | None,
    *,
    stop: Sequence[str] | str | None,
    stream: bool,
) -> ChatRequest:
    """Return the request of a call; its `options` win over the model's `settings`.

    `documented` are the body fields that a candidate documents; None takes all.

    Raises: `ConfigurationError` for an option that is neither ours nor documented, and what
    `check_numbers` and `stop_texts` raise.
    """
    fields, extra = _split_options(settings, options, documented)
    check_numbers(fields)
    fields["tool_choice"] = normalize_tool_choice(fields.get("tool_choice"))
    fields["tools"] = _tools(fields["tools"]) if fields.get("tools") else ()
    stops = options.get("stop_sequences") if stop is None else stop
    stops = settings.get("stop") if stops is None else stops
    fields["stop"] = () if stops is None else stop_texts(stops)
    fields |= {"model": model, "messages": messages, "stream": stream, "extra": extra}
    return copy_dataclass(_empty_request(), fields)


def check_numbers(fields: Mapping[str, Any]) -> None:
    """Check the numbers of a request; JSON has no NaN and no infinity, and would send null.

    Raises: `ConfigurationError` for them, for a `max_tokens` that is no whole number, and for a
    `temperature` or `top_p` that is no number.
    """
    if type(fields.get("max_tokens")) not in WHOLE_OR_NONE:
        text = shown_value(fields["max_tokens"])
        raise ConfigurationError(f"max_tokens= takes a whole number: {text}")
    for name in ("temperature", "top_p"):
        value = fields.get(name)
        if type(value) in WHOLE_OR_NONE:
            continue
        if not isinstance(value, float | Real):
            raise ConfigurationError(f"{name}= takes a number: {shown_value(value)}")
        if not isfinite(value):
            raise ConfigurationError(f"{name}={value} must be a finite number")


def stop_texts(stop: Any) -> tuple[str, ...]:
    """Return `stop=` as texts; raises `ConfigurationError` if it is no text and no list of them."""
    if isinstance(stop, str):
        return (stop,)
    if isinstance(stop, Iterable):
        texts = tuple(stop)
        if all(isinstance(text, str) for text in texts):
            return texts
    raise ConfigurationError(f"stop= takes a text or a list of texts: {shown_value(stop)}")


def _split_options(
    settings: Mapping[str, Any], options: Mapping[str, Any], documented: frozenset[str] | None
) -> tuple[Json, Json]:
    """Return the fields of a request, and further fields of its body."""
    extra: Json = dict(settings.get("extra") or {})
    fields = {name: settings[name] for name in settings if name in REQUEST_FIELDS}
    for name, value in options.items():
        field = ALIASES.get(name, name)
        if name == "cache" and isinstance(value, str):
            field = "prompt_cache"  # as a field of a model, `cache` is LangChain's
        if field in REQUEST_FIELDS:
            fields[field] = value
        elif field == "extra":
            extra |= check_extra(value, "a call", documented)
        elif effort := effort_of(name, value, documented):
            fields["reasoning_effort"] = effort
        elif not (field in NO_FIELDS or changes_nothing(name, value, documented)):
            own = field if field in (documented or ()) else name
            check_undocumented(own, "a call", documented, CALL_OPTIONS)
            extra[own] = value
    if "prompt_cache" in fields:
        fields["prompt_cache"] = prompt_cache_choice(fields["prompt_cache"], "a call")
    if "response_format" in fields:
        fields["response_format"] = _response_format(fields["response_format"])
    return fields, extra


def _response_format(value: Any) -> Mapping[str, Any] | None:
    from scout_adapters.chat_models.schemas import normalize_response_format

    return normalize_response_format(value)


def _tools(tools: Any) -> Sequence[Mapping[str, Any]]:
    """Return the tools of a call as dicts; those of `bind_tools` are dicts already."""
    if isinstance(tools, str | Mapping | BaseModel) or not isinstance(tools, Iterable):
        raise ConfigurationError(f"tools= is of type {type(tools).__name__}: {_TOOLS}")
    if isinstance(tools, list) and all(_is_typed(tool) for tool in tools):
        return tools
    return [tool if _is_typed(tool) else _normalized(tool) for tool in tools]


def _is_typed(tool: Any) -> bool:
    """Return whether a tool is a dict in OpenAI's form, or a tool that the provider runs."""
    return isinstance(tool, dict) and tool.get("type", "object") != "object"


def _normalized(tool: Any) -> Mapping[str, Any]:
    from scout_adapters.chat_models.schemas import normalize_tool

    try:
        return normalize_tool(tool)
    except (ValueError, TypeError) as error:
        kind = type(tool).__name__
        raise ConfigurationError(f"tools= contains an object of type {kind}: {_TOOLS}") from error


def normalize_tool_choice(choice: Any) -> str | Mapping[str, Any] | None:
    """Return "auto", "any", "none", a tool's name, a provider's own dict, or None if not set.

    Takes every form that LangChain's partner packages take.
    """
    match choice:
        case None | False:
            return None
        case True | "any" | "required":
            return "any"
        case {"type": "function", "function": {"name": str(name)}}:
            return name
        case {"type": "tool", "name": str(name)}:
            return name
        case {"type": "auto" | "any" | "none" as mode, **rest} if not rest:
            return str(mode)
        case _:
            native: str | Mapping[str, Any] = choice
            return native


def build_timeouts(timeout: Any) -> Timeouts:
    """Return `timeout=` as `Timeouts`; None gives the defaults. Seconds.

    A number is the limit for the whole answer, for the first token and between two events. A pair
    is (connect, read), with `read` as that limit. The fields `connect` and `read` of an
    `httpx.Timeout` are used likewise. `Timeouts` is returned unchanged. More than three years, such
    as infinity, is no limit.

    Raises: `ConfigurationError` for anything else, NaN and 0 seconds too.
    """
    match timeout:
        case None:
            return _default_timeouts()
        case Timeouts():
            return timeout.checked()
        case int() | float():
            connect = min(timeout, 10.0)
            limits = Timeouts(connect=connect, first_token=timeout, idle=timeout, total=timeout)
            return limits.checked()
        case (connect, read):
            return Timeouts(connect=connect, first_token=read, idle=read, total=read).checked()
        case _ if hasattr(timeout, "read") and hasattr(timeout, "connect"):
            return build_timeouts((timeout.connect, timeout.read))
    raise ConfigurationError(
        f"timeout={shown_value(timeout)} must be a number of seconds, a (connect, read) pair, or"
        " Timeouts"
    )

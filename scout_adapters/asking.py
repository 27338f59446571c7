"""What a LangChain call says, made into a request: tools, tool choice, options, timeouts."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import AliasChoices, BaseModel

from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.exchange import Timeouts
from scout_adapters.llm.types import ChatRequest, Json

Tool = dict[str, Any] | type | Callable[..., Any] | BaseTool

FIELDS = frozenset(
    {
        "temperature",
        "top_p",
        "max_tokens",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "reasoning_effort",
    }
)
"""Call options that every wire says in its own words."""

ALIASES = {"max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens"}
LANGCHAINS_OWN = frozenset({"stream", "ls_structured_output_format", "structured_output_format"})
SECRETS = frozenset({"api_key", "api_keys", "default_headers", "extra_headers"})
CONNECTION = SECRETS | {"base_url", "api_base", "endpoint", "transport"}
"""Options that say where and with which key to ask; no body may ever hold them."""


def request_from(
    messages: Sequence[BaseMessage],
    model: str,
    settings: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    stop: Sequence[str] | str | None,
    stream: bool,
) -> ChatRequest:
    """Make the request of a call; `options` (of the call) win over `settings` (of the model)."""
    fields, extra = _sorted(settings, options)
    fields["tool_choice"] = choice_from(fields.get("tool_choice"))
    fields["tools"] = fields.get("tools") or ()
    wanted = stop if stop is not None else settings.get("stop")
    return ChatRequest(
        model=model,
        messages=messages,
        stream=stream,
        stop=(wanted,) if isinstance(wanted, str) else tuple(wanted or ()),
        extra=extra,
        **fields,
    )


def _sorted(settings: Mapping[str, Any], options: Mapping[str, Any]) -> tuple[Json, Json]:
    """Part fields of a request from further fields of its body."""
    fields: Json = {}
    extra: Json = dict(settings.get("extra") or {})
    for name, value in (*settings.items(), *options.items()):
        known = ALIASES.get(name, name)
        if known in FIELDS:
            fields[known] = value
        elif name in SECRETS:
            raise ConfigurationError(
                f"{name}= belongs to the model, not to a call: traces show calls"
            )
        elif name not in LANGCHAINS_OWN and name not in {"extra", "stop"}:
            extra[name] = value
    return fields, extra


def tool_from(tool: Tool, *, strict: bool | None = None) -> Json:
    """Bring a tool into OpenAI's shape; a provider's own tool (a dict of another shape) stays."""
    if isinstance(tool, dict) and not _is_function(tool):
        return tool
    made: Json = convert_to_openai_tool(tool, strict=strict)
    marker = tool.get("cache_control") if isinstance(tool, dict) else None
    if isinstance(tool, BaseTool) and tool.extras:
        marker = tool.extras.get("cache_control")
    return {**made, "cache_control": marker} if marker else made


def _is_function(tool: Mapping[str, Any]) -> bool:
    """Tell a function in OpenAI's, Anthropic's or JSON Schema's shape from a server's own tool."""
    if tool.get("type") == "function" or "input_schema" in tool:
        return True
    if tool.get("type") == "object" or "title" in tool:
        return True
    return "type" not in tool and "name" in tool and ("parameters" in tool or "description" in tool)


def choice_from(choice: Any) -> str | Mapping[str, Any] | None:
    """Bring every way of LangChain's partners to say it into one vocabulary."""
    match choice:
        case None | False:
            return None
        case True | "any" | "required":
            return "any"
        case {"type": "function", "function": {"name": str(name)}}:
            return name
        case {"type": "tool", "name": str(name)}:
            return name
        case {"type": "auto" | "any" | "none" as word, **rest} if not rest:
            return str(word)
        case _:
            chosen: str | Mapping[str, Any] = choice
            return chosen


def timeouts_from(timeout: Any) -> Timeouts:
    """Read `timeout=` as LangChain users write it.

    A number bounds every silence and the whole answer; a pair is (connect, read); an
    `httpx.Timeout` is read by its fields; `Timeouts` stays as it is.
    """
    match timeout:
        case None:
            return Timeouts()
        case Timeouts():
            return timeout
        case int() | float():
            return Timeouts(
                connect=min(timeout, 10.0), first_token=timeout, idle=timeout, total=timeout
            )
        case (connect, read):
            return Timeouts(connect=connect, first_token=read, idle=read, total=read)
        case _ if hasattr(timeout, "read") and hasattr(timeout, "connect"):
            read = timeout.read
            return Timeouts(connect=timeout.connect, first_token=read, idle=read, total=read)
    raise ConfigurationError(f"timeout={timeout!r} is no number of seconds, pair, or Timeouts")


NOT_MISSPELT = frozenset({"models"})
"""Fields of a provider's body (OpenRouter's `models`) that look like a misspelt option."""


def check_spelling(name: str, known: Collection[str], owner: str) -> None:
    """Refuse an option that is almost, but not quite, one that exists."""
    if close := difflib.get_close_matches(name, known, n=1, cutoff=0.85):
        raise ConfigurationError(f"{owner} has no {name}=; did you mean {close[0]}=?")


def with_extras(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """Move options that the model does not know into its `model_kwargs`, but for misspelt ones."""
    known = _accepted(model)
    extras = {name: value for name, value in values.items() if name not in known}
    for name in extras.keys() - NOT_MISSPELT:
        if name in CONNECTION:
            raise ConfigurationError(
                f"{model.__name__} has no {name}=: it belongs to the models of the route"
            )
        check_spelling(name, known, model.__name__)
    if not extras:
        return dict(values)
    kept = {name: value for name, value in values.items() if name in known}
    return {**kept, "model_kwargs": {**extras, **(values.get("model_kwargs") or {})}}


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

"""What a LangChain call says, made into a request: tools, tool choice, options, timeouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.option_names import (
    ALIASES,
    LANGCHAIN_OPTIONS,
    REQUEST_FIELDS,
    check_body_field,
)
from scout_adapters.llm.timeouts import Timeouts
from scout_adapters.llm.types import ChatRequest

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from scout_adapters._internal.json_values import Json

    Tool = dict[str, Any] | type | Callable[..., Any] | BaseTool
else:
    Tool = Any  # core reads our hints as well, and its tools take long to import


@cache
def _usual() -> Timeouts:
    return Timeouts()


def build_request(
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
    fields["tool_choice"] = neutral_tool_choice(fields.get("tool_choice"))
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
        if known in REQUEST_FIELDS:
            fields[known] = value
        elif name not in LANGCHAIN_OPTIONS and name not in {"extra", "stop"}:
            check_body_field(name, "a call")
            extra[name] = value
    return fields, extra


def neutral_tool(tool: Tool, *, strict: bool | None = None) -> Json:
    """Bring a tool into OpenAI's shape; a provider's own tool (a dict of another shape) stays."""
    if isinstance(tool, dict) and not _is_function(tool):
        return tool
    made: Json = convert_to_openai_tool(tool, strict=strict)
    marker = None
    if isinstance(tool, dict):
        marker = tool.get("cache_control")
    elif extras := getattr(tool, "extras", None):
        marker = extras.get("cache_control")
    return {**made, "cache_control": marker} if marker else made


def _is_function(tool: Mapping[str, Any]) -> bool:
    """Tell a function in OpenAI's, Anthropic's or JSON Schema's shape from a server's own tool."""
    if tool.get("type") == "function" or "input_schema" in tool:
        return True
    if tool.get("type") == "object" or "title" in tool:
        return True
    return "type" not in tool and "name" in tool and ("parameters" in tool or "description" in tool)


def neutral_tool_choice(choice: Any) -> str | Mapping[str, Any] | None:
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


def build_timeouts(timeout: Any) -> Timeouts:
    """Read `timeout=` as LangChain users write it.

    A number bounds every silence and the whole answer; a pair is (connect, read); an
    `httpx.Timeout` is read by its fields; `Timeouts` stays as it is.
    """
    match timeout:
        case None:
            return _usual()
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

"""Tools, the choice among them, and the form of the answer, as the Responses API writes them.

Chat Completions nests what this API has beside `type`; both forms are accepted.
https://platform.openai.com/docs/guides/migrate-to-responses
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ChatRequest
from scout_adapters.llm.wires.strict_schema import adapt_schema
from scout_adapters.llm.wires.tool_schema import object_schema

NESTED = ("function", "custom")
"""Types of tools that Chat Completions nests under their own name."""

FUNCTION_FIELDS = frozenset(
    {"type", "name", "description", "parameters", "strict", "defer_loading", "output_schema"}
)
"""Fields of a function that this API has; others belong to other providers."""


def tool_fields(request: ChatRequest) -> Json:
    """Return the fields of a body that offer tools; empty if there are none.

    The API answers a `tool_choice` without tools with a 400.
    """
    if not request.tools:
        return {}
    tools = [render_tool(tool) for tool in request.tools]
    return {
        "tools": tools,
        "tool_choice": render_choice(request.tool_choice, tools),
        "parallel_tool_calls": request.parallel_tool_calls,
    }


def render_tool(tool: Mapping[str, Any]) -> Json:
    """Return a function or custom tool in this API's form; a hosted tool stays as it is.

    `strict` is false unless it is set, as in Chat Completions; this API's own default is true.
    """
    flat = _flat(tool)
    match flat.get("type"):
        case "function":
            flat = {name: value for name, value in flat.items() if name in FUNCTION_FIELDS}
            flat["parameters"] = object_schema(flat.get("parameters"))
            flat["strict"] = bool(flat.get("strict"))
        case "custom":
            if isinstance(form := flat.get("format"), Mapping):
                flat["format"] = _flat(form, "grammar")
    return flat


def _flat(value: Mapping[str, Any], *names: str) -> Json:
    """Return a copy in which the fields of `value[value["type"]]` stand beside `type`."""
    kind = value.get("type")
    nested = value.get(kind) if kind in (names or NESTED) else None
    if not isinstance(nested, Mapping):
        return dict(value)
    return {name: each for name, each in value.items() if name != kind} | dict(nested)


def render_choice(choice: str | Mapping[str, Any] | None, tools: Sequence[Json]) -> Any:
    """Return `tool_choice`; a name is looked up among the tools, also hosted ones by their type."""
    if choice is None or choice in ("auto", "none"):
        return choice
    if choice in ("any", "required"):
        return "required"
    if isinstance(choice, str):
        return _named(choice, tools)
    if choice.get("type") != "allowed_tools":
        return _flat(choice)
    allowed = {**_flat(choice, "allowed_tools")}
    if isinstance(listed := allowed.get("tools"), Sequence):
        allowed["tools"] = [_flat(tool) if isinstance(tool, Mapping) else tool for tool in listed]
    return allowed


def _named(name: str, tools: Sequence[Json]) -> Json:
    for tool in tools:
        if tool.get("name") == name:
            return {"type": tool["type"], "name": name}
    if any(tool.get("type") == name for tool in tools):
        return {"type": name}
    return {"type": "function", "name": name}


def text_field(
    response_format: Mapping[str, Any] | None, option: Any, verbosity: Any
) -> Json | None:
    """Return the body field `text`: the format of the answer and its verbosity.

    None if both are unset. `option` is the user's own `text`; its entries replace the others.
    """
    text: Json = {}
    if response_format is not None:
        text["format"] = _format(response_format)
    if verbosity is not None:
        text["verbosity"] = verbosity
    if option is not None and isinstance(option, Mapping):
        text |= option
    return text or None


def _format(response_format: Mapping[str, Any]) -> Json:
    form = _flat(response_format, "json_schema")
    if form.get("type") == "json_schema" and form.get("strict") is True:
        form["schema"] = adapt_schema(form.get("schema"))
    return {name: value for name, value in form.items() if value is not None}

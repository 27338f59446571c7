"""Tools and the tool choice, in Anthropic's form.

https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.llm.types import ChatRequest
from scout_adapters.llm.wires.anthropic_messages.schema import adapt_schema
from scout_adapters.llm.wires.tool_schema import object_schema

TOOL_FIELDS = (
    "cache_control",
    "defer_loading",
    "allowed_callers",
    "input_examples",
    "eager_input_streaming",
)
"""Fields of Anthropic's tools that an OpenAI tool may have beside `function`."""

VERSIONED = re.compile(r"_\d{8}$")
"""Matches the types of Anthropic's own tools: `bash_20250124`."""


def render_tool(tool: Mapping[str, Any]) -> Json:
    """Render an OpenAI function; the provider's own tools pass unchanged."""
    function = tool.get("function")
    if tool.get("type") != "function" or not isinstance(function, Mapping):
        return dict(tool)
    own = tool.get("provider_tool_definition")
    if isinstance(own, Mapping) and VERSIONED.search(str(own.get("type"))):
        return dict(own)
    rendered: Json = {"name": function.get("name")}
    if function.get("description"):
        rendered["description"] = function["description"]
    schema = object_schema(function.get("parameters"))
    if function.get("strict") is True:
        schema = adapt_schema(schema)
    rendered["input_schema"] = schema
    if isinstance(function.get("strict"), bool):
        rendered["strict"] = function["strict"]
    return rendered | {name: tool[name] for name in TOOL_FIELDS if name in tool}


def tool_choice(request: ChatRequest) -> Json | None:
    """Render the tool choice; None without a choice or without tools."""
    choice = _choice(request.tool_choice)
    if not request.tools and (choice is None or choice.get("type") in {"auto", "none"}):
        return None  # the API refuses a choice without tools
    if request.parallel_tool_calls is False:
        choice = choice or {"type": "auto"}
        if choice.get("type") != "none":
            choice["disable_parallel_tool_use"] = True
    return choice


def _choice(choice: str | Mapping[str, Any] | None) -> Json | None:
    match choice:
        case None:
            return None
        case "auto" | "none":
            return {"type": choice}
        case "any" | "required":
            return {"type": "any"}
        case str():
            return {"type": "tool", "name": choice}
        case _ if choice.get("type") == "function":  # OpenAI's form
            return {"type": "tool", "name": mapping(choice.get("function")).get("name")}
        case _:
            return dict(choice)


def forces(choice: Json | None) -> bool:
    """Return whether a tool choice requires a call."""
    return choice is not None and choice.get("type") in {"any", "tool"}

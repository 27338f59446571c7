"""Tools and the tool choice of a Chat Completions request.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ChatRequest
from scout_adapters.llm.wires.openai_chat.dialect import ChatCompletionsDialect
from scout_adapters.llm.wires.tool_schema import object_schema

PASSED_ON = (
    "cache_control",
    "eager_input_streaming",
    "defer_loading",
    "allowed_callers",
    "input_examples",
)
"""Anthropic's fields of a tool: https://openrouter.ai/docs/guides/features/tool-calling."""


def tool_fields(request: ChatRequest, dialect: ChatCompletionsDialect) -> Json:
    """Return the body fields that concern tools; empty without tools.

    OpenAI answers `tools: []`, and a `tool_choice` without tools, with a 400.
    """
    if not request.tools:
        return {}
    return {
        "tools": [render_tool(tool, dialect) for tool in request.tools],
        "tool_choice": tool_choice(request.tool_choice, dialect),
        "parallel_tool_calls": request.parallel_tool_calls,
    }


def render_tool(tool: Mapping[str, Any], dialect: ChatCompletionsDialect) -> Json:
    """Render a function without other providers' fields; a provider's own tool stays unchanged."""
    function = tool.get("function")
    if tool.get("type") != "function" or not isinstance(function, Mapping):
        return dict(tool)
    rendered: Json = {"type": "function", "function": dict(function)}
    if "parameters" in function:
        rendered["function"]["parameters"] = object_schema(function["parameters"])
    if dialect.cache_markers:  # a gateway that passes Anthropic's fields on
        rendered |= {name: tool[name] for name in PASSED_ON if name in tool}
    return rendered


def tool_choice(
    choice: str | Mapping[str, Any] | None, dialect: ChatCompletionsDialect
) -> str | Mapping[str, Any] | None:
    """Render a tool choice; a provider's own form passes unchanged."""
    if choice is None or choice in ("auto", "none"):
        return choice
    if choice in ("any", "required"):
        return dialect.any_tool
    if isinstance(choice, str):
        return {"type": "function", "function": {"name": choice}}
    return choice

"""Tools and the tool choice of a Chat Completions request.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ChatRequest
from scout_adapters.llm.wires.openai_chat.dialect import ChatCompletionsDialect


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
    """Render a tool, without a cache marker that the provider does not accept."""
    if tool.get("type") == "function" and not dialect.cache_markers:
        return {name: value for name, value in tool.items() if name != "cache_control"}
    return dict(tool)


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

"""Tools, and which of them must be called, in Anthropic's form.

https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.llm.types import ChatRequest

BESIDE = (
    "cache_control",
    "defer_loading",
    "allowed_callers",
    "input_examples",
    "eager_input_streaming",
)
"""What may stand beside `function` in an OpenAI tool, and means something to Anthropic."""


def render_tool(given: Mapping[str, Any]) -> Json:
    """Render an OpenAI function; any other tool is the provider's own and passes as it is."""
    function = given.get("function")
    if given.get("type") != "function" or not isinstance(function, Mapping):
        return dict(given)
    made: Json = {"name": function.get("name")}
    if function.get("description"):
        made["description"] = function["description"]
    # The API refuses a schema without a type, and OpenAI lets functions have none.
    made["input_schema"] = {"type": "object", "properties": {}} | dict(
        function.get("parameters") or {}
    )
    if isinstance(function.get("strict"), bool):
        made["strict"] = function["strict"]
    return made | {name: given[name] for name in BESIDE if name in given}


def tool_choice(request: ChatRequest) -> Json | None:
    """Render the choice; None where there is none, or nothing to choose from."""
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
    """Tell whether the model must call a tool."""
    return choice is not None and choice.get("type") in {"any", "tool"}

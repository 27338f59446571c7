"""Tools and the tool choice, in Gemini's form.

https://ai.google.dev/gemini-api/docs/function-calling
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.llm.wires.gemini.schema import adapt_schema
from scout_adapters.llm.wires.gemini.spelling import camel_case

MODES: Mapping[str, str] = {"auto": "AUTO", "none": "NONE", "any": "ANY", "required": "ANY"}
DECLARATIONS = ("functionDeclarations", "function_declarations")


def render_tools(tools: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Put all functions into one tool; the provider's own tools pass unchanged."""
    functions = [tool["function"] for tool in tools if _is_function(tool)]
    provider_tools = [dict(tool) for tool in tools if not _is_function(tool)]
    if not functions:
        return provider_tools
    declarations = [_declaration(function) for function in functions]
    return [{"functionDeclarations": declarations}, *provider_tools]


def _is_function(tool: Mapping[str, Any]) -> bool:
    return tool.get("type") == "function" and isinstance(tool.get("function"), Mapping)


def _declaration(function: Mapping[str, Any]) -> Json:
    declaration: Json = {"name": function.get("name")}
    if description := function.get("description"):
        declaration["description"] = description
    if parameters := mapping(function.get("parameters")):
        declaration["parametersJsonSchema"] = adapt_schema(parameters)
    return declaration


def add_tool_choice(choice: Any, body: Json) -> None:
    """Add `toolConfig`; only functions can be chosen, not Google's own tools."""
    has_functions = any(name in tool for tool in body["tools"] for name in DECLARATIONS)
    if choice is None or not has_functions:
        return
    config = body.get("toolConfig") or {}
    body["toolConfig"] = {camel_case(name): value for name, value in config.items()} | tool_choice(
        choice
    )


def allow_server_tools(body: Json) -> None:
    """Set the flag without which Gemini 3 refuses functions beside Google's own tools.

    https://ai.google.dev/gemini-api/docs/tool-combination
    """
    declared = [any(name in tool for name in DECLARATIONS) for tool in body["tools"]]
    if any(declared) and not all(declared):
        config = {camel_case(name): value for name, value in (body.get("toolConfig") or {}).items()}
        body["toolConfig"] = {"includeServerSideToolInvocations": True} | config


def tool_choice(choice: Any) -> Json:
    """Render a tool choice in any of the forms that LangChain and Google document."""
    if isinstance(choice, str) and choice in MODES:
        return {"functionCallingConfig": {"mode": MODES[choice]}}
    if isinstance(choice, Mapping):
        if isinstance(function := choice.get("function"), Mapping):
            choice = function.get("name")
        elif "mode" in choice:
            return {"functionCallingConfig": dict(choice)}
        else:
            return {camel_case(name): value for name, value in choice.items()}
    names = [choice] if isinstance(choice, str) else list(choice)
    return {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": names}}

"""Tools and schemas of every form that LangChain and OpenAI document, as JSON schemas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard, get_origin

from langchain_core.utils.function_calling import convert_to_openai_tool
from typing_extensions import is_typeddict

from scout_adapters.errors import ConfigurationError

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from scout_adapters._internal.json_values import Json

    Tool = dict[str, Any] | type | Callable[..., Any] | BaseTool
else:
    Tool = Any  # core evaluates these hints, and importing its tools is slow

INVALID_IN_NAME = re.compile(r"[^A-Za-z0-9_-]")
MAX_NAME = 64
"""Characters of the longest name of a tool or schema."""

FORMATS = frozenset({"json_schema", "json_object", "text", "grammar", "regex"})
"""Values of `type` in a `response_format`; any other dict is a schema."""

FUNCTION_FIELDS = frozenset({"type", "function", "name", "description", "input_schema", "strict"})
"""Fields of a function in OpenAI's or Anthropic's form that are no extras."""


def normalize_tool(tool: Tool, *, strict: bool | None = None) -> Json:
    """Return a tool in OpenAI's shape; a provider's own tool (a dict of another shape) stays.

    Fields of one provider, such as `cache_control` or `defer_loading`, stand beside `function`.
    """
    if isinstance(tool, dict) and not _is_function(tool):
        return tool
    converted = _from_schema(tool) if _is_schema(tool) else _convert(tool)
    if isinstance(function := converted.get("function"), dict):
        converted = {**converted, "function": _complete(function, strict)}
    return {**converted, **_extras(tool)}


def _complete(function: Json, strict: bool | None) -> Json:
    """Return a function whose arrays have items, and that is strict or not if that is set."""
    from scout_adapters.llm.wires.strict_schema import adapt_schema
    from scout_adapters.llm.wires.tool_schema import fill_items, object_schema

    if "parameters" in function:
        parameters = fill_items(function["parameters"])
        function = {
            **function,
            "parameters": adapt_schema(object_schema(parameters)) if strict else parameters,
        }
    return function if strict is None else {**function, "strict": strict}


def _is_function(tool: Mapping[str, Any]) -> bool:
    """Return whether a dict is a function in OpenAI's, Anthropic's or JSON Schema's shape.

    Any other dict is a tool that the provider runs itself.
    """
    if tool.get("type") == "function" or "input_schema" in tool or _is_schema(tool):
        return True
    return "type" not in tool and "name" in tool and ("parameters" in tool or "description" in tool)


def _is_schema(tool: Any) -> TypeGuard[Json]:
    """Return whether a tool is a JSON schema, or one with a name as OpenAI's `json_schema`."""
    if not isinstance(tool, dict) or "input_schema" in tool or "parameters" in tool:
        return False
    if isinstance(tool.get("schema"), dict) or isinstance(tool.get("json_schema"), dict):
        return True
    return tool.get("type") == "object" or "title" in tool or "$ref" in tool


def _extras(tool: Any) -> Json:
    """Return the fields of a tool that only some providers accept."""
    if isinstance(tool, dict):
        if not ("input_schema" in tool or "function" in tool):
            return {}
        return {name: value for name, value in tool.items() if name not in FUNCTION_FIELDS}
    return dict(getattr(tool, "extras", None) or {})


def _convert(tool: Tool) -> Json:
    """Convert a tool as LangChain does, but keep a recursive schema whole and a class's name legal.

    LangChain writes `{}` for a schema that contains itself.
    """
    from scout_adapters.llm.wires.parsing import resolve_root

    try:
        converted: Json = convert_to_openai_tool(tool)
    except (RecursionError, TypeError):
        if not is_typeddict(tool):
            raise
        return _from_schema(_schema_of(tool))
    function = converted.get("function")
    if isinstance(tool, dict) or not isinstance(function, dict):
        return converted
    parameters = function.get("parameters")
    if "{}" in str(parameters) and (schema := _source_schema(tool)) and is_recursive(schema):
        function["parameters"] = _untitled(resolve_root(schema))
    if isinstance(tool, type):
        function["name"] = legal_name(function["name"])
    return converted


def titled(schema: Any) -> Any:
    """Return a class or schema with a name; a JSON schema without one is called "answer".

    A TypedDict that contains itself, which core follows without end, or with `NotRequired` or
    `Required`, which it refuses, becomes a JSON schema.

    Raises: `ConfigurationError` for a type such as `list[int]`, which is no class of an object.
    """
    if get_origin(schema) is not None:
        raise ConfigurationError(
            f"the schema {schema} is no class: put it into a field of a pydantic class, or pass a "
            "JSON schema"
        )
    if is_typeddict(schema):
        try:
            convert_to_openai_tool(schema)
        except (RecursionError, TypeError):
            return _schema_of(schema)
    named = {"title", "name", "schema", "json_schema", "$ref"}
    if isinstance(schema, dict) and _is_json_schema(schema) and not named & schema.keys():
        return {"title": "answer", **schema}
    return schema


def _schema_of(typed_dict: Any) -> Json:
    """Return the JSON schema of a TypedDict that core cannot convert.

    Raises: `ConfigurationError` for one that pydantic does not take.
    """
    from pydantic import PydanticUserError, TypeAdapter

    from scout_adapters.llm.wires.parsing import resolve_root

    try:
        return resolve_root(TypeAdapter(typed_dict).json_schema())
    except PydanticUserError as error:
        why = str(error).splitlines()[0]
        raise ConfigurationError(f"{typed_dict.__name__} has no JSON schema: {why}") from None


def _source_schema(tool: Any) -> Json | None:
    """Return the JSON schema of a class, a tool or a function, with its references."""
    if callable(tool) and not isinstance(tool, type) and hasattr(tool, "__name__"):
        from langchain_core.tools.base import create_schema_from_function

        tool = create_schema_from_function(tool.__name__, tool, filter_args=())
    source = getattr(tool, "tool_call_schema", tool)
    if isinstance(source, dict):
        return source
    write = getattr(source, "model_json_schema", None) or getattr(source, "schema", None)
    return write() if write else None


def is_recursive(schema: Any) -> bool:
    """Return whether a JSON schema contains itself."""
    definitions = {
        f"#/{place}/{name}": set(_references(part))
        for place in ("$defs", "definitions")
        for name, part in (schema.get(place) or {}).items()
    }
    return any(_reaches(name, name, definitions, set()) for name in definitions)


def is_open(schema: Any) -> bool:
    """Return whether a schema is recursive, or has an object with arbitrary keys."""
    form = response_format(schema)["json_schema"]["schema"]
    return is_recursive(form) or _has_map(form)


def _has_map(node: Any) -> bool:
    if isinstance(node, list):
        return any(_has_map(part) for part in node)
    if not isinstance(node, dict):
        return False
    if node.get("additionalProperties") and not node.get("properties"):
        return True
    return any(_has_map(part) for part in node.values())


def _reaches(start: str, end: str, links: Mapping[str, set[str]], seen: set[str]) -> bool:
    for name in links.get(start, ()):
        if name == end:
            return True
        if name not in seen:
            seen.add(name)
            if _reaches(name, end, links, seen):
                return True
    return False


def _references(node: Any) -> Iterator[str]:
    """Yield every reference in a schema."""
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _references(part)


def _untitled(schema: Json) -> Json:
    return {name: value for name, value in schema.items() if name not in {"title", "description"}}


def _from_schema(tool: Json) -> Json:
    """Return a function whose parameters are a JSON schema.

    Raises: `ConfigurationError` for a schema that is not of an object.
    """
    from scout_adapters.llm.wires.strict_schema import adapt_schema

    name, schema, more = named_schema(tool)
    if (kind := schema.get("type", "object")) != "object":
        raise ConfigurationError(
            f"the schema {name!r} is of type {kind!r}, but a tool takes an object: "
            'use method="json_schema", or put it into a field of an object'
        )
    function: Json = {"name": name}
    if description := more.get("description") or schema.get("description"):
        function["description"] = description
    function["parameters"] = _untitled(schema)
    if "strict" in more:
        function["strict"] = more["strict"]
    if more.get("strict") is True:
        function["parameters"] = adapt_schema(function["parameters"])
    return {"type": "function", "function": function}


def named_schema(schema: Json) -> tuple[str, Json, Json]:
    """Return the name of a schema, the JSON schema itself, and the other fields of its wrapping.

    Takes a JSON schema, OpenAI's `{"name", "strict", "schema"}` and the same in its `json_schema`.
    """
    from scout_adapters.llm.wires.parsing import resolve_root

    wrapping = schema
    if isinstance(inner := schema.get("json_schema"), dict):
        wrapping = inner
    if not isinstance(inner := wrapping.get("schema"), dict):
        wrapping, inner = {}, schema
    resolved = resolve_root(inner)
    name = wrapping.get("name") or inner.get("title") or resolved.get("title") or "answer"
    return legal_name(name), resolved, wrapping


def legal_name(name: Any) -> str:
    """Return a name of the characters that all providers accept."""
    return INVALID_IN_NAME.sub("_", str(name))[:MAX_NAME]


def response_format(schema: Any, strict: bool | None = None) -> Json:
    """Return the `response_format` that requires an answer in the form of a class or schema."""
    from scout_adapters.llm.wires.strict_schema import adapt_schema

    if isinstance(schema, dict) and _is_json_schema(schema):
        name, converted, more = named_schema(schema)
        strict = more.get("strict") if strict is None else strict
        converted = {"title": name, **converted}
    else:
        function = normalize_tool(schema)["function"]
        name, converted = legal_name(function["name"]), {"title": function["name"]}
        if "description" in function:
            converted["description"] = function["description"]
        converted |= function.get("parameters") or {}
        strict = function.get("strict") if strict is None else strict
    strictness: Json = {} if strict is None else {"strict": strict}
    converted = adapt_schema(converted) if strict else converted
    form = {"name": name, "schema": converted, **strictness}
    return {"type": "json_schema", "json_schema": form}


def _is_json_schema(schema: Json) -> bool:
    """Return whether a dict is a schema with or without a name, and not a function."""
    return not ("function" in schema or "parameters" in schema or "input_schema" in schema)


def normalize_response_format(value: Any) -> Mapping[str, Any] | None:
    """Return a `response_format`; a class or a JSON schema requires an answer in its form.

    The Responses API's form, whose schema stands beside `type`, becomes that of Chat Completions.
    """
    if isinstance(value, dict) and value.get("type") == "json_schema" and "schema" in value:
        return response_format({name: each for name, each in value.items() if name != "type"})
    if value is None or (isinstance(value, Mapping) and value.get("type") in FORMATS):
        return value
    if isinstance(value, dict | type):
        return response_format(value)
    raise ConfigurationError(
        f"response_format= is a {type(value).__name__}: pass a class, a JSON schema, or a dict of "
        'type "json_schema" or "json_object"'
    )

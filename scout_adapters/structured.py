"""Structured output: a schema in, an object out, by JSON schema, by a tool, or by JSON mode."""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.openai_tools import (
    JsonOutputKeyToolsParser,
    PydanticToolsParser,
)
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import BaseModel

from scout_adapters.errors import ConfigurationError

Answer = dict[str, Any] | BaseModel
NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]")


def structured(
    model: BaseChatModel,
    schema: dict[str, Any] | type,
    *,
    method: str,
    include_raw: bool,
    strict: bool | None,
    options: Mapping[str, Any],
) -> Runnable[LanguageModelInput, Answer]:
    """Bind the schema to the model and put the fitting parser behind it."""
    match method:
        case "function_calling":
            asked = _by_tool(model, schema, strict, options)
            parser = _tool_parser(schema)
        case "json_schema":
            asked = _by_schema(model, schema, strict, options)
            parser = _json_parser(schema)
        case "json_mode":
            form = {"response_format": {"type": "json_object"}}
            asked = model.bind(**form, **_for_traces(schema, method), **options)
            parser = _json_parser(schema)
        case _:
            raise ConfigurationError(
                f"method={method!r} is none of json_schema, function_calling, json_mode"
            )
    return _with_raw(asked, parser) if include_raw else asked | parser


def _by_tool(
    model: BaseChatModel, schema: Any, strict: bool | None, options: Mapping[str, Any]
) -> Runnable[LanguageModelInput, AIMessage]:
    given: dict[str, Any] = {} if strict is None else {"strict": strict}
    return model.bind_tools(
        [schema],
        tool_choice="any",
        **{"parallel_tool_calls": False, **given, **options},
        **_for_traces(schema, "function_calling", **given),
    )


def _by_schema(
    model: BaseChatModel, schema: Any, strict: bool | None, options: Mapping[str, Any]
) -> Runnable[LanguageModelInput, AIMessage]:
    given: dict[str, Any] = {} if strict is None else {"strict": strict}
    # A schema in OpenAI's tool shape brings its own name; converting keeps it as the title.
    converted = convert_to_json_schema(schema, strict=strict)
    name = NOT_IN_A_NAME.sub("_", str(converted.get("title") or "answer"))[:64]
    form = {
        "type": "json_schema",
        "json_schema": {"name": name, "schema": converted, **given},
    }
    return model.bind(
        response_format=form, **options, **_for_traces(schema, "json_schema", **given)
    )


def _for_traces(schema: Any, method: str, **more: Any) -> dict[str, Any]:
    return {"ls_structured_output_format": {"kwargs": {"method": method, **more}, "schema": schema}}


def _is_pydantic(schema: Any) -> bool:
    return isinstance(schema, type) and is_basemodel_subclass(schema)


def _tool_parser(schema: Any) -> Runnable[AIMessage, Any]:
    if _is_pydantic(schema):
        return PydanticToolsParser(tools=[schema], first_tool_only=True)
    name = convert_to_openai_tool(schema)["function"]["name"]
    return JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)


def _json_parser(schema: Any) -> Runnable[AIMessage, Any]:
    if _is_pydantic(schema):
        return PydanticOutputParser(pydantic_object=schema)
    return JsonOutputParser()


def _with_raw(
    asked: Runnable[LanguageModelInput, AIMessage], parser: Runnable[AIMessage, Any]
) -> Runnable[LanguageModelInput, Any]:
    parsed = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | parser, parsing_error=lambda _: None
    )
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=asked) | parsed.with_fallbacks([failed], exception_key="parsing_error")

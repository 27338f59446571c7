"""Build the body of a Chat Completions request, in the dialect of the provider's card.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.openai_chat.dialect import ChatCompletionsDialect, dialect_of
from scout_adapters.llm.wires.openai_chat.messages import render_messages
from scout_adapters.llm.wires.openai_chat.tools import tool_fields
from scout_adapters.llm.wires.parsing import apply_card
from scout_adapters.llm.wires.strict_schema import adapt_schema


def build_body(request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
    """Build the body.

    Raises:
        UnsupportedContent: A block has no form in this API, or the provider refuses it.
    """
    dialect, form = dialect_of(spec), request.response_format
    body: Json = {
        "model": request.model,
        "messages": render_messages(turns, spec, dialect, request.model),
    }
    options: Json = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_tokens": request.max_tokens,
        "stop": list(request.stop) or None,
        "response_format": form and _response_format(form, dialect),
        "reasoning_effort": request.reasoning_effort,
    }
    if request.tools:
        options |= tool_fields(request, dialect)
    body |= _without_none(options)
    if request.stream:
        # Without this option the stream has no token counts, and the call no cost.
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    if request.extra:
        _add_extra(body, request.extra)
    if dialect.without_thinking and _forces_a_tool(body):
        body = {**dialect.without_thinking, **body}
    return apply_card(body, spec)


def _add_extra(body: Json, extra: Mapping[str, Any]) -> None:
    """Add the caller's fields; options of streams to streams only, beside our own.

    "The 'stream_options' parameter is only allowed when 'stream' is enabled."
    """
    ours = body.get("stream_options")
    body |= _without_none(extra)
    theirs = extra.get("stream_options")
    if ours is None:
        body.pop("stream_options", None)
    elif isinstance(theirs, Mapping):
        body["stream_options"] = {**ours, **theirs}


def _forces_a_tool(body: Json) -> bool:
    choice = body.get("tool_choice")
    return "tools" in body and (isinstance(choice, dict) or choice not in {None, "auto", "none"})


def _without_none(fields: Mapping[str, Any]) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _response_format(
    response_format: Mapping[str, Any], dialect: ChatCompletionsDialect
) -> Mapping[str, Any]:
    if not dialect.closed_schemas:
        return response_format
    json_schema = response_format.get("json_schema")
    if not isinstance(json_schema, Mapping) or json_schema.get("strict") is not True:
        return response_format
    schema = adapt_schema(json_schema.get("schema"))
    return {**response_format, "json_schema": {**json_schema, "schema": schema}}

"""Rendering a request into a Chat Completions body, in the dialect that the provider's card names.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.openai_chat.content import message_content
from scout_adapters.llm.wires.openai_chat.dialect import dialect_of
from scout_adapters.llm.wires.openai_chat.schema import close_schema
from scout_adapters.llm.wires.openai_chat.tool_media import media_after_results
from scout_adapters.llm.wires.parsing import apply_card


def build_body(request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
    """Render the request; raises `UnsupportedContent` for what Chat Completions cannot carry."""
    body: Json = {
        "model": request.model,
        "messages": _messages(turns, spec),
    }
    options = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_tokens": request.max_tokens,
        "stop": list(request.stop) or None,
        "response_format": _form(request.response_format, spec),
        "reasoning_effort": request.reasoning_effort,
        **_tooling(request, spec),
    }
    body |= _known(options)
    if request.stream:
        # Without the option the stream carries no token counts, so the call has no price.
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return apply_card(body | _known(request.extra), spec)


def _known(fields: Mapping[str, Any]) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _form(wanted: Mapping[str, Any] | None, spec: ProviderSpec) -> Mapping[str, Any] | None:
    form = wanted.get("json_schema") if wanted and dialect_of(spec).closed_schemas else None
    if not isinstance(form, Mapping) or form.get("strict") is not True:
        return wanted
    return {**(wanted or {}), "json_schema": {**form, "schema": close_schema(form.get("schema"))}}


def _tooling(request: ChatRequest, spec: ProviderSpec) -> Json:
    # OpenAI answers `tools: []`, and a tool_choice without tools, with a 400.
    if not request.tools:
        return {}
    return {
        "tools": [_tool(tool, spec) for tool in request.tools],
        "tool_choice": _tool_choice(request.tool_choice, spec),
        "parallel_tool_calls": request.parallel_tool_calls,
    }


def _tool(tool: Mapping[str, Any], spec: ProviderSpec) -> Json:
    if tool.get("type") == "function" and not dialect_of(spec).cache_markers:
        return {name: value for name, value in tool.items() if name != "cache_control"}
    return dict(tool)


def _tool_choice(choice: str | Mapping[str, Any] | None, spec: ProviderSpec) -> Any:
    if choice is None or choice in ("auto", "none"):
        return choice
    if choice in ("any", "required"):
        return dialect_of(spec).any_tool
    if isinstance(choice, str):
        return {"type": "function", "function": {"name": choice}}
    return choice


def _messages(turns: Sequence[Turn], spec: ProviderSpec) -> list[Json]:
    made = [_message(turn, spec) for turn in media_after_results(turns, spec)]
    if "empty_answers" not in dialect_of(spec).refuses:
        return made
    return [one for one in made if one["content"] or one["role"] != "assistant" or _acts(one)]


def _acts(message: Json) -> bool:
    return "tool_calls" in message or "function_call" in message


def _message(turn: Turn, spec: ProviderSpec) -> Json:
    message: Json = {"role": turn.role, "content": message_content(turn, spec)}
    if turn.role == "tool":
        # There is no flag for a tool that failed: its content says so, as in ChatOpenAI.
        return message | {"tool_call_id": _call_id(turn.tool_call_id, spec)}
    if turn.name:
        message["name"] = turn.name
    if turn.role == "assistant":
        _add_what_was_done(message, turn, spec)
    return message


def _add_what_was_done(message: Json, turn: Turn, spec: ProviderSpec) -> None:
    calls = [_tool_call(block, spec) for block in turn.blocks if block["type"] == "tool_call"]
    if calls:
        message["tool_calls"] = calls
    elif function := turn.kept.get("function_call"):
        message["function_call"] = function
    if calls or "function_call" in message:
        message["content"] = message["content"] or None
    if isinstance(audio := turn.kept.get("audio"), Mapping) and audio.get("id"):
        # Speech goes back by its id: https://platform.openai.com/docs/guides/audio
        message["audio"] = {"id": audio["id"]}
        message["content"] = message["content"] or None
    message |= _reasoning(turn, spec)


def _tool_call(block: Json, spec: ProviderSpec) -> Json:
    args = block["args"]
    arguments = args if isinstance(args, str) else json.dumps(args, ensure_ascii=False)
    return {
        "id": _call_id(block["id"], spec),
        "type": "function",
        "function": {"name": block["name"], "arguments": arguments},
    }


def _call_id(call_id: str | None, spec: ProviderSpec) -> str:
    return spec.tool_call_id(call_id or "") if spec.tool_call_id else call_id or ""


def _reasoning(turn: Turn, spec: ProviderSpec) -> Json:
    name = dialect_of(spec).reasoning_field
    if not name:
        return {}
    if name == "reasoning_details":
        if details := turn.kept.get("reasoning_details"):
            return {"reasoning_details": [_lasting(detail) for detail in details]}
        return _thoughts(turn, "reasoning")
    return _thoughts(turn, name)


def _thoughts(turn: Turn, name: str) -> Json:
    text = "".join(block["reasoning"] for block in turn.blocks if block["type"] == "reasoning")
    text = text or turn.kept.get("reasoning_content") or ""
    return {name: text} if text else {}


def _lasting(detail: Any) -> Any:
    """Leave out the id of an item that OpenAI never stored and would answer with a 404.

    https://github.com/langchain-ai/langchain/issues/37777. Streams of other packages leave the
    format as often as there were pieces: it is said once.
    """
    if not isinstance(detail, Mapping):
        return detail
    lasting = dict(detail)
    if str(detail.get("id") or "").startswith("rs_"):
        del lasting["id"]
    if isinstance(form := detail.get("format"), str) and form:
        lasting["format"] = form[: (form + form).index(form, 1)]
    return lasting

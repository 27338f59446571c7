"""Turns rendered into the `messages` of a Chat Completions request.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from scout_adapters._internal.json_values import Json, json_text, mapping
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import ProviderSpec, Turn
from scout_adapters.llm.wires.openai_chat.content import render_content
from scout_adapters.llm.wires.openai_chat.dialect import ChatCompletionsDialect
from scout_adapters.llm.wires.openai_chat.parse_fields import CALL_EXTRAS
from scout_adapters.llm.wires.openai_chat.streamed_call import CUSTOM_ARGUMENT
from scout_adapters.llm.wires.openai_chat.tool_media import media_after_results

INVALID_IN_NAME = re.compile(r"[\s<|\\/>]+")
"""What OpenAI refuses in the `name` of a message."""

MAX_NAME = 64
"""Characters of the `name` of a message."""


def render_messages(
    turns: Sequence[Turn], spec: ProviderSpec, dialect: ChatCompletionsDialect, model: str
) -> list[Json]:
    """Render the turns for a model of the provider `spec` with its dialect.

    Raises:
        UnsupportedContent: A block has no form in this API, or the provider refuses it.
    """
    field = dialect.reasoning_field_of(model)
    messages = [
        _message(turn, spec, dialect, field) for turn in media_after_results(turns, dialect)
    ]
    if "empty_answers" in dialect.refuses:
        messages = [message for message in messages if not _is_empty_answer(message)]
    if turns and not messages:
        raise UnsupportedContent.empty_conversation()
    return messages


def _is_empty_answer(message: Json) -> bool:
    has_call = "tool_calls" in message or "function_call" in message
    return message["role"] == "assistant" and not message["content"] and not has_call


def _message(
    turn: Turn, spec: ProviderSpec, dialect: ChatCompletionsDialect, reasoning_field: str
) -> Json:
    message: Json = {"role": turn.role, "content": render_content(turn, spec, dialect)}
    if turn.role == "tool":
        # The API has no flag for a failed tool; the content states it, as in ChatOpenAI.
        return message | {"tool_call_id": _call_id(turn.tool_call_id, spec)}
    if turn.name and (name := INVALID_IN_NAME.sub("_", turn.name.strip())[:MAX_NAME]):
        message["name"] = name
    if turn.role == "assistant":
        _add_calls(message, turn, spec)
        _add_audio(message, turn)
        if reasoning_field:
            _add_reasoning(message, turn, reasoning_field)
    return message


def _add_calls(message: Json, turn: Turn, spec: ProviderSpec) -> None:
    extras = mapping(turn.extras.get(CALL_EXTRAS))
    calls = [
        _tool_call(block, spec, mapping(extras.get(block["id"] or "")))
        for block in turn.blocks
        if block["type"] == "tool_call"
    ]
    if calls:
        message["tool_calls"] = calls
    elif function := turn.extras.get("function_call"):
        message["function_call"] = function
    if calls or "function_call" in message:
        message["content"] = message["content"] or None


def _add_audio(message: Json, turn: Turn) -> None:
    """Refer to an audio answer by its id: https://platform.openai.com/docs/guides/audio."""
    if isinstance(audio := turn.extras.get("audio"), Mapping) and audio.get("id"):
        message["audio"] = {"id": audio["id"]}
        message["content"] = message["content"] or None


def _tool_call(block: Json, spec: ProviderSpec, extra: Mapping[str, Any]) -> Json:
    args = block["args"]
    call: Json = {"id": _call_id(block["id"], spec), "type": "function", **extra}
    if call["type"] == "custom":
        text = args.get(CUSTOM_ARGUMENT, "") if isinstance(args, dict) else args
        return call | {"custom": {"name": block["name"], "input": text}}
    arguments = args if isinstance(args, str) else json_text(args)
    return call | {"function": {"name": block["name"], "arguments": arguments}}


def _call_id(call_id: str | None, spec: ProviderSpec) -> str:
    return spec.tool_call_id(call_id or "") if spec.tool_call_id else call_id or ""


def _add_reasoning(message: Json, turn: Turn, field: str) -> None:
    if field == "reasoning_details":
        if details := turn.extras.get("reasoning_details"):
            message["reasoning_details"] = [_reasoning_detail(detail) for detail in details]
            return
        field = "reasoning"
    text = "".join(block["reasoning"] for block in turn.blocks if block["type"] == "reasoning")
    text = text or turn.extras.get("reasoning_content") or ""
    if text and field == "content":
        message["content"] = [_thinking_chunk(text), *_as_parts(message["content"])]
    elif text:
        message[field] = text


def _thinking_chunk(text: str) -> Json:
    """Return reasoning as Mistral sends it: https://docs.mistral.ai/capabilities/reasoning."""
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}], "closed": True}


def _as_parts(content: str | list[Json] | None) -> list[Json]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []


def _reasoning_detail(detail: Any) -> Any:
    """Drop the id of an item that OpenAI does not store, and would answer with a 404.

    https://github.com/langchain-ai/langchain/issues/37777. Streams of other packages repeat the
    value of `format` once per piece; one is left.
    """
    if not isinstance(detail, Mapping):
        return detail
    result = dict(detail)
    if str(detail.get("id") or "").startswith("rs_"):
        del result["id"]
    if isinstance(text := detail.get("format"), str) and text:
        result["format"] = text[: (text + text).index(text, 1)]
    return result

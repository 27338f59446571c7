"""Messages in the JSON form of OpenTelemetry's conventions; recorded only on request.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/#capturing-instructions-inputs-and-outputs
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import orjson
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from scout_adapters._internal.json_values import Json

ROLES = {"human": "user", "ai": "assistant"}
"""By type of LangChain message: the role in the conventions; other types are the role itself."""

TEXTS = frozenset({"text", "reasoning"})
"""Types of content blocks with text, which is in a field of the same name."""


def messages_json(messages: Sequence[BaseMessage], finish_reason: str | None = None) -> str:
    """Return messages as a JSON array of roles with their parts."""
    listed = [_message(message, finish_reason) for message in messages]
    try:
        return orjson.dumps(listed, default=str).decode()
    except TypeError:  # an integer beyond 64 bits, half of a surrogate pair
        return json.dumps(listed, default=str)


def _message(message: BaseMessage, finish_reason: str | None) -> Json:
    shown: Json = {"role": ROLES.get(message.type, message.type), "parts": [*_parts(message)]}
    if isinstance(message, AIMessage) and finish_reason is not None:
        shown["finish_reason"] = finish_reason
    return shown


def _parts(message: BaseMessage) -> Iterator[Json]:
    if isinstance(message, ToolMessage):
        yield {
            "type": "tool_call_response",
            "id": message.tool_call_id,
            "response": message.content,
        }
        return
    blocks: list[Json] = [{**block} for block in message.content_blocks]
    for block in blocks:
        kind = block["type"]
        if kind in TEXTS:
            yield {"type": kind, "content": block.get(kind, "")}
        elif kind == "tool_call":
            call = {"id": block.get("id"), "name": block.get("name"), "arguments": block["args"]}
            yield {"type": "tool_call", **call}
        else:  # an image, a file: not its bytes
            yield {"type": kind, "mime_type": block.get("mime_type")}

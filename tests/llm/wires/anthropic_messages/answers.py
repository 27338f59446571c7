"""Answers in Anthropic's form, whole and as events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.anthropic_messages import WIRE

SPEC = ProviderSpec(
    name="anthropic",
    docs="https://platform.claude.com/docs/en/api/messages",
    wire=WIRE,
    base_url="https://api.anthropic.com",
)

TEXT = {"type": "text", "text": "It is sunny."}

THINKING = {"type": "thinking", "thinking": "Let me see.", "signature": "sig=="}

REDACTED = {"type": "redacted_thinking", "data": "xyz"}

CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome", "n": 2}}

BARE_CALL = {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}}

SEARCH = {
    "type": "server_tool_use",
    "id": "srvtoolu_1",
    "name": "web_search",
    "input": {"query": "x"},
}

SEARCH_RESULT = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [{"type": "web_search_result", "url": "https://example.com", "title": "X"}],
}

CITATION = {"type": "char_location", "cited_text": "sunny", "document_index": 0, "file_id": None}

CITED = {"type": "text", "text": "It is sunny.", "citations": [CITATION]}

COMPACTION = {"type": "compaction", "content": "They spoke of the weather."}

UNHEARD_OF = {"type": "hologram", "frames": [1, 2]}

USAGE = {"input_tokens": 10, "output_tokens": 5}


def body(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5",
        "content": list(blocks),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": USAGE,
    } | more


def parse(*blocks: dict[str, Any], **more: Any) -> AIMessage:
    return WIRE.parse_response(body(*blocks, **more), SPEC)


# Streams


def start_of(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Split a block as the API does: what comes at once, and the deltas."""
    match block["type"]:
        case "text":
            deltas = [
                {"type": "text_delta", "text": piece} for piece in block["text"].split(" ", 1)
            ]
            deltas[1]["text"] = " " + deltas[1]["text"]
            cited = block.get("citations", [])
            deltas += [{"type": "citations_delta", "citation": citation} for citation in cited]
            return {"type": "text", "text": ""} | ({"citations": []} if cited else {}), deltas
        case "thinking":
            deltas = [
                {"type": "thinking_delta", "thinking": block["thinking"], "estimated_tokens": 3},
                {"type": "signature_delta", "signature": block["signature"]},
            ]
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
        case "tool_use" | "server_tool_use":
            written = json.dumps(block["input"]) if block["input"] else ""
            pieces = ["", written[:5], written[5:]]
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
            return block | {"input": {}}, deltas
        case "compaction":
            deltas = [{"type": "compaction_delta", "content": block["content"]}]
            return {"type": "compaction", "content": None}, deltas
        case _:
            return block, []


def events(*blocks: dict[str, Any], **more: Any) -> Iterator[dict[str, Any]]:
    """Stream `body(*blocks)` as the API does."""
    whole = body(*blocks, **more)
    usage = {"input_tokens": 10, "output_tokens": 1, "service_tier": "standard"}
    fresh = {"content": [], "stop_reason": None, "usage": usage}
    yield {"type": "message_start", "message": whole | fresh}
    yield {"type": "ping"}
    for index, block in enumerate(blocks):
        start, deltas = start_of(block)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    delta = {name: whole[name] for name in ("stop_reason", "stop_sequence")}
    yield {"type": "message_delta", "delta": delta, "usage": whole["usage"]}
    yield {"type": "message_stop"}


def read(*parts: Any, request: dict[str, Any] | None = None) -> list[AIMessageChunk]:
    reader = WIRE.reader(SPEC, request)
    shown = [chunk for event in parts if (chunk := reader.feed(event)) is not None]
    return [*shown, reader.close()]


def merged(*parts: Any, request: dict[str, Any] | None = None) -> AIMessageChunk:
    return reduce(add, read(*parts, request=request))


PLAIN = {"messages": [{"role": "user", "content": "hi"}]}

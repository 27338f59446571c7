"""Answers of ours in LiteLLM's form: messages, deltas, token counts, and the cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters.litellm.received_messages import ANSWER, stored_answer

FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "STOP": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "MAX_TOKENS": "length",
    "refusal": "content_filter",
    "SAFETY": "content_filter",
}
"""Providers' reasons for the end of an answer, and OpenAI's."""


def message_fields(message: AIMessage) -> dict[str, Any]:
    """Return the fields of LiteLLM's `Message`."""
    return {
        "role": "assistant",
        "content": message.text or None,
        "tool_calls": [
            _call(call["id"], call["name"], json.dumps(call["args"])) for call in message.tool_calls
        ]
        + [
            _call(call["id"], call["name"] or "", call["args"] or "")
            for call in message.invalid_tool_calls
        ],
        "reasoning_content": reasoning_of(message) or None,
        "thinking_blocks": _thinking_blocks(message) or None,
        "provider_specific_fields": {ANSWER: stored_answer(message)},
    }


def delta_fields(chunk: AIMessageChunk) -> dict[str, Any]:
    """Return the fields of LiteLLM's `Delta`."""
    calls = [
        {**_call(call["id"], call["name"], call["args"] or ""), "index": call["index"] or 0}
        for call in chunk.tool_call_chunks
    ]
    fields = {
        "role": "assistant",
        "content": chunk.text or None,
        "tool_calls": calls or None,
        "reasoning_content": reasoning_of(chunk) or None,
        "thinking_blocks": _thinking_blocks(chunk) or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _call(call_id: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


def reasoning_of(message: AIMessage) -> str:
    """Return the text of the reasoning, in whichever form the provider's package has it."""
    texts = [
        str(block.get("reasoning") or "")
        for block in message.content_blocks
        if block["type"] == "reasoning"
    ]
    return "".join(texts) or str(message.additional_kwargs.get("reasoning_content") or "")


def _thinking_blocks(message: AIMessage) -> list[dict[str, Any]]:
    """Return Anthropic's blocks of reasoning, with their signatures."""
    if isinstance(message.content, str):
        return []
    return [
        {name: value for name, value in block.items() if name != "index"}
        for block in message.content
        if isinstance(block, dict) and block.get("type") in {"thinking", "redacted_thinking"}
    ]


def finish_reason_of(message: AIMessage) -> str | None:
    """Return OpenAI's reason for the end of an answer; None before the end."""
    metadata = message.response_metadata
    reason = metadata.get("finish_reason") or metadata.get("stop_reason")
    if reason is None:
        return None
    if message.tool_calls:
        return "tool_calls"
    return FINISH_REASONS.get(str(reason), str(reason))


def usage_fields(message: AIMessage) -> dict[str, Any] | None:
    """Return the fields of LiteLLM's `Usage`; None if the provider sent no counts."""
    usage = message.usage_metadata
    if usage is None:
        return None
    read, written = usage.get("input_token_details", {}), usage.get("output_token_details", {})
    return {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["total_tokens"],
        "prompt_tokens_details": {
            "cached_tokens": read.get("cache_read", 0),
            "audio_tokens": read.get("audio", 0),
        },
        "completion_tokens_details": {
            "reasoning_tokens": written.get("reasoning", 0),
            "audio_tokens": written.get("audio", 0),
        },
        "cache_read_input_tokens": read.get("cache_read", 0),
        "cache_creation_input_tokens": read.get("cache_creation", 0),
    }


def cost_of(message: AIMessage) -> float | None:
    """Return the cost of a call in US dollars; None if it is unknown."""
    summary = message.response_metadata.get("scout")
    cost = summary.get("cost_usd") if isinstance(summary, Mapping) else None
    return cost if isinstance(cost, float | int) else None

"""Canned answers of the Responses API, with the usual size and fields."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from canned.answers import MODEL, TEXT, named_event, whole, words

RESPONSE_ID = "resp_0d1f2c6f5b7a4c3e0068ff0a3c2c90819a8f3a2f9f2b6c1d7e"
MESSAGE_ID = "msg_0d1f2c6f5b7a4c3e0068ff0a3d0f3c819a9b2d6e4f1a7c5b3e"
OBFUSCATION = "x8Kq2LmT9vRz"
"""Fills each delta, as OpenAI's own do: https://platform.openai.com/docs/api-reference/responses-streaming."""


def responses_whole() -> bytes:
    """Return a response."""
    return whole(_response("completed", [_message(TEXT)], _usage(17)))


def responses_events(count_of_words: int) -> Iterator[bytes]:
    """Yield a streamed response with so many events of text."""
    numbers = count()

    def event(kind: str, fields: dict[str, Any]) -> bytes:
        return named_event(kind, {"sequence_number": next(numbers), **fields})

    begun = {"response": _response("in_progress", [], None)}
    yield event("response.created", begun)
    yield event("response.in_progress", begun)
    empty = {**_message(""), "status": "in_progress", "content": []}
    yield event("response.output_item.added", {"output_index": 0, "item": empty})
    place = {"item_id": MESSAGE_ID, "output_index": 0, "content_index": 0}
    yield event("response.content_part.added", {**place, "part": _part("")})
    for word in words(count_of_words):
        delta = {**place, "delta": word, "logprobs": [], "obfuscation": OBFUSCATION}
        yield event("response.output_text.delta", delta)
    text = "".join(words(count_of_words))
    yield event("response.output_text.done", {**place, "text": text, "logprobs": []})
    yield event("response.content_part.done", {**place, "part": _part(text)})
    yield event("response.output_item.done", {"output_index": 0, "item": _message(text)})
    ended = _response("completed", [_message(text)], _usage(count_of_words))
    yield event("response.completed", {"response": ended})


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _message(text: str) -> dict[str, Any]:
    head = {"id": MESSAGE_ID, "type": "message", "status": "completed"}
    return {**head, "content": [_part(text)], "role": "assistant"}


def _usage(output: int) -> dict[str, Any]:
    return {
        "input_tokens": 13,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 13 + output,
    }


def _response(status: str, output: list[Any], usage: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "id": RESPONSE_ID,
        "object": "response",
        "created_at": 1767225600,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "model": MODEL,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": "medium", "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage,
        "user": None,
        "metadata": {},
    }

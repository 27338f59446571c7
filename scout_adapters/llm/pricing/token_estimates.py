"""Tokens where nobody has counted them: estimates, flagged wherever they show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata

from scout_adapters.llm.types import ChatRequest

BYTES_PER_TOKEN = 4
WORDS = ("text", "thinking", "reasoning")
"""The fields of a content block that hold what a model has said."""


def tokens_in_bytes(size: int) -> int:
    """Estimate the tokens of so many bytes or characters, rounded up."""
    return -(-size // BYTES_PER_TOKEN)


def request_bytes(request: ChatRequest) -> int:
    """Return the characters of a request's messages."""
    return sum(len(message.text) for message in request.messages)


def answer_bytes(messages: Iterable[AIMessage]) -> int:
    """Return the characters of an answer, or of its chunks: text, thoughts and calls."""
    return sum(_size(message) for message in messages)


def _size(message: AIMessage) -> int:
    thought = message.additional_kwargs.get("reasoning_content") or ""
    calls = message.tool_call_chunks if isinstance(message, AIMessageChunk) else message.tool_calls
    called = sum(len(call["name"] or "") + len(str(call["args"] or "")) for call in calls)
    content = message.content
    said = len(content) if isinstance(content, str) else sum(map(_block_size, content))
    return said + len(thought) + called


def _block_size(block: str | Mapping[str, Any]) -> int:
    if isinstance(block, str):
        return len(block)
    return sum(len(str(block.get(name) or "")) for name in WORDS)


def estimated_usage(asked: int, said: int, known: UsageMetadata | None = None) -> UsageMetadata:
    """Make counts of two numbers of tokens; what an answer had counted itself by then is `known`.

    Its count of the input is right; that of the output may be of any moment before the end.
    """
    if known is None:
        return UsageMetadata(input_tokens=asked, output_tokens=said, total_tokens=asked + said)
    given, taken = known["input_tokens"], max(known["output_tokens"], said)
    counts = {"input_tokens": given, "output_tokens": taken, "total_tokens": given + taken}
    return UsageMetadata(**{**known, **counts})  # type: ignore[typeddict-item]  # the same keys

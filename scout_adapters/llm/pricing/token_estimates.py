"""Token estimates for answers without counts from the provider; records mark them `estimated`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata

from scout_adapters.llm.types import ChatRequest, ModelAnswer, ModelRequest

BYTES_PER_TOKEN = 4
TEXT_FIELDS = ("text", "thinking", "reasoning")
"""The fields of a content block with generated text."""


def tokens_of_size(size: int) -> int:
    """Return the estimated tokens of `size` bytes or characters, rounded up."""
    return -(-size // BYTES_PER_TOKEN)


def request_characters(request: ModelRequest) -> int:
    """Return the characters of a request's messages; 0 for a request without messages."""
    messages = request.messages if isinstance(request, ChatRequest) else ()
    return sum(len(message.text) for message in messages)


def answer_characters(answers: Iterable[ModelAnswer]) -> int:
    """Return the characters of an answer or of its chunks: text, reasoning and tool calls.

    0 for embeddings, whose output is not billed.
    """
    return sum(_message_size(answer) for answer in answers if isinstance(answer, AIMessage))


def _message_size(message: AIMessage) -> int:
    reasoning = message.additional_kwargs.get("reasoning_content") or ""
    calls = message.tool_call_chunks if isinstance(message, AIMessageChunk) else message.tool_calls
    call_size = sum(len(call["name"] or "") + len(str(call["args"] or "")) for call in calls)
    content = message.content
    size = len(content) if isinstance(content, str) else sum(map(_block_size, content))
    return size + len(reasoning) + call_size


def _block_size(block: str | Mapping[str, Any]) -> int:
    if isinstance(block, str):
        return len(block)
    return sum(len(str(block.get(name) or "")) for name in TEXT_FIELDS)


def estimated_usage(
    input_tokens: int, output_tokens: int, counted: UsageMetadata | None = None
) -> UsageMetadata:
    """Return estimated counts as LangChain's usage.

    `counted`: the provider's counts so far when an answer broke off. The input count is final; the
    output count may be too low, so the larger one of it and the estimate is used.
    """
    if counted is None:
        total = input_tokens + output_tokens
        return UsageMetadata(
            input_tokens=input_tokens, output_tokens=output_tokens, total_tokens=total
        )
    counted_input = counted["input_tokens"]
    output = max(counted["output_tokens"], output_tokens)
    counts = {
        "input_tokens": counted_input,
        "output_tokens": output,
        "total_tokens": counted_input + output,
    }
    return UsageMetadata(**{**counted, **counts})  # type: ignore[typeddict-item]  # the same keys

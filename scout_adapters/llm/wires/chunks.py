"""Create answers and chunks of streams, without LangChain's validation if they have no tool calls.

The validation takes half of the time of a text stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    InvalidToolCall,
    ToolCall,
    ToolCallChunk,
)
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.fast_copy import copy_unvalidated
from scout_adapters._internal.json_values import Json

_EMPTY = AIMessageChunk(
    content="", additional_kwargs={}, response_metadata={}, tool_call_chunks=[], id=None
)
_EMPTY_ANSWER = AIMessage(
    content="",
    additional_kwargs={},
    response_metadata={},
    tool_calls=[],
    invalid_tool_calls=[],
    usage_metadata=None,
    id=None,
)


def answer_of(
    content: str | list[Any],
    metadata: Json,
    message_id: str | None,
    *,
    kwargs: Json,
    usage: UsageMetadata | None,
    calls: tuple[list[ToolCall], list[InvalidToolCall]],
) -> AIMessage:
    """Return a whole answer; it takes over the containers passed to it.

    `calls` are the tool calls, and those with invalid arguments.
    """
    valid, invalid = calls
    fields: Json = {
        "content": content,
        "additional_kwargs": kwargs,
        "response_metadata": metadata,
        "id": message_id,
        "tool_calls": valid,
        "invalid_tool_calls": invalid,
        "usage_metadata": usage,
    }
    if valid or invalid:
        return AIMessage(**fields)
    return copy_unvalidated(_EMPTY_ANSWER, fields)


def chunk_of(
    content: str | list[Any],
    metadata: Json,
    chunk_id: str | None,
    *,
    kwargs: Json,
    calls: Sequence[ToolCallChunk] = (),
) -> AIMessageChunk:
    """Return a chunk; it takes over the containers passed to it."""
    if calls:
        return AIMessageChunk(
            content=content,
            additional_kwargs=kwargs,
            tool_call_chunks=[*calls],
            response_metadata=metadata,
            id=chunk_id,
        )
    return copy_unvalidated(
        _EMPTY,
        {
            "content": content,
            "additional_kwargs": kwargs,
            "response_metadata": metadata,
            "id": chunk_id,
            "tool_calls": [],
            "invalid_tool_calls": [],
            "tool_call_chunks": [],
        },
    )

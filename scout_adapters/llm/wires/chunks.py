"""Chunks of a streamed answer, without LangChain's validation where there is nothing to validate.

It looks for tool calls in each chunk: half of the time that a stream of words takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessageChunk, ToolCallChunk

from scout_adapters._internal.fast_copy import copy_unvalidated
from scout_adapters._internal.json_values import Json

_EMPTY = AIMessageChunk(
    content="", additional_kwargs={}, response_metadata={}, tool_call_chunks=[], id=None
)


def chunk_of(
    content: str | list[Any],
    metadata: Json,
    chunk_id: str | None,
    *,
    kwargs: Json,
    calls: Sequence[ToolCallChunk] = (),
) -> AIMessageChunk:
    """Make a chunk; the containers that it is given become its own."""
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

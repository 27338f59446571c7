"""Chunks with content blocks in LangChain's v1 form, where core cannot make them itself.

Core's translators see one chunk at a time. For Chat Completions they give text and the first tool
call the same index 0 and melt them into one block, and Groq's loses the arguments. Named indices
keep blocks apart: `lc_rs_0`, `lc_txt_0`, `lc_tc_0`, …
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessageChunk, ToolCallChunk

INDEXED_BY_CORE = frozenset({"anthropic", "google_genai"})
"""Makers whose chunks bring indices that core's translators keep."""


def _call_block(call: ToolCallChunk) -> dict[str, Any]:
    return {
        "type": "tool_call_chunk",
        "id": call.get("id"),
        "name": call.get("name"),
        "args": call.get("args"),
        "index": f"lc_tc_{call.get('index') or 0}",
    }


def in_blocks(chunk: AIMessageChunk) -> AIMessageChunk:
    """Return the chunk with its text, reasoning and tool calls as v1 blocks in its content."""
    metadata = chunk.response_metadata
    if not isinstance(chunk.content, str) or metadata.get("model_provider") in INDEXED_BY_CORE:
        return chunk
    kept = dict(chunk.additional_kwargs)
    thought = kept.pop("reasoning_content", None)
    content: list[str | dict[str, Any]] = []
    if thought:
        content.append({"type": "reasoning", "reasoning": thought, "index": "lc_rs_0"})
    if chunk.content:
        content.append({"type": "text", "text": chunk.content, "index": "lc_txt_0"})
    content.extend(_call_block(call) for call in chunk.tool_call_chunks)
    return AIMessageChunk(
        content=content,
        additional_kwargs=kept,
        tool_call_chunks=chunk.tool_call_chunks,
        usage_metadata=chunk.usage_metadata,
        response_metadata={**metadata, "output_version": "v1"},
        chunk_position=chunk.chunk_position,
        id=chunk.id,
    )

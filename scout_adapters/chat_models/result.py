"""Messages as LangChain takes them: generations, and content blocks where core cannot make them.

Core's translators see one chunk at a time. For Chat Completions they give text and the first tool
call the same index 0 and melt them into one block, and Groq's loses the arguments. Named indices
keep blocks apart: `lc_rs_0`, `lc_txt_0`, `lc_tc_0`, …
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, AIMessageChunk, ToolCallChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from scout_adapters._internal.fast_copy import copy_unvalidated

if TYPE_CHECKING:
    from scout_adapters._internal.json_values import Json

_EMPTY = ChatGenerationChunk(message=AIMessageChunk(content=""))

GATEWAY = "lc_gateway_metadata"
"""LangChain's tracers copy what stands here to the run: who answered, and what it cost."""


def _call_block(call: ToolCallChunk) -> dict[str, Any]:
    return {
        "type": "tool_call_chunk",
        "id": call.get("id"),
        "name": call.get("name"),
        "args": call.get("args"),
        "index": f"lc_tc_{call.get('index') or 0}",
    }


def as_v1_blocks(chunk: AIMessageChunk) -> AIMessageChunk:
    """Return the chunk with its text, reasoning and tool calls as v1 blocks in its content."""
    if not isinstance(chunk.content, str):
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
        response_metadata={**chunk.response_metadata, "output_version": "v1"},
        chunk_position=chunk.chunk_position,
        id=chunk.id,
    )


def _gateway(message: AIMessage) -> Json:
    scout: Mapping[str, Any] = message.response_metadata["scout"]
    return {
        "model": scout["model"],
        "provider": scout["provider"],
        "cost_usd": scout["cost_usd"],
        "attempts": scout["attempts"],
    }


def chat_result(message: AIMessage) -> ChatResult:
    """Make a whole answer's result, with what tracers copy to the run."""
    generation = ChatGeneration(message=message, generation_info={GATEWAY: _gateway(message)})
    return ChatResult(generations=[generation])


def generation_chunk(chunk: AIMessageChunk) -> ChatGenerationChunk:
    """Make a chunk's generation; the last one carries what tracers copy to the run."""
    if chunk.chunk_position == "last":
        return ChatGenerationChunk(message=chunk, generation_info={GATEWAY: _gateway(chunk)})
    if not isinstance(chunk.content, str):
        return ChatGenerationChunk(message=chunk)
    # Validated, it would look for the text that is at hand.
    return copy_unvalidated(_EMPTY, {"message": chunk, "text": chunk.content})

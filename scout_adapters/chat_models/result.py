"""Answers as LangChain's results: generations, and content blocks that core cannot build itself.

Core translates one chunk at a time. For Chat Completions it gives text and the first tool call the
same index 0, so that they merge into one block, and it loses the arguments of Groq's calls. Indices
by kind keep the blocks apart: `lc_rs_0`, `lc_txt_0`, `lc_tc_0`, …
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from langchain_core.messages import AIMessage, AIMessageChunk, ToolCallChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from scout_adapters._internal.fast_copy import copy_unvalidated

if TYPE_CHECKING:
    from scout_adapters._internal.json_values import Json
    from scout_adapters.llm.types import Wire

_EMPTY = ChatGenerationChunk(message=AIMessageChunk(content=""))
_EMPTY_RESULT = ChatResult(generations=[])
_EMPTY_GENERATION = ChatGeneration(message=AIMessage(content=""), generation_info=None)

AnyMessage = TypeVar("AnyMessage", bound=AIMessage)
ChunkConverter = Callable[[AIMessageChunk, "Wire | None"], AIMessageChunk]
"""Function from a chunk and its wire (or None) to the chunk in the form of an output version."""

Detail = Literal["full", "summary", "none"]
SUMMARY = ("provider", "model", "latency_s", "first_token_s")
"""Fields of the short form of `response_metadata["scout"]`."""

GATEWAY = "lc_gateway_metadata"
"""Key in `generation_info` whose value LangChain's tracers copy to the run: provider and cost."""


def _call_block(call: ToolCallChunk) -> dict[str, Any]:
    return {
        "type": "tool_call_chunk",
        "id": call.get("id"),
        "name": call.get("name"),
        "args": call.get("args"),
        "index": f"lc_tc_{call.get('index') or 0}",
    }


def as_v1_message(message: AIMessage, wire: Wire | None) -> AIMessage:
    """Return a whole answer with v1 blocks in its content, unless core makes them."""
    blocks = wire.standard_blocks(message) if wire is not None else None
    if blocks is None:
        return message
    metadata = {**message.response_metadata, "output_version": "v1"}
    return message.model_copy(update={"content": blocks, "response_metadata": metadata})


class V0Answer:
    """Converts one answer, whole or in chunks, to `output_version="v0"` if its wire has a form."""

    __slots__ = ("_convert",)

    def __init__(self) -> None:
        self._convert: Callable[[AIMessage], AIMessage] | None = None

    def convert(self, message: AnyMessage, wire: Wire | None) -> AnyMessage:
        """Return a message or chunk in the v0 form; `wire` is the answer's, or None."""
        if self._convert is None:
            converter = wire.v0_converter() if wire is not None else None
            self._convert = converter or _unchanged
        return cast("AnyMessage", self._convert(message))


def _unchanged(message: AIMessage) -> AIMessage:
    return message


def as_v1_blocks(chunk: AIMessageChunk, wire: Wire | None = None) -> AIMessageChunk:
    """Return the chunk with its text, reasoning and tool calls as v1 blocks in its content.

    A chunk whose blocks have an index of their wire is returned unchanged: core translates it.
    """
    if wire is not None and wire.indexes_chunks:
        return chunk
    if not isinstance(chunk.content, str):
        blocks = wire.standard_blocks(chunk) if wire is not None else None
        return chunk if blocks is None else _with_blocks(chunk, [*blocks], chunk.additional_kwargs)
    additional_kwargs = dict(chunk.additional_kwargs)
    reasoning = additional_kwargs.pop("reasoning_content", None)
    content: list[str | dict[str, Any]] = []
    if reasoning:
        content.append({"type": "reasoning", "reasoning": reasoning, "index": "lc_rs_0"})
    if chunk.content:
        content.append({"type": "text", "text": chunk.content, "index": "lc_txt_0"})
    content.extend(_call_block(call) for call in chunk.tool_call_chunks)
    return _with_blocks(chunk, content, additional_kwargs)


def _with_blocks(
    chunk: AIMessageChunk, content: list[str | dict[str, Any]], additional_kwargs: dict[str, Any]
) -> AIMessageChunk:
    return AIMessageChunk(
        content=content,
        additional_kwargs=additional_kwargs,
        tool_call_chunks=chunk.tool_call_chunks,
        usage_metadata=chunk.usage_metadata,
        response_metadata={**chunk.response_metadata, "output_version": "v1"},
        chunk_position=chunk.chunk_position,
        id=chunk.id,
    )


def _gateway_metadata(message: AIMessage) -> Json:
    scout: Mapping[str, Any] = message.response_metadata["scout"]
    return {
        "model": scout["model"],
        "provider": scout["provider"],
        "cost_usd": scout["cost_usd"],
        "attempts": scout["attempts"],
    }


def _reduce_metadata(message: AIMessage, detail: Literal["summary", "none"]) -> None:
    """Shorten or remove `response_metadata["scout"]` of a message, as `detail` requires."""
    scout = message.response_metadata.pop("scout")
    if detail == "summary":
        message.response_metadata["scout"] = {name: scout[name] for name in SUMMARY}


def chat_result(message: AIMessage, detail: Detail = "full") -> ChatResult:
    """Return the result of a whole answer, with the metadata that tracers copy to the run.

    `llm_output` names the model that answered, for tools that read it there.
    """
    gateway = _gateway_metadata(message)
    info = {GATEWAY: gateway}
    if (text := _text_of(message.content)) is None:
        generation = ChatGeneration(message=message, generation_info=info)
    else:
        fields = {"message": message, "text": text, "generation_info": info}
        generation = copy_unvalidated(_EMPTY_GENERATION, fields)
    if detail != "full":
        _reduce_metadata(message, detail)
    output = {"model_name": gateway["model"]}
    return copy_unvalidated(_EMPTY_RESULT, {"generations": [generation], "llm_output": output})


def generation_chunk(chunk: AIMessageChunk, detail: Detail = "full") -> ChatGenerationChunk:
    """Return a chunk's generation; the last one has the metadata that tracers copy to the run."""
    if chunk.chunk_position == "last":
        gateway = _gateway_metadata(chunk)
        if detail != "full":
            _reduce_metadata(chunk, detail)
        return ChatGenerationChunk(message=chunk, generation_info={GATEWAY: gateway})
    if (text := _text_of(chunk.content)) is None:
        return ChatGenerationChunk(message=chunk)
    return copy_unvalidated(_EMPTY, {"message": chunk, "text": text})


def _text_of(content: str | list[Any]) -> str | None:
    """Return the text that core's validation would compute; None if only core can compute it.

    The validation takes a third of the time of an event with content blocks.
    """
    if isinstance(content, str):
        return content
    texts: list[str] = []
    for block in content:
        if not isinstance(block, dict):
            return None
        kind = block.get("type")
        if kind == "text":
            if isinstance(text := block.get("text"), str):
                texts.append(text)
        elif kind is None:
            return None
    return texts[0] if len(texts) == 1 else "".join(texts)

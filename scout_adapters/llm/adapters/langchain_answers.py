"""Answers of another package's chat model, whole and in chunks, as the engine reads them."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata, add_usage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import malformed
from scout_adapters.llm.adapters.adapter import MODEL_NAMES

ENDINGS = frozenset({"finish_reason", "stop_reason", "stopReason", "done_reason", "status"})
"""Keys of `response_metadata` that only the end of an answer has."""


EXPLANATIONS = (*ENDINGS, "prompt_feedback")
"""Keys of `response_metadata` that explain why an answer has no content."""


def message_of(result: ChatResult, maker: str, *, needs_ending: bool = False) -> AIMessage:
    """Return the message of a result, with the metadata that `langchain_core` would add.

    `needs_ending`: whether an empty message without a finish reason is no answer.

    Raises: `MalformedResponse` for a result without an answer.
    """
    generation = result.generations[0] if result.generations else None
    message = generation.message if isinstance(generation, ChatGeneration) else None
    if generation is None or not isinstance(message, AIMessage):
        raise malformed("the chat model returned no answer")
    metadata = {
        "model_provider": maker,
        **(result.llm_output or {}),
        **_info(generation),
        **message.response_metadata,
    }
    if needs_ending and _is_empty(message) and not any(map(metadata.get, EXPLANATIONS)):
        raise malformed("the chat model returned an empty answer without a finish reason")
    return message.model_copy(update={"response_metadata": metadata})


def _is_empty(message: AIMessage) -> bool:
    """Return whether a message has neither content nor calls nor tokens."""
    parts = (message.content, message.tool_calls, message.invalid_tool_calls)
    return not any((*parts, message.usage_metadata))


def _info(generation: ChatGeneration) -> Json:
    """Return a generation's `generation_info`, without the fields for LangChain's tracers."""
    info = generation.generation_info or {}
    return {name: value for name, value in info.items() if not name.startswith("lc_gateway")}


def chunk_of(generation: ChatGenerationChunk) -> AIMessageChunk:
    """Return the message of a chunk, with the metadata that `langchain_core` would add.

    Raises: `MalformedResponse` for a chunk of another kind.
    """
    chunk = generation.message
    if not isinstance(chunk, AIMessageChunk):
        raise malformed(f"the chat model streamed a {type(chunk).__name__}", phase="mid_stream")
    if generation.generation_info:
        metadata = {**_info(generation), **chunk.response_metadata}
        return chunk.model_copy(update={"response_metadata": metadata})
    return chunk


class LangChainStreamReader:
    """Reads the chunks of a streamed answer; metadata and token counts go out with the last one."""

    def __init__(self, maker: str, *, needs_ending: bool) -> None:
        """`needs_ending`: whether a stream without a finish reason is incomplete."""
        self.finished = False
        self.usage: UsageMetadata | None = None
        self._needs_ending = needs_ending
        self._maker = maker
        self._started = False
        self._metadata: AIMessageChunk | None = None

    def feed(self, event: Any) -> AIMessageChunk | None:
        """Return a chunk without metadata and token counts; None at the end (`event` is None)."""
        if event is None:
            self.finished = self.finished or not self._needs_ending
            return None
        chunk: AIMessageChunk = event
        if chunk.usage_metadata:
            self.usage = add_usage(self.usage, chunk.usage_metadata)
        metadata = chunk.response_metadata
        self.finished = self.finished or not ENDINGS.isdisjoint(
            name for name in metadata if metadata[name]
        )
        shown = self._keep(metadata)
        return chunk.model_copy(
            update={"response_metadata": shown, "usage_metadata": None, "chunk_position": None}
        )

    def _keep(self, metadata: Json) -> Json:
        """Store a chunk's metadata for the last chunk; return the metadata that stays on this one.

        Core reads the maker of each chunk when it translates content blocks.
        """
        shown: Json = {"model_provider": metadata.get("model_provider") or self._maker}
        if not self._started and metadata.get("model_name"):
            shown["model_name"] = metadata["model_name"]
        self._started = True
        rest = {name: value for name, value in metadata.items() if name not in MODEL_NAMES}
        if rest:
            kept = AIMessageChunk(content="", response_metadata=rest)
            self._metadata = kept if self._metadata is None else self._metadata + kept
        return shown

    def close(self) -> AIMessageChunk:
        """Return the last chunk: metadata, token counts, `chunk_position="last"`."""
        metadata = self._metadata.response_metadata if self._metadata is not None else {}
        return AIMessageChunk(
            content="",
            usage_metadata=self.usage,
            response_metadata=dict(metadata),
            chunk_position="last",
        )

"""Parse a streamed answer; every event is a `GenerateContentResponse`.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessageChunk, ToolCallChunk
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.chunks import chunk_of
from scout_adapters.llm.wires.gemini.parse import (
    audio_fields,
    call_signatures,
    first_candidate,
    first_metadata,
    id_seed,
    is_plain_text,
    last_metadata,
    message_id,
    parts_in,
    raise_if_failed,
    raise_if_refused,
)
from scout_adapters.llm.wires.gemini.parse_parts import FunctionCall, PartReader
from scout_adapters.llm.wires.gemini.usage import usage_of
from scout_adapters.llm.wires.parsing import (
    MAX_BLOCKS,
    MAX_CALLS,
    check_blocks,
    dump_json,
    end_of_arguments,
    newer_usage,
)

DELTAS = frozenset({"text", "thinking"})
"""Types of blocks that arrive in pieces; all others arrive whole."""

AWAITING = frozenset({"executableCode", "toolCall"})
"""Parts whose result Google still has to send: a finish reason with them ends only a step."""


class GeminiStreamReader:
    """Reads one streamed answer, as a `StreamReader`.

    Content is a string until a block arrives that is more than text; then it is a list of blocks
    with an `index`. LangChain merges lists with lists and strings with strings.
    """

    __slots__ = (
        "_block_index",
        "_blocks",
        "_first_metadata",
        "_id",
        "_last_metadata",
        "_maker",
        "_named",
        "_next",
        "_open",
        "_parts",
        "finished",
        "usage",
    )

    def __init__(self, spec: ProviderSpec) -> None:
        """Read an answer of the provider `spec`."""
        self.finished = False
        self.usage: UsageMetadata | None = None
        self._maker = spec.maker
        self._parts: PartReader | None = None
        self._last_metadata: Json = {}
        self._id: str | None = None
        self._first_metadata: Json = {"model_provider": spec.maker}
        self._named = False
        self._blocks = False
        self._next = 0
        self._block_index = 0
        self._open = ""

    def feed(self, event: Any) -> AIMessageChunk | None:
        """Read one event; usage, finish reason and other metadata wait for `close`."""
        if event is None:
            return None
        event = raise_if_refused(event)
        candidate = first_candidate(event)
        self._read_metadata(event, candidate)
        parts = parts_in(candidate)
        if not self._next and all(part == {"text": ""} for part in parts):
            raise_if_failed(candidate)
        if not parts:
            return None
        if self._parts is None:
            self._parts = PartReader(seed=id_seed(event))
        audio_parts = len(self._parts.audio)
        pieces = list(self._parts.read(parts))
        return self._chunk(pieces) if pieces or audio_parts < len(self._parts.audio) else None

    def close(self) -> AIMessageChunk:
        """Return the last chunk, with everything that must occur exactly once."""
        parts = self._parts or PartReader(seed="")
        unfinished = parts.unfinished() if self.finished else None
        calls = [unfinished] if unfinished else []
        return AIMessageChunk(
            content="",
            additional_kwargs=call_signatures(calls) | audio_fields(parts),
            tool_call_chunks=[self._call_chunk(call) for call in calls],
            usage_metadata=self.usage,
            response_metadata=self._metadata() | self._last_metadata,
            id=self._id,
            chunk_position="last",
        )

    def _read_metadata(self, event: Json, candidate: Json) -> None:
        """Store what the event has beside its content; token counts are running totals."""
        if not self._named:
            self._first_metadata = first_metadata(event, self._maker) | self._first_metadata
        self._id = self._id or message_id(event)
        self.usage = newer_usage(usage_of(event.get("usageMetadata")), self.usage)
        metadata = last_metadata(event, candidate)
        if metadata:
            known = self._last_metadata.get("logprobs_result")
            if known and "logprobs_result" in metadata:
                metadata["logprobs_result"] = _joined(known, metadata["logprobs_result"])
            self._last_metadata.update(metadata)
        parts = parts_in(candidate)
        if "finish_reason" in metadata or "block_reason" in metadata:
            self.finished = not (parts and AWAITING & parts[-1].keys())
        elif any(part != {"text": ""} for part in parts):
            self.finished = False

    def _chunk(self, pieces: list[Json | FunctionCall]) -> AIMessageChunk:
        blocks = [piece for piece in pieces if not isinstance(piece, FunctionCall)]
        calls = [piece for piece in pieces if isinstance(piece, FunctionCall)]
        return chunk_of(
            self._content(blocks),
            self._metadata(),
            self._id,
            kwargs=call_signatures(calls),  # audio waits for close(): LangChain cannot merge bytes
            calls=[self._call_chunk(call) for call in calls],
        )

    def _metadata(self) -> Json:
        """Return the model once, and the provider every time, as LangChain's merging requires."""
        if self._named or "model_name" not in self._first_metadata:
            return {"model_provider": self._maker}
        self._named = True
        return dict(self._first_metadata)

    def _content(self, blocks: list[Json]) -> str | list[str | dict[Any, Any]]:
        if not self._blocks:
            if not blocks and self._next:
                return ""  # a call after plain text
            if blocks and all(is_plain_text(block) for block in blocks):
                self._next = self._next or 1  # LangChain gives plain text the index 0
                return "".join(block["text"] for block in blocks)
            self._blocks = True
        return [self._indexed(block) for block in blocks]

    def _indexed(self, block: Json) -> Json:
        """Add an index to a block: that of the previous block if it continues it."""
        kind = block["type"]
        if kind != self._open:
            self._block_index, self._next = self._next, self._next + 1
            check_blocks(self._next)
        # A signature ends a block: merged, two signatures would become one string.
        signed = "signature" in block or "extras" in block
        self._open = kind if kind in DELTAS and not signed else ""
        return block | {"index": self._block_index}

    def _call_chunk(self, call: FunctionCall) -> ToolCallChunk:
        index: int | None
        index, self._next, self._open = self._next, self._next + 1, ""
        check_blocks(self._next, MAX_CALLS)
        if index >= MAX_BLOCKS:
            index = None  # LangChain appends it without a search: a call is complete here
        broken = isinstance(call.args, str)
        args = call.args + end_of_arguments(call.args) if broken else dump_json(call.args)
        return ToolCallChunk(
            name=call.name,
            args=args,
            id=call.id,
            index=index,
            type="tool_call_chunk",
        )


def _joined(known: Any, more: Any) -> Any:
    """Append the log probabilities of an event to the previous ones."""
    if isinstance(known, dict) and isinstance(more, dict):
        return known | {name: _joined(known.get(name), value) for name, value in more.items()}
    if isinstance(known, list) and isinstance(more, list):
        return known + more
    return more

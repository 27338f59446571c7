"""A streamed answer of Gemini: every event is a `GenerateContentResponse` of its own."""

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
    check_answer,
    end_metadata,
    first_candidate,
    id_seed,
    is_plain_text,
    name_metadata,
    parts_in,
    response_id,
    usage_of,
)
from scout_adapters.llm.wires.gemini.parse_parts import FunctionCall, PartReader
from scout_adapters.llm.wires.parsing import dump_json

DELTAS = frozenset({"text", "thinking"})
"""Blocks that come in pieces; all others come whole."""


AWAITING = frozenset({"executableCode", "toolCall"})
"""Parts whose result Google itself has yet to send: a finish reason beside them is each step's."""


class GeminiReader:
    """Reads one streamed answer.

    Content is plain text until a block comes that is more; from then on it is blocks with an
    `index`, because LangChain merges a list with a list and a string with a string.
    """

    __slots__ = (
        "_at",
        "_blocks",
        "_ending",
        "_id",
        "_model",
        "_named",
        "_next",
        "_open",
        "_parts",
        "_spec",
        "finished",
        "usage",
    )

    def __init__(self, spec: ProviderSpec) -> None:
        """Read the answer of the provider behind `spec`."""
        self.finished = False
        self.usage: UsageMetadata | None = None
        self._spec = spec
        self._parts: PartReader | None = None
        self._ending: Json = {}
        self._id: str | None = None
        self._model: Json = {"model_provider": spec.maker}
        self._named = False
        self._blocks = False
        self._next = 0
        self._at = 0
        self._open = ""

    def feed(self, event: Any) -> AIMessageChunk | None:
        """Read one event; usage, finish reason and the like are kept for `close`."""
        if event is None:
            return None
        event = check_answer(event)
        candidate = first_candidate(event)
        self._note(event, candidate)
        parts = parts_in(candidate)
        if not parts:
            return None
        if self._parts is None:
            self._parts = PartReader(seed=id_seed(event))
        heard = len(self._parts.audio)
        read = list(self._parts.read(parts))
        return self._chunk(read) if read or heard < len(self._parts.audio) else None

    def close(self) -> AIMessageChunk:
        """Make the last chunk: everything that must be said exactly once."""
        parts = self._parts or PartReader(seed="")
        unfinished = parts.unfinished() if self.finished else None
        calls = [unfinished] if unfinished else []
        return AIMessageChunk(
            content="",
            additional_kwargs=call_signatures(calls) | audio_fields(parts),
            tool_call_chunks=[self._called(call) for call in calls],
            usage_metadata=self.usage,
            response_metadata=self._metadata() | self._ending,
            id=self._id,
            chunk_position="last",
        )

    def _note(self, event: Json, candidate: Json) -> None:
        """Keep what the event says beside its content; counts are running totals."""
        if not self._named:
            self._model = name_metadata(event, self._spec) | self._model
        self._id = self._id or response_id(event)
        self.usage = _counted(usage_of(event.get("usageMetadata")), self.usage)
        told = end_metadata(event, candidate)
        if told:
            known = self._ending.get("logprobs_result")
            if known and "logprobs_result" in told:
                told["logprobs_result"] = _joined(known, told["logprobs_result"])
            self._ending.update(told)
        parts = parts_in(candidate)
        if "finish_reason" in told or "block_reason" in told:
            self.finished = not (parts and AWAITING & parts[-1].keys())
        elif any(part != {"text": ""} for part in parts):
            self.finished = False

    def _chunk(self, read: list[Json | FunctionCall]) -> AIMessageChunk:
        blocks = [piece for piece in read if not isinstance(piece, FunctionCall)]
        calls = [piece for piece in read if isinstance(piece, FunctionCall)]
        return chunk_of(
            self._content(blocks),
            self._metadata(),
            self._id,
            kwargs=call_signatures(calls),  # sound waits: LangChain cannot merge bytes
            calls=[self._called(call) for call in calls],
        )

    def _metadata(self) -> Json:
        """Name the model once, and the provider every time, as LangChain's merging wants it."""
        if self._named or "model_name" not in self._model:
            return {"model_provider": self._spec.maker}
        self._named = True
        return dict(self._model)

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
        """Give a block its index: that of the block before, if it carries on with it."""
        kind = block["type"]
        if kind != self._open:
            self._at, self._next = self._next, self._next + 1
        # A signature ends a block: merged, two signatures would become one string.
        signed = "signature" in block or "extras" in block
        self._open = kind if kind in DELTAS and not signed else ""
        return block | {"index": self._at}

    def _called(self, call: FunctionCall) -> ToolCallChunk:
        index, self._next, self._open = self._next, self._next + 1, ""
        return ToolCallChunk(
            name=call.name,
            args=dump_json(call.args),
            id=call.id,
            index=index,
            type="tool_call_chunk",
        )


def _counted(told: UsageMetadata | None, known: UsageMetadata | None) -> UsageMetadata | None:
    """Take over running totals; what was once given counts, though a later event leave it out.

    Where Google's own tools are called within an answer, the last event may count the last step.
    """
    if told is None or known is None:
        return told or known
    given = max(told["output_tokens"], known["output_tokens"])
    return told if given == told["output_tokens"] else {**told, "output_tokens": given}


def _joined(known: Any, more: Any) -> Any:
    """Append the log probabilities of an event to those that came before."""
    if isinstance(known, dict) and isinstance(more, dict):
        return known | {name: _joined(known.get(name), value) for name, value in more.items()}
    if isinstance(known, list) and isinstance(more, list):
        return known + more
    return more

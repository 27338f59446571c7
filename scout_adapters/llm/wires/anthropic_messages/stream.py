"""From streamed events to message chunks.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk

from scout_adapters._internal.json_values import Json, mapping, objects
from scout_adapters.errors import malformed
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.anthropic_messages.parse import (
    end_metadata,
    model_names,
    refuse_in_band,
    text_or_none,
    tidy_block,
    usage_of,
)
from scout_adapters.llm.wires.chunks import chunk_of
from scout_adapters.llm.wires.parsing import dump_json, piece_of_arguments, require

CITABLE = frozenset({"document", "search_result"})
"""Blocks of a request from which the answer may quote."""


def is_text_only(body: Mapping[str, Any]) -> bool:
    """Tell whether the answer to a request is sure to be plain text, unless the model thinks."""
    if body.get("tools") or body.get("mcp_servers") or body.get("context_management"):
        return False
    return not any(
        block.get("type") in CITABLE
        for message in objects(body.get("messages"))
        for block in objects(message.get("content"))
    )


class MessagesStreamReader:
    """Reads one streamed answer; holds its state, does no I/O.

    Content comes as lists of blocks with Anthropic's `index`, which LangChain merges by; or as
    strings, as long as `plain` holds and nothing but text has come.
    """

    def __init__(self, spec: ProviderSpec, *, plain: bool = False) -> None:
        """Begin; `plain` says that no other content than text is expected."""
        self.finished = False
        self.usage: UsageMetadata | None = None
        self._maker = spec.maker
        self._plain = plain
        self._named = False
        self._message: Json = {}
        self._end: Json = {}
        self._counts: Json = {}
        self._open: dict[int, Json] = {}

    def feed(self, event: Json | None) -> AIMessageChunk | None:
        """Read one event; None if it carries nothing to show."""
        if event is None:
            return None
        match event.get("type") if isinstance(event, dict) else None:
            case "content_block_delta":
                return self._grow(_index(event), require(event, "delta", dict))
            case "content_block_start":
                return self._begin(_index(event), event.get("content_block"))
            case "message_start":
                self._message = require(event, "message", dict)
                self._count(self._message.get("usage"))
            case "message_delta":
                self._end |= mapping(event.get("delta")) | _beside_delta(event)
                self._count(event.get("usage"))
            case "message_stop":
                self.finished = True
            case "content_block_stop" | "ping":
                pass
            case _:
                refuse_in_band(event)  # what is left is unknown, and may be ignored
        return None

    def close(self) -> AIMessageChunk:
        """Make the last chunk: stop reason, usage, and what else is only told once."""
        whole = {"usage": self._counts}
        return AIMessageChunk(
            content="" if self._plain else [],
            usage_metadata=self.usage,
            response_metadata=self._origin() | self._identity() | end_metadata(self._end, whole),
            id=text_or_none(self._message.get("id")),
            chunk_position="last",
        )

    def _begin(self, index: int, given: Any) -> AIMessageChunk | None:
        known, block = self._open.get(index), tidy_block(given)
        if known is not None and (
            known.get("type") != block["type"] or block["type"] == "tool_use"
        ):
            raise malformed(f"two blocks of the stream have the number {index}")
        self._open[index] = block
        match block["type"]:
            case "text" if not block.get("citations"):
                return self._text(index, block["text"])
            case "thinking" if not block.get("thinking") and not block.get("signature"):
                return None
            case "compaction" if not block.get("content"):
                return None  # comes whole, in its delta
            case "tool_use":
                return self._call(index, block)
        return self._block(block | {"index": index})

    def _grow(self, index: int, delta: Json) -> AIMessageChunk | None:
        grown: Json
        match delta.get("type"):
            case "text_delta":
                return self._text(index, require(delta, "text", str))
            case "input_json_delta":
                return self._arguments(index, require(delta, "partial_json", str))
            case "thinking_delta":
                grown = {"type": "thinking", "thinking": require(delta, "thinking", str)}
            case "signature_delta":
                signed = require(delta, "signature", str)
                grown = {"type": "thinking", "thinking": "", "signature": signed}
            case "citations_delta":
                require(delta.get("citation"), "type", str)
                grown = {"type": "text", "citations": [delta["citation"]]}
            case "compaction_delta":
                grown = self._open.get(index, {}) | delta | {"type": "compaction"}
            case _:
                return None  # kinds that are yet to come
        self._check_form(index, grown)
        return self._block(grown | {"index": index})

    def _check_form(self, index: int, grown: Json) -> None:
        """Refuse what LangChain cannot merge: a field that changes its type."""
        begun = self._open.setdefault(index, {})
        for name, piece in grown.items():
            if (known := begun.get(name)) is not None and type(known) is not type(piece):
                raise malformed(f"{name!r} of a block changes its type")

    def _text(self, index: int, text: str) -> AIMessageChunk | None:
        if not text:
            return None
        if self._plain:
            return self._chunk(text)
        grown: Json = {"type": "text", "text": text}
        self._check_form(index, grown)
        return self._block(grown | {"index": index})

    def _call(self, index: int, block: Json) -> AIMessageChunk:
        """Open a tool call; its arguments follow, unless the server sends them at once."""
        given = mapping(block.get("input"))
        call = tool_call_chunk(
            name=require(block, "name", str),
            id=text_or_none(block.get("id")),
            args=dump_json(given) if given else "",
            index=index,
        )
        return self._block(block | {"index": index}, call)

    def _arguments(self, index: int, piece: str) -> AIMessageChunk | None:
        if not piece:
            return None
        block = {"type": "input_json_delta", "partial_json": piece, "index": index}
        if mapping(self._open.get(index)).get("type") != "tool_use":
            return self._block(block)  # a server's own tool: nobody here has to run it
        return self._block(block, tool_call_chunk(args=piece_of_arguments(piece), index=index))

    def _block(self, block: Json, *calls: ToolCallChunk) -> AIMessageChunk:
        self._plain = False
        return self._chunk([block], *calls)

    def _chunk(self, content: str | list[str | Json], *calls: ToolCallChunk) -> AIMessageChunk:
        chunk_id = text_or_none(self._message.get("id"))
        return chunk_of(content, self._origin(), chunk_id, kwargs={}, calls=calls)

    def _origin(self) -> Json:
        """Name the maker, and in the first chunk the model."""
        origin: Json = {"model_provider": self._maker}
        if not self._named:
            self._named = True
            origin |= model_names({"model": self._message.get("model")})
        return origin

    def _identity(self) -> Json:
        return model_names({"id": self._message.get("id")})

    def _count(self, usage: Any) -> None:
        """Take over counts; they are cumulative, so the later ones hold."""
        known = {name: value for name, value in mapping(usage).items() if value is not None}
        if known:
            self._counts |= known
            self.usage = usage_of(self._counts)


def _index(event: Json) -> int:
    """Return the block's number; `false` is a number too, but LangChain would not merge by it."""
    return int(require(event, "index", int))


def _beside_delta(event: Json) -> Json:
    """Return what `message_delta` says outside its delta."""
    managed = event.get("context_management")
    return {} if managed is None else {"context_management": managed}

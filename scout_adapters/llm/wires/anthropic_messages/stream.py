"""Parse a streamed answer, event by event.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk

from scout_adapters._internal.json_values import Json, mapping, objects
from scout_adapters.errors import malformed
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.anthropic_messages.parse import (
    CUT_REASONS,
    GUARDRAIL_FIELDS,
    NO_INPUT,
    checked_block,
    input_text,
    last_metadata,
    model_names,
    raise_if_refused,
    text_or_none,
)
from scout_adapters.llm.wires.anthropic_messages.usage import newer_counts, usage_of
from scout_adapters.llm.wires.chunks import chunk_of
from scout_adapters.llm.wires.parsing import (
    check_blocks,
    dump_json,
    end_of_arguments,
    end_of_cut,
    newer_usage,
    piece_of_arguments,
    require,
)

CITABLE = frozenset({"document", "search_result"})
"""Types of blocks in a request that an answer may cite."""


RUN_BY_PROVIDER = frozenset({"server_tool_use", "mcp_tool_use"})
"""Types of blocks with a call that Anthropic runs; until its result there are only pings."""


@dataclass(slots=True)
class RunningCalls:
    """The calls that Anthropic runs and whose results have not come; a `ToolProgress`."""

    steps: int = 0
    _ids: set[str | None] = field(default_factory=set)

    @property
    def runs(self) -> bool:
        """Whether there is such a call: several may run at once."""
        return bool(self._ids)

    def read(self, block: Json) -> None:
        """Read a new block: a call, the result of one, or what follows when all have ended."""
        if block["type"] in RUN_BY_PROVIDER:
            self._ids.add(block.get("id"))
        elif self._ids:
            call_id = text_or_none(block.get("tool_use_id"))
            self._ids = self._ids - {call_id} if call_id in self._ids else set()


def is_text_only(body: Mapping[str, Any]) -> bool:
    """Return whether the answer to a request is text only, unless the model thinks."""
    if body.get("tools") or body.get("mcp_servers") or body.get("context_management"):
        return False
    return not any(
        block.get("type") in CITABLE
        for message in objects(body.get("messages"))
        for block in objects(message.get("content"))
    )


class MessagesStreamReader:
    """Reads one streamed answer, as a `StreamReader`.

    Content is a list of blocks with Anthropic's `index`, by which LangChain merges; with `plain`
    it is a string until a block arrives that is more than text.
    """

    def __init__(self, spec: ProviderSpec, *, plain: bool = False) -> None:
        """Read an answer of the provider `spec`; `plain`: only text is expected."""
        self.finished = False
        self.usage: UsageMetadata | None = None
        self.tool_progress = RunningCalls()
        self._maker = spec.maker
        self._plain = plain
        self._named = False
        self._message: Json = {}
        self._end: Json = {}
        self._counts: Json = {}
        self._open: dict[int, Json] = {}
        self._args: dict[int, list[str]] = {}
        self._lengths: dict[int, int] = {}
        """Characters of the arguments in `_args`."""
        self._complete: set[int] = set()
        """Calls whose arguments came with their beginning; some gateways send them again."""
        self._moved: dict[int, int] = {}
        """Numbers of the stream that several blocks share, and the index of the newest block."""

    def feed(self, event: Json | None) -> AIMessageChunk | None:
        """Read one event; None if it has no content."""
        if event is None:
            return None
        match event.get("type") if isinstance(event, dict) else None:
            case "content_block_delta":
                number = self._number(event)
                return self._read_delta(
                    self._moved.get(number, number), require(event, "delta", dict)
                )
            case "content_block_start":
                return self._open_block(self._free_index(event), event.get("content_block"))
            case "message_start":
                self._message = require(event, "message", dict)
                self._read_usage(self._message.get("usage"))
            case "message_delta":
                self._end |= mapping(event.get("delta")) | _beside_delta(event)
                self._read_usage(event.get("usage"))
            case "message_stop":
                self._stop(event)
            case "content_block_stop" | "ping":
                pass
            case _:
                raise_if_refused(event)  # an unknown event; ignored if it is not an error
        return None

    def _stop(self, event: Json) -> None:
        """End the answer; without a stop reason only if there is one."""
        self._end |= _beside_delta(event)
        self.finished = bool(self._open or self._end.get("stop_reason"))

    def close(self) -> AIMessageChunk:
        """Return the last chunk: stop reason, usage, and other metadata that occur once."""
        body = {"usage": self._counts}
        return AIMessageChunk(
            content="" if self._plain else [],
            tool_call_chunks=self._endings(),
            usage_metadata=self.usage,
            response_metadata=self._origin() | self._identity() | last_metadata(self._end, body),
            id=text_or_none(self._message.get("id")),
            chunk_position="last",
        )

    def _free_index(self, event: Json) -> int:
        """Return the index of a new block: its number, unless an earlier block has it.

        Gateways that convert other APIs number all blocks 0.
        """
        named = event.get("index") is not None
        index = number = self._number(event) if named else len(self._open)
        if number in self._open:
            index = self._moved[number] = max(self._open) + 1
        return index

    def _number(self, event: Json) -> int:
        """Return the block's number as an int: LangChain does not merge by `false`.

        Some gateways leave it out: then the newest block is meant.
        """
        if event.get("index") is None and self._open:
            return next(reversed(self._open))
        return int(require(event, "index", int))

    def _open_block(self, index: int, data: Any) -> AIMessageChunk | None:
        block = self._open[index] = checked_block(data)
        check_blocks(len(self._open))
        self.tool_progress.read(block)
        match block["type"]:
            case "text" if not block.get("citations"):
                return self._text(index, block["text"])
            case "thinking" if not block.get("thinking") and not block.get("signature"):
                return None
            case "compaction" if not block.get("content"):
                return None  # arrives whole, in its delta
            case "tool_use":
                return self._call(index, block)
        return self._block(block | {"index": index})

    def _read_delta(self, index: int, delta: Json) -> AIMessageChunk | None:
        piece: Json
        match delta.get("type"):
            case "text_delta":
                return self._text(index, require(delta, "text", str))
            case "input_json_delta":
                return self._arguments(index, _partial_json(delta))
            case "thinking_delta":
                if not (thinking := require(delta, "thinking", str)):
                    return None  # a heartbeat: no content that would end a silence
                piece = {"type": "thinking", "thinking": thinking}
            case "signature_delta":
                if not (signature := require(delta, "signature", str)):
                    return None
                piece = {"type": "thinking", "thinking": "", "signature": signature}
            case "citations_delta":
                require(delta.get("citation"), "type", str)
                piece = {"type": "text", "citations": [delta["citation"]]}
            case "compaction_delta":
                piece = self._open.get(index, {}) | delta | {"type": "compaction"}
            case _:
                return None  # an unknown type of delta
        self._check_types(index, piece)
        return self._block(piece | {"index": index})

    def _check_types(self, index: int, piece: Json) -> None:
        """Raise `MalformedResponse` if a field changes its type: LangChain cannot merge it."""
        if (block := self._open.get(index)) is None:
            block = self._open[index] = {}
            check_blocks(len(self._open))
        for name, value in piece.items():
            if (known := block.get(name)) is not None and type(known) is not type(value):
                raise malformed(f"{name!r} of a block changes its type")

    def _text(self, index: int, text: str) -> AIMessageChunk | None:
        if not text:
            return None
        if self._plain:
            return self._chunk(text)
        piece: Json = {"type": "text", "text": text}
        self._check_types(index, piece)
        return self._block(piece | {"index": index})

    def _call(self, index: int, block: Json) -> AIMessageChunk:
        """Open a tool call; its arguments follow, unless the server sends them at once."""
        arguments = input_text(block.get("input"))
        self._args[index] = [arguments] if arguments else []
        self._lengths[index] = len(arguments)
        if arguments[:1] == "{" and not end_of_arguments(arguments):
            self._complete.add(index)
        call = tool_call_chunk(
            name=require(block, "name", str),
            id=text_or_none(block.get("id")),
            args=arguments,
            index=index,
        )
        return self._block(block | {"index": index}, call)

    def _arguments(self, index: int, piece: str) -> AIMessageChunk | None:
        if index not in self._open and self._args:
            index = next(reversed(self._args))  # an unknown number continues the newest call
        pieces = self._args.get(index)
        if not piece or index in self._complete or self._adds_nothing(index, piece):
            return None
        block = {"type": "input_json_delta", "partial_json": piece, "index": index}
        if pieces is None:
            return self._block(block)  # a server tool, which runs at the provider
        pieces.append(piece)
        self._lengths[index] += len(piece)
        return self._block(block, tool_call_chunk(args=piece_of_arguments(piece), index=index))

    def _adds_nothing(self, index: int, piece: str) -> bool:
        """Return whether a piece is `{}` before the arguments, or all of them once more."""
        if piece[:1] != "{" or piece[-1:] != "}" or index not in self._args:
            return False
        if not (length := self._lengths[index]):
            return piece == "{}"
        return length == len(piece) and piece == "".join(self._args[index])

    def _endings(self) -> list[ToolCallChunk]:
        """Return the fragments that mark broken arguments of calls, and calls that were cut off."""
        texts = {index: end_of_arguments("".join(args)) for index, args in self._args.items()}
        newest = next(reversed(self._open), None)
        if self._end.get("stop_reason") in CUT_REASONS and newest in self._args:
            text = "".join(self._args[newest])
            texts[newest] = end_of_cut("" if text.strip() in NO_INPUT else text)
        return [tool_call_chunk(args=text, index=index) for index, text in texts.items() if text]

    def _block(self, block: Json, *calls: ToolCallChunk) -> AIMessageChunk:
        self._plain = False
        return self._chunk([block], *calls)

    def _chunk(self, content: str | list[str | Json], *calls: ToolCallChunk) -> AIMessageChunk:
        chunk_id = text_or_none(self._message.get("id"))
        return chunk_of(content, self._origin(), chunk_id, kwargs={}, calls=calls)

    def _origin(self) -> Json:
        """Return the provider, and in the first chunk the model."""
        origin: Json = {"model_provider": self._maker}
        if not self._named:
            self._named = True
            origin |= model_names({"model": self._message.get("model")})
        return origin

    def _identity(self) -> Json:
        return model_names({"id": self._message.get("id")})

    def _read_usage(self, usage: Any) -> None:
        """Store token counts."""
        if isinstance(usage, dict):
            self._counts = newer_counts(self._counts, usage)
            self.usage = newer_usage(usage_of(self._counts), None)


def _partial_json(delta: Json) -> str:
    """Return a piece of a call's arguments; some gateways send null, or the whole as an object."""
    piece = delta.get("partial_json", "")
    if piece is None:
        return ""
    return dump_json(piece) if isinstance(piece, dict) else require(delta, "partial_json", str)


def _beside_delta(event: Json) -> Json:
    """Return the fields of an event at the end that are outside its delta."""
    names = ("context_management", *GUARDRAIL_FIELDS)
    return {name: event[name] for name in names if event.get(name) is not None}

"""Parse tool calls, whole and in fragments.

LangChain merges fragments by index alone, so they get a reliable index here: servers omit it, send
0 for every parallel call, repeat ids and names, or create a new id for every fragment.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import InvalidToolCall, ToolCall, ToolCallChunk

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import malformed
from scout_adapters.llm.wires.openai_chat.parse_fields import text_field
from scout_adapters.llm.wires.parsing import dump_json, piece_of_arguments, require, tool_call


def parse_tool_calls(raw: Any) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Return the calls of a whole answer, and separately those with invalid arguments."""
    calls: list[ToolCall] = []
    broken: list[InvalidToolCall] = []
    for position, item in enumerate(_as_list(raw)):
        function = require(item, "function", dict)
        name = require(function, "name", str)
        call = tool_call(
            name, _arguments(function), text_field(item, "id") or _generated_id(position)
        )
        if call["type"] == "invalid_tool_call":
            broken.append(call)
        else:
            calls.append(call)
    return calls, broken


def _as_list(raw: Any) -> list[Any]:
    if not raw:
        return []
    if not isinstance(raw, list):
        raise malformed(f"expected 'tool_calls' to be a list, found {type(raw).__name__}")
    return raw


def _arguments(function: Json) -> str:
    # Ollama and others send an object instead of text; Groq sends "null" for no arguments.
    arguments = function.get("arguments")
    if isinstance(arguments, dict):
        return dump_json(arguments)
    return text_field(function, "arguments")


def _generated_id(position: int) -> str:
    return f"call_{position}"


@dataclass(slots=True)
class _Call:
    position: int
    index: Any
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def add(self, arguments: str) -> str:
        """Store a fragment of the arguments and return the text for its chunk."""
        if arguments == "null" and not self.arguments:
            return ""
        if arguments:
            self.arguments.append(arguments)
        return arguments

    def is_complete(self) -> bool:
        try:
            json.loads("".join(self.arguments))
        except (ValueError, RecursionError):
            return False
        return True


class CallFragments:
    """The tool calls of one stream, assembled from fragments."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: list[_Call] = []

    def read(self, raw: Any) -> list[ToolCallChunk]:
        """Parse the `tool_calls` of one delta; a chunk's `index` is the position of its call."""
        return [self._read(item) for item in _as_list(raw)]

    def _read(self, item: Any) -> ToolCallChunk:
        function = require(item, "function", dict)
        name, call_id = text_field(function, "name"), text_field(item, "id")
        call, chunk_id = self._call(item.get("index"), call_id, name), None
        if call is None:
            call = _Call(len(self._calls), item.get("index"))
            self._calls.append(call)
            # In the first fragment: a later chunk with only an id would look like a new call.
            chunk_id = call_id or _generated_id(call.position)
        fragment = ToolCallChunk(
            name=None if name in ("", call.name) else name,
            args=call.add(piece_of_arguments(_arguments(function))),
            id=chunk_id,
            index=call.position,
            type="tool_call_chunk",
        )
        call.id, call.name = call.id or call_id, call.name or name
        return fragment

    def _call(self, index: Any, call_id: str, name: str) -> _Call | None:
        """Return the call that a fragment continues; None if it starts a new one."""
        newest_first = self._calls[::-1]
        if index is None:
            same_id = (call for call in newest_first if call_id and call.id == call_id)
            latest = next(same_id, None) or next(iter(newest_first), None)
        else:
            latest = next((call for call in newest_first if call.index == index), None)
        return None if latest is None or _starts_new_call(latest, call_id, name) else latest


def _starts_new_call(call: _Call, call_id: str, name: str) -> bool:
    if not name:
        return False
    if call_id and call.id:
        return call_id != call.id
    return bool(call.name) and call.is_complete()

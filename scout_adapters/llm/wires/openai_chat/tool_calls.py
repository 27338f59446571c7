"""Tool calls, whole and in fragments.

Fragments are put in order here, because LangChain merges them by index alone: in the wild an index
is missing, or is 0 for every parallel call, ids and names are repeated, or an id is made up anew
for every fragment.
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
    """Read the calls of a whole answer, and apart from them those with broken arguments."""
    calls: list[ToolCall] = []
    broken: list[InvalidToolCall] = []
    for place, item in enumerate(_listed(raw)):
        function = require(item, "function", dict)
        name = require(function, "name", str)
        call = tool_call(name, _arguments(function), text_field(item, "id") or _made_up_id(place))
        if call["type"] == "invalid_tool_call":
            broken.append(call)
        else:
            calls.append(call)
    return calls, broken


def _listed(raw: Any) -> list[Any]:
    if not raw:
        return []
    if not isinstance(raw, list):
        raise malformed(f"expected 'tool_calls' to be a list, found {type(raw).__name__}")
    return raw


def _arguments(function: Json) -> str:
    # Ollama and a few servers send the object itself; Groq sends the text "null" for no arguments.
    arguments = function.get("arguments")
    if isinstance(arguments, dict):
        return dump_json(arguments)
    return text_field(function, "arguments")


def _made_up_id(place: int) -> str:
    return f"call_{place}"


@dataclass(slots=True)
class _Call:
    place: int
    index: Any
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def add(self, arguments: str) -> str:
        """Keep a fragment of the arguments, and return it as it is to be shown."""
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
    """The tool calls of one stream."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: list[_Call] = []

    def read(self, raw: Any) -> list[ToolCallChunk]:
        """Read one delta's `tool_calls`; every chunk has its call's place as `index`."""
        return [self._read(item) for item in _listed(raw)]

    def _read(self, item: Any) -> ToolCallChunk:
        function = require(item, "function", dict)
        name, call_id = text_field(function, "name"), text_field(item, "id")
        call, label = self._call(item.get("index"), call_id, name), None
        if call is None:
            call = _Call(len(self._calls), item.get("index"))
            self._calls.append(call)
            # Given at once: a last chunk with nothing but the id would look like one more call.
            label = call_id or _made_up_id(call.place)
        fragment = ToolCallChunk(
            name=None if name in ("", call.name) else name,
            args=call.add(piece_of_arguments(_arguments(function))),
            id=label,
            index=call.place,
            type="tool_call_chunk",
        )
        call.id, call.name = call.id or call_id, call.name or name
        return fragment

    def _call(self, index: Any, call_id: str, name: str) -> _Call | None:
        """Find the call that a fragment goes on with; None where it begins another."""
        backwards = self._calls[::-1]
        if index is None:
            same = (call for call in backwards if call_id and call.id == call_id)
            latest = next(same, None) or next(iter(backwards), None)
        else:
            latest = next((call for call in backwards if call.index == index), None)
        return None if latest is None or _begins_another(latest, call_id, name) else latest


def _begins_another(call: _Call, call_id: str, name: str) -> bool:
    if not name:
        return False
    if call_id and call.id:
        return call_id != call.id
    return bool(call.name) and call.is_complete()

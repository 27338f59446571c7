"""State of one tool call of a stream, while its fragments arrive."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from langchain_core.messages import ToolCallChunk

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.wires.parsing import dump_json, end_of_arguments, end_of_cut

NO_ARGUMENTS = frozenset({"{}", "null"})
"""Arguments of a call without any; some servers begin every call with them."""

JSON_ENDS = ("}", "]", '"', "e", "l", *"0123456789")
"""Last characters of a JSON value."""

CUSTOM_ARGUMENT = "__arg1"
"""The argument that has the input of a custom tool, as in LangChain's own tools."""


def custom_arguments(text: str) -> str:
    """Return the input of a custom tool as the arguments of a call."""
    return dump_json({CUSTOM_ARGUMENT: text})


def generated_id(position: int) -> str:
    """Return the id of a call that has none from the server."""
    return f"call_{position}"


@dataclass(slots=True, eq=False)
class StreamedCall:
    """One tool call of a stream."""

    position: int
    id: str = ""
    name: str = ""
    custom: bool = False
    empty: bool = False
    """Whether the server stated that there are no arguments."""
    fragments: int = 0
    shown_id: str = ""
    """The id in its first chunk, which has its name; empty until that was returned."""
    extra: Json = field(default_factory=dict)
    """What LangChain's calls have no field for."""
    length: int = 0
    """Characters of the arguments."""
    arguments: list[str] = field(default_factory=list)

    @property
    def known_id(self) -> str:
        """The id that the caller has received or will receive."""
        return self.shown_id or self.id or generated_id(self.position)

    @property
    def awaits_id(self) -> bool:
        """Whether to wait for the id, which may come after the name.

        A server that sends none with the second fragment, nor with the first arguments, sends none.
        """
        return not self.id and (self.fragments < 2 or not self.arguments)  # noqa: PLR2004  # the second one

    def add(self, arguments: str) -> str:
        """Store a fragment of the arguments and return the text for its chunk.

        Some servers send `{}` before the arguments, or end a call with all of them once more.
        """
        self.fragments += 1
        if arguments in NO_ARGUMENTS and not self.arguments and not self.custom:
            self.empty = True
            return ""
        if arguments[:1] == "{" and arguments[-1:] == "}" and self._has(arguments):
            return ""
        if arguments:
            self.arguments.append(arguments)
            self.length += len(arguments)
        return "" if self.custom else arguments

    def _has(self, arguments: str) -> bool:
        if len(arguments) != self.length or self.custom:
            return False
        return arguments == "".join(self.arguments)

    def is_complete(self) -> bool:
        """Return whether the arguments are whole JSON, or the server stated that there are none."""
        if not self.arguments:
            return self.empty
        if not self.arguments[-1].rstrip().endswith(JSON_ENDS):
            return False  # without parsing all of it after each fragment
        try:
            json.loads("".join(self.arguments))
        except (ValueError, RecursionError):
            return False
        return True

    def ending(self, *, cut: bool = False) -> str:
        """Return the fragment that ends the arguments; `cut`: the model was stopped within them."""
        text = "".join(self.arguments)
        if self.custom:
            return custom_arguments(text) + ("]" if cut else "")
        return end_of_cut(text) if cut else end_of_arguments(text)

    def first(self) -> ToolCallChunk:
        """Return the first chunk, with the arguments that came before the name.

        It has the id: a later chunk with only an id would look like a new call.
        """
        self.shown_id = self.known_id
        return ToolCallChunk(
            name=self.name,
            args="" if self.custom else "".join(self.arguments),
            id=self.known_id,
            index=self.position,
            type="tool_call_chunk",
        )

    def whole(self, *, cut: bool = False) -> ToolCallChunk:
        """Return the call in one fragment, which LangChain appends without a search."""
        begun = "" if self.custom else "".join(self.arguments)
        return ToolCallChunk(
            name=self.name or None,
            args=begun + self.ending(cut=cut),
            id=self.known_id,
            index=None,
            type="tool_call_chunk",
        )

    def unnamed(self) -> ToolCallChunk:
        """Return a call that never got a name, with arguments that LangChain takes for invalid."""
        text = "".join(self.arguments)
        return ToolCallChunk(
            name=None,
            args=text + (end_of_arguments(text) or "]"),
            id=self.known_id,
            index=None,
            type="tool_call_chunk",
        )


def starts_new_call(call: StreamedCall, call_id: str, name: str) -> bool:
    """Return whether a fragment with this id and name starts another call than `call`."""
    if not name:
        return False
    if call_id and call.id and (call_id != call.id or name == call.name):
        return call_id != call.id
    if call.empty and not call.arguments and (call.id or call_id) and name == call.name:
        return False  # so far only `{}` or `null`; of two calls both would have an id
    return bool(call.name) and call.is_complete()

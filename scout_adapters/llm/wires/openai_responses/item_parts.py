"""The texts and indexes of a streamed output item, and what an event of it adds to the message."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from langchain_core.messages import ToolCallChunk

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import malformed
from scout_adapters.llm.wires.openai_responses.items import NO_ARGUMENTS
from scout_adapters.llm.wires.parsing import check_blocks


@dataclass(slots=True)
class Shown:
    """The blocks and fragments of tool calls that one event adds to the message."""

    blocks: list[Json] = field(default_factory=list)
    calls: list[ToolCallChunk] = field(default_factory=list)
    silent: bool = False
    """Whether there is nothing in it for a reader: it may wait for the next content."""

    def extend(self, more: Shown | None) -> None:
        """Add what the same chunk shows; LangChain does not merge fragments of a call in one."""
        if more is None:
            return
        self.blocks += more.blocks
        for call in more.calls:
            begun = next((each for each in self.calls if each["index"] == call["index"]), None)
            if begun is None:
                self.calls.append(call)
            else:
                begun["args"] = (begun["args"] or "") + (call["args"] or "")


class BlockIndexes:
    """Numbers the blocks of a streamed message; raises `MalformedResponse` when there are too many.

    An object of its own, not the reader's method: items that refer to their reader are a cycle.
    """

    __slots__ = ("_count",)

    def __init__(self) -> None:
        self._count = 0

    def __call__(self) -> int:
        self._count += 1
        check_blocks(self._count)
        return self._count - 1


@dataclass(slots=True)
class Part:
    """One text of an item: the number of its block, and the pieces that were shown."""

    index: int
    pieces: list[str] = field(default_factory=list)
    annotations: int = 0
    labelled: bool = False
    size: int = 0
    """Characters of the JSON arguments of a function call that were shown."""

    complete: bool = False
    """Whether the arguments of a call were there when it began: what follows repeats them."""

    def rest(self, whole: str) -> str:
        """Return what of the whole text was not shown; "" if the pieces are not its beginning."""
        shown = "".join(self.pieces)
        return whole[len(shown) :] if whole.startswith(shown) else ""

    def is_repeated_by(self, piece: str) -> bool:
        """Return whether a piece is all arguments that were shown, as one JSON object."""
        if len(piece) != self.size or piece[:1] != "{" or piece[-1:] != "}":
            return False
        return piece == "".join(self.pieces)

    def begins_with(self, text: str) -> bool:
        """Return whether the pieces that were shown begin with a text."""
        return "".join(self.pieces).startswith(text)

    def rest_of_call(self, whole: str, *, is_json: bool) -> str:
        """Return what of a call's arguments was not shown; raises `MalformedResponse`.

        Pieces that differ from the whole have lost or repeated something: the call would do what
        the model has not requested. The lines of plain text may end in other white space.
        """
        shown = "".join(self.pieces)
        if whole.startswith(shown):
            return whole[len(shown) :]
        same = _same_json if is_json else _same_text
        if whole and whole not in NO_ARGUMENTS and not same(shown, whole):
            raise malformed("the pieces of a call's arguments are not the arguments at its end")
        return ""


def _same_json(one: str, other: str) -> bool:
    """Return whether two texts are the same JSON value."""
    try:
        return bool(json.loads(one, strict=False) == json.loads(other, strict=False))
    except (ValueError, RecursionError):
        return False


def _same_text(one: str, other: str) -> bool:
    """Return whether two texts differ only in white space at the ends of the text and its lines."""
    lines, others = one.strip().splitlines(), other.strip().splitlines()
    return [line.rstrip() for line in lines] == [line.rstrip() for line in others]

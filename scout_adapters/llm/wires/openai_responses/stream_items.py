"""Output items of a streamed response: what of each was shown, and what its end still has to add.

LangChain merges blocks by `index`. Each part of a message and each other item has a number of its
own, so items may come one after the other or side by side.
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages import ToolCallChunk

from scout_adapters._internal.json_values import Json, objects
from scout_adapters.errors import malformed
from scout_adapters.llm.wires.openai_responses.item_parts import BlockIndexes, Part, Shown
from scout_adapters.llm.wires.openai_responses.items import (
    CUSTOM_ARGUMENT,
    RESERVED,
    annotation,
    arguments_of,
    call_id,
    is_cut,
    item_block,
    message_labels,
    message_parts,
    part_block,
    without_nulls,
)
from scout_adapters.llm.wires.parsing import (
    dump_json,
    end_of_arguments,
    end_of_cut,
    piece_of_arguments,
    require,
)

CALLS = frozenset({"function_call", "custom_tool_call"})
"""Items that the caller has to run; they begin to show when they are added."""

TEXT_KEYS = {"summary": "summary_text", "content": "reasoning_text"}
"""Fields of a reasoning item that list texts, and the type of these texts."""

_NOT_AT_BEGINNING = frozenset({"type", "status"})
_NOT_AT_END = frozenset({"type", "id", "summary", "content", "status"}) | RESERVED
_NOT_IN_OPENING = frozenset({"type", "id", "summary", "encrypted_content"}) | RESERVED
"""Fields of an item of reasoning that its end sends: pieces under one name are joined."""


class StreamedItem:
    """One output item of a stream."""

    __slots__ = ("_cut", "_next_index", "_open", "_opening", "done", "kind", "labels", "parts")

    def __init__(self, kind: str, item: Json, next_index: BlockIndexes) -> None:
        """Begin an item; `next_index` returns the number of the next block."""
        self.kind = kind
        self.done = False
        self._cut = False
        self.labels = message_labels(item)
        self.parts: dict[Any, Part] = {}
        self._open: dict[str, int] = {}
        self._next_index = next_index
        self._opening = _opening(item) if kind == "reasoning" else {}

    def begin(self, item: Json) -> Shown | None:
        """Show a tool call that was added; of other items there is nothing to show yet."""
        match self.kind:
            case "function_call":
                return self._begin_function(item)
            case "custom_tool_call":
                return self._begin_custom(item)
        return None

    def part(self, place: Any, name: str) -> Part:
        """Return the text at a place of the item; raises `MalformedResponse` for a bad place."""
        part = self.parts.get(place) if type(place) is int else None
        if part is None:
            if self.kind != "message":
                raise malformed(f"a text of an item of type {self.kind!r} has no place in it")
            place = self._place(place, name)
            part = self.parts.get(place)
        if part is None:
            part = self.parts[place] = Part(self._next_index())
        return part

    def _place(self, place: Any, name: str) -> int:
        """Return the index of the text that a piece belongs to: the open text, else a new one.

        `place` is what the event states: vLLM counts pieces, not texts; llama.cpp states none.
        https://github.com/vllm-project/vllm/pull/35184,
        https://github.com/ggml-org/llama.cpp/issues/20607
        """
        if place is not None and type(place) is not int:
            raise malformed(f"a text of an item of type {self.kind!r} has no place in it")
        if name not in self._open:
            self._open[name] = len(self.parts.keys() - {None}) if place is None else place
        return self._open[name]

    def end_texts(self) -> None:
        """Let the next piece at a new place begin a text."""
        self._open.clear()

    def text(self, place: Any, name: str, piece: str) -> Json:
        """Return the block of a piece of a message's text (`name` is `text` or `refusal`)."""
        part = self.part(place, name)
        part.pieces.append(piece)
        block = {"type": name, name: piece, "index": part.index}
        if not part.labelled:
            part.labelled = True
            block |= self.labels
        return block

    def annotate(self, place: Any, note: Json) -> Json:
        """Return the block of an annotation."""
        part = self.part(place, "text")
        part.annotations += 1
        return {"type": "text", "annotations": [annotation(note)], "index": part.index}

    def reason(self, name: str, place: Any, piece: str) -> Json:
        """Return the block of a piece of reasoning (`name` is `summary` or `content`)."""
        if self.kind != "reasoning":
            raise malformed(f"reasoning in an item of type {self.kind!r}")
        part = self.parts.get((name, place)) if type(place) is int else None
        if part is None:
            place = self._place(place, name)
            part = self.parts.get((name, place))
        begins = part is None
        if part is None:
            part = self.parts[name, place] = Part(self._whole().index)
        part.pieces.append(piece)
        text = {"index": place, "type": TEXT_KEYS[name], "text": piece}
        block: Json = {"type": "reasoning", "summary": [], "index": part.index}
        block[name] = [text]
        return self._labelled(block) if begins else block

    def argue(self, piece: str) -> Shown:
        """Show a piece of a tool call's arguments."""
        if self.kind not in CALLS:
            raise malformed(f"arguments in an item of type {self.kind!r}")
        whole = self._whole()
        if self.kind == "custom_tool_call":
            whole.pieces.append(piece)
            return Shown(calls=[_call(whole.index, dump_json(piece)[1:-1])])
        if whole.complete or whole.is_repeated_by(piece):
            return Shown()  # the whole arguments once more, as some servers end a call
        whole.pieces.append(piece)
        whole.size += len(piece)
        block = {"type": "function_call", "arguments": piece, "index": whole.index}
        return Shown([block], [_call(whole.index, piece)])

    def catch_up(self, name: str, place: Any, whole: str) -> Shown | None:
        """Show what of a text that has ended did not come in pieces; None if there is nothing.

        `name` is that of `text` or `reason`, or `arguments`.
        """
        if name == "arguments":
            rest = self._rest_of_call(whole, may_be_cut=True) if self.kind in CALLS else ""
            return self.argue(piece_of_arguments(rest)) if rest else None
        of_reasoning = name in TEXT_KEYS
        if self.kind != ("reasoning" if of_reasoning else "message"):
            return None
        if type(place) is not int or ((name, place) if of_reasoning else place) not in self.parts:
            place = self._place(place, name)
        self._open.pop(name, None)
        part = self.parts.get((name, place) if of_reasoning else place)
        rest = part.rest(whole) if part else whole
        if not rest:
            return None
        block = self.reason(name, place, rest) if of_reasoning else self.text(place, name, rest)
        return Shown([block])

    def end(self, item: Json) -> Shown:
        """Show what the whole item has that did not come in pieces."""
        self.done, self._cut = True, is_cut(item)
        match self.kind:
            case "message":
                return self._end_message(item)
            case "reasoning":
                return self._end_reasoning(item)
            case "function_call":
                rest = self._rest_of_call(arguments_of(item), may_be_cut=self._cut)
                return self.argue(rest) if rest else Shown()
            case "custom_tool_call":
                return self._end_custom(item)
        return Shown([item_block(item) | {"index": self._next_index()}])

    def ending(self, *, cut: bool, newest: bool) -> ToolCallChunk | None:
        """Return the fragment that makes LangChain report arguments that were cut off; or None.

        `cut` states that the response ended at its limit. The provider marks an item that it did
        not complete; without its end, or if it is the newest and empty, it is the one that was cut.
        """
        if self.kind not in CALLS:
            return None
        whole = self._whole()
        text = "".join(whole.pieces)
        open_ended = self._cut or (cut and (not self.done or (newest and not text.strip())))
        if self.kind == "custom_tool_call":
            text = f'{{"{CUSTOM_ARGUMENT}": "{dump_json(text)[1:-1]}' + ('"}' if self.done else "")
            end = "]" if self.done and self._cut else end_of_arguments(text)
        else:
            end = end_of_cut(text) if open_ended else end_of_arguments(text)
        return _call(whole.index, end) if end else None

    def _rest_of_call(self, text: str, *, may_be_cut: bool) -> str:
        """Return what of a call was not shown; of one that was cut, the pieces may be longer."""
        whole = self._whole()
        if may_be_cut and whole.begins_with(text):
            return ""
        return whole.rest_of_call(text, is_json=self.kind == "function_call")

    def _whole(self) -> Part:
        part = self.parts.get(None)
        if part is None:
            part = self.parts[None] = Part(self._next_index())
        return part

    def _labelled(self, block: Json) -> Json:
        """Add the item's id to a block: in v1 each summary becomes a block of its own.

        The first block has the fields with which the item began, as in ChatOpenAI.
        """
        whole = self._whole()
        if not whole.labelled:
            whole.labelled = True
            block = {**self._opening, **block}
        if item_id := self.labels.get("id"):
            block["id"] = item_id
        return block

    def _begin_function(self, item: Json) -> Shown:
        name, arguments, whole = require(item, "name", str), arguments_of(item), self._whole()
        block = {n: v for n, v in item.items() if v is not None and n not in _NOT_AT_BEGINNING}
        block |= {"arguments": arguments, "call_id": call_id(item)}
        if arguments:
            whole.pieces.append(arguments)
            whole.size = len(arguments)
            whole.complete = arguments[0] == "{" and not end_of_arguments(arguments)
        call = _call(whole.index, arguments, name, call_id(item))
        return Shown([{"type": "function_call", **block, "index": whole.index}], [call])

    def _begin_custom(self, item: Json) -> Shown:
        whole, text = self._whole(), item.get("input")
        opening = f'{{"{CUSTOM_ARGUMENT}": "'
        if text and isinstance(text, str):
            whole.pieces.append(text)
            opening += dump_json(text)[1:-1]
        return Shown(calls=[_call(whole.index, opening, require(item, "name", str), call_id(item))])

    def _end_custom(self, item: Json) -> Shown:
        whole = self._whole()
        text = self._rest_of_call(require(item, "input", str), may_be_cut=self._cut)
        whole.pieces.append(text)
        rest = dump_json(text)[1:-1]
        block = without_nulls(item) | {"index": whole.index}
        return Shown([block], [_call(whole.index, f'{rest}"}}')])

    def _end_message(self, item: Json) -> Shown:
        shown = Shown(silent=True)
        self.labels |= message_labels(item)
        whole = message_parts(item)
        texts = self._texts([key for key in self.parts if type(key) is int], len(whole))
        for place, part in enumerate(whole):
            if block := self._end_part(texts.get(place), part):
                shown.blocks.append(block)
                shown.silent &= block.get("text") == "" and not block.get("annotations")
        return shown

    def _texts(self, keys: list[Any], count: int) -> dict[int, Part]:
        """Return the texts that were shown by their places in an item with a number of texts.

        Where a server counts places differently, their order counts.
        """
        places = [key if type(key) is int else key[1] for key in keys]
        shown = [self.parts[key] for key in keys]
        if all(place < count for place in places):
            return dict(zip(places, shown, strict=True))
        for surplus in shown[count:] if count else ():
            shown[count - 1].pieces += surplus.pieces
        return dict(enumerate(shown[:count]))

    def _end_part(self, state: Part | None, part: Json) -> Json | None:
        """Return what a part has beyond the pieces that were shown; None if there is nothing."""
        block = part_block(part, self.labels)
        if block["type"] not in ("text", "refusal"):
            return block | {"index": self._next_index()}
        kind, state = block["type"], state or Part(self._next_index())
        rest = state.rest(block[kind])
        notes = block.get("annotations", [])[state.annotations :]
        if state.labelled and not rest and not notes:
            return None
        fresh: Json = {"type": kind, kind: rest, "index": state.index}
        if notes:
            fresh["annotations"] = notes
        return fresh if state.labelled else fresh | self.labels

    def _end_reasoning(self, item: Json) -> Shown:
        whole = self._whole()
        begun = whole.labelled
        left_out = _NOT_AT_END | self._opening.keys()
        block: Json = {n: v for n, v in item.items() if v is not None and n not in left_out}
        block |= {"type": "reasoning", "summary": [], "index": whole.index}
        visible = False
        for name in TEXT_KEYS:
            if rest := self._rest_of_reasoning(name, item):
                block[name] = rest
                visible = True
        if begun and not visible and block.keys() == {"type", "summary", "index"}:
            return Shown()
        if not begun or visible:
            block = self._labelled(block)
        return Shown([block], silent=not (begun or visible))

    def _rest_of_reasoning(self, name: str, item: Json) -> list[Json]:
        texts: list[Json] = []
        whole_texts = objects(item.get(name))
        keys = [key for key in self.parts if type(key) is tuple and key[0] == name]
        shown = self._texts(keys, len(whole_texts))
        for place, text in enumerate(whole_texts):
            part = shown.get(place)
            whole = require(text, "text", str)
            if part is None:
                texts.append({**text, "index": place})
            elif rest := part.rest(whole):
                texts.append({"type": TEXT_KEYS[name], "text": rest, "index": place})
        return texts


def _opening(item: Json) -> Json:
    """Return the fields with which an item of reasoning begins, without its texts."""
    opening = {n: v for n, v in item.items() if v is not None and n not in _NOT_IN_OPENING}
    if opening.get("content"):
        del opening["content"]
    return opening


def _call(
    index: int, arguments: str, name: str | None = None, call_id: str | None = None
) -> ToolCallChunk:
    return ToolCallChunk(
        name=name,
        args=piece_of_arguments(arguments),
        id=call_id,
        index=index,
        type="tool_call_chunk",
    )

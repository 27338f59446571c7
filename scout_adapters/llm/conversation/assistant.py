"""What a model said and called, made ready for one maker: its own answers whole, others' clean."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.conversation.blocks import (
    MEDIA,
    READERS,
    canonical,
    is_call,
    reasoning,
)
from scout_adapters.llm.types import ProviderSpec, Turn
from scout_adapters.llm.wires.builtin_wires import NATIVE_BLOCKS

SERVER_SIDE = frozenset(
    {"server_tool_call", "server_tool_call_chunk", "server_tool_result", "server_tool_use"}
)
"""What a maker's own tools did: of no use to another maker."""

MAKER_ONLY = NATIVE_BLOCKS - READERS.keys()
MARKS = ("caller", "toolset_name", "cache_control", "signature")
"""What only the content knows of a call: who made it, markers, a signature."""

BOUND = frozenset({"signature", "citations", "annotations", "caller", "toolset_name"})
"""What a maker puts on a block, and nobody else understands."""


def made_by(message: AIMessage, spec: ProviderSpec) -> bool:
    """Tell whether `spec`'s provider made the message, as far as the message remembers."""
    maker = message.response_metadata.get("model_provider")
    if maker is not None:
        return bool(maker == spec.maker)
    # Written by hand, or by a model that leaves no name: the form of its thinking tells.
    return spec.wire.recognises(message)


def assistant_turn(
    message: AIMessage, at: int, spec: ProviderSpec, changes: list[str], results: Container[str]
) -> Turn:
    """Read an answer; `results` holds the ids that are answered. Raises `UnsupportedContent`."""
    named = "model_provider" in message.response_metadata
    reader = _Reader(at, spec, changes, own=made_by(message, spec), named=named)
    calls = _calls(message, results)
    blocks: list[Json] = []
    if isinstance(message.content, str):
        if message.content:
            blocks.append({"type": "text", "text": message.content})
    else:
        for place, block in enumerate(message.content):
            blocks.extend(reader.read(block, place, calls))
    reader.add_reasoning(message, blocks)
    blocks.extend(calls.values())  # those that do not stand in the content
    left = sum((call.get("id") or "") not in results for call in message.invalid_tool_calls)
    if left:
        changes.append(f"message {at} (assistant): {left} broken calls left out")
    return Turn(
        role="assistant",
        blocks=blocks if reader.own else [_unbound(block) for block in blocks],
        at=at,
        name=message.name,
        kept=message.additional_kwargs if reader.own else {},
        content=message.content if reader.own and isinstance(message.content, list) else None,
    )


@dataclass(slots=True)
class _Reader:
    """Reads the blocks of one answer, and notes what stays behind."""

    at: int
    spec: ProviderSpec
    changes: list[str]
    own: bool
    named: bool
    """Whether the message says who made it."""

    def read(self, block: Any, place: int, calls: dict[Any, Json]) -> Iterator[Json]:
        """Yield the block, or nothing: what another maker bound to itself stays behind."""
        where = f"message {self.at} (assistant), block {place}"
        kind = block.get("type") if isinstance(block, dict) else None
        if is_call(kind):
            if call := calls.pop(block.get("call_id") or block.get("id"), None):
                yield _marked(call, block)
            return
        if kind == "non_standard" and isinstance(block.get("value"), dict):
            block, kind = block["value"], block["value"].get("type")
        if thought := reasoning(block):
            if self.own:
                yield thought
            else:
                self.changes.append(f"{where}: reasoning of another maker left out")
        elif self._goes_back(kind):
            yield {"type": "native", "value": block}
        elif self._stays(kind):
            self.changes.append(f"{where}: {kind} left out")
        else:
            yield canonical(block, where, self.spec.wire)

    def _goes_back(self, kind: Any) -> bool:
        """Tell what the maker takes back in its own form.

        Chat Completions take nothing unheard of; blocks of OpenAI's Responses are that.
        """
        if not self.own:
            return False
        wire = self.spec.wire
        if kind in wire.native_blocks:
            return True
        return wire.takes_unknown_blocks and (kind in SERVER_SIDE or _unknown(kind))

    def _stays(self, kind: Any) -> bool:
        """Tell what only its maker can use; unknown blocks of an unknown author are nobody's."""
        if kind in MAKER_ONLY or kind in SERVER_SIDE or (kind in MEDIA and not self.own):
            return True
        return self.named and _unknown(kind)

    def add_reasoning(self, message: AIMessage, blocks: list[Json]) -> None:
        """Put reasoning that was kept beside the content before it."""
        text = message.additional_kwargs.get("reasoning_content")
        if not text or any(block["type"] == "reasoning" for block in blocks):
            return
        if self.own:
            blocks.insert(0, {"type": "reasoning", "reasoning": text})
        else:
            where = f"message {self.at} (assistant)"
            self.changes.append(f"{where}: reasoning of another maker left out")


def _unknown(kind: Any) -> bool:
    """Tell a block that only its maker can know, where it stands in the maker's own answer."""
    return kind is not None and kind != "non_standard" and kind not in READERS


def _unbound(block: Json) -> Json:
    return {name: value for name, value in block.items() if name not in BOUND}


def _calls(message: AIMessage, results: Container[str]) -> dict[Any, Json]:
    """Return the calls by id; of broken ones those that somebody answered.

    The others were cut off, nobody ran them, and no API takes a call without its result.
    """
    calls: dict[Any, Json] = {}
    for call in message.tool_calls:
        made = {"type": "tool_call", "id": call.get("id") or "", "name": call["name"]}
        calls[_place(made, calls)] = {**made, "args": call["args"]}
    for broken in message.invalid_tool_calls:
        if (call_id := broken.get("id") or "") in results:
            made = {"type": "tool_call", "id": call_id, "name": broken.get("name") or ""}
            calls[_place(made, calls)] = {**made, "args": broken.get("args") or {}}
    return calls


def _place(call: Json, calls: Mapping[Any, Json]) -> Any:
    """Return the call's id, or its number where it has none or shares that of another call."""
    return call["id"] if call["id"] and call["id"] not in calls else len(calls)


def _marked(call: Json, block: Json) -> Json:
    """Keep the marks of a call."""
    extras: Json = block.get("extras") or {}
    marks = {name: block.get(name) or extras.get(name) for name in MARKS}
    return call | {name: mark for name, mark in marks.items() if mark}

"""Convert answers: complete for the provider that made them, without private parts for others."""

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
"""Blocks of tools that ran at a provider: other providers cannot use them."""

MAKER_ONLY = NATIVE_BLOCKS - READERS.keys()
"""Types of blocks that only one API has, and that have no canonical form."""

CALL_MARKS = ("caller", "toolset_name", "cache_control", "signature")
"""Fields of a call that only its content block has, not `message.tool_calls`."""

PRIVATE_FIELDS = frozenset({"signature", "citations", "annotations", "caller", "toolset_name"})
"""Fields of a block that only the provider that made it understands."""


def made_by(message: AIMessage, spec: ProviderSpec) -> bool:
    """Return whether the provider `spec` made the message, as far as the message shows."""
    maker = message.response_metadata.get("model_provider")
    if maker is not None:
        return bool(maker == spec.maker)
    # Written by hand, or by a chat model that sets no name: the form of its blocks may show it.
    return spec.wire.recognises(message)


def assistant_turn(  # the message, its place, and what it is converted for
    message: AIMessage,
    at: int,
    spec: ProviderSpec,
    changes: list[str],
    result_ids: Container[str],
    *,
    signed: bool = True,
) -> Turn:
    """Convert an answer; `result_ids` has the ids of calls that have a result.

    Without `signed`, it is converted like an answer of another maker.

    Raises:
        UnsupportedContent: A block cannot be converted.
    """
    named = "model_provider" in message.response_metadata
    reader = _BlockReader(at, spec, changes, own=signed and made_by(message, spec), named=named)
    calls = _calls(message, result_ids)
    blocks: list[Json] = []
    if isinstance(message.content, str):
        if message.content:
            blocks.append({"type": "text", "text": message.content})
    else:
        for index, block in enumerate(message.content):
            blocks.extend(reader.read(block, index, calls))
    reader.add_reasoning(message, blocks)
    blocks.extend(calls.values())  # calls that the content does not contain
    dropped = sum((call.get("id") or "") not in result_ids for call in message.invalid_tool_calls)
    if dropped:
        changes.append(f"message {at} (assistant): {dropped} broken calls left out")
    return Turn(
        role="assistant",
        blocks=blocks if reader.own else [_without_private_fields(block) for block in blocks],
        at=at,
        name=message.name,
        extras=message.additional_kwargs if reader.own else {},
        metadata=message.response_metadata if reader.own else {},
        content=message.content if reader.own and isinstance(message.content, list) else None,
    )


@dataclass(slots=True)
class _BlockReader:
    """Converts the blocks of one answer, and lists in `changes` what it leaves out."""

    at: int
    spec: ProviderSpec
    changes: list[str]
    own: bool
    named: bool
    """Whether the message has a `model_provider`."""

    def read(self, block: Any, index: int, calls: dict[Any, Json]) -> Iterator[Json]:
        """Yield the converted block; nothing if only its maker can use it."""
        where = f"message {self.at} (assistant), block {index}"
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
        elif self._is_native(kind):
            yield {"type": "native", "value": block}
        elif self._is_private(kind):
            self.changes.append(f"{where}: {kind} left out")
        else:
            yield canonical(block, where, self.spec.wire)

    def _is_native(self, kind: Any) -> bool:
        """Return whether the block is sent back unchanged to the provider that made it."""
        if not self.own:
            return False
        wire = self.spec.wire
        if kind in wire.native_blocks:
            return True
        return wire.takes_unknown_blocks and (kind in SERVER_SIDE or _unknown(kind))

    def _is_private(self, kind: Any) -> bool:
        """Return whether only its maker can use the block, as far as the message has a maker."""
        if kind in MAKER_ONLY or kind in SERVER_SIDE or (kind in MEDIA and not self.own):
            return True
        return self.named and _unknown(kind)

    def add_reasoning(self, message: AIMessage, blocks: list[Json]) -> None:
        """Insert the reasoning that `additional_kwargs` has before the content."""
        text = message.additional_kwargs.get("reasoning_content")
        if not text or any(block["type"] == "reasoning" for block in blocks):
            return
        if self.own:
            blocks.insert(0, {"type": "reasoning", "reasoning": text})
        else:
            where = f"message {self.at} (assistant)"
            self.changes.append(f"{where}: reasoning of another maker left out")


def _unknown(kind: Any) -> bool:
    """Return whether the type has no canonical form."""
    return kind is not None and kind != "non_standard" and kind not in READERS


def _without_private_fields(block: Json) -> Json:
    return {name: value for name, value in block.items() if name not in PRIVATE_FIELDS}


def _calls(message: AIMessage, result_ids: Container[str]) -> dict[Any, Json]:
    """Return the calls by id; invalid calls only if they have a result.

    Other invalid calls are truncated and did not run, and no API accepts a call without a result.
    """
    calls: dict[Any, Json] = {}
    for call in message.tool_calls:
        block = {"type": "tool_call", "id": call.get("id") or "", "name": call["name"]}
        calls[_key(block, calls)] = {**block, "args": call["args"]}
    for invalid in message.invalid_tool_calls:
        if (call_id := invalid.get("id") or "") in result_ids:
            block = {"type": "tool_call", "id": call_id, "name": invalid.get("name") or ""}
            calls[_key(block, calls)] = {**block, "args": invalid.get("args") or {}}
    return calls


def _key(call: Json, calls: Mapping[Any, Json]) -> Any:
    """Return the call's id, or its number if it has none or the id of another call."""
    return call["id"] if call["id"] and call["id"] not in calls else len(calls)


def _marked(call: Json, block: Json) -> Json:
    """Add the fields that only the content block of a call has."""
    extras: Json = block.get("extras") or {}
    marks = {name: block.get(name) or extras.get(name) for name in CALL_MARKS}
    return call | {name: mark for name, mark in marks.items() if mark}

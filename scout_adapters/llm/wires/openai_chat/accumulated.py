"""Fields that a stream sends in pieces, merged and attached to the last chunk.

LangChain's own merging would concatenate repeated values
(`"format": "anthropic-claude-v1anthropic-claude-v1"`), and the provider would then refuse the
reasoning: https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
"""

from __future__ import annotations

from typing import Any

from scout_adapters._internal.json_values import Json, objects
from scout_adapters.llm.wires.openai_chat.parse_fields import (
    MESSAGE_LISTS,
    MESSAGE_OBJECTS,
    non_empty,
)

_FRAGMENTS = frozenset({"text", "summary", "arguments", "data", "transcript"})
"""Fields whose text arrives in fragments; any other field is replaced by its latest value."""


class Accumulated:
    """The merged fields of one stream."""

    __slots__ = ("_lists", "_objects", "logprobs")

    def __init__(self) -> None:
        self._lists: dict[str, list[Json]] = {}
        self._objects: dict[str, Json] = {}
        self.logprobs: Any = None

    def read(self, delta: Json) -> None:
        """Merge the fields of a delta other than text, reasoning and tool calls."""
        for name in MESSAGE_LISTS:
            if pieces := objects(delta.get(name)):
                self.extend(name, pieces)
        for name in MESSAGE_OBJECTS:
            if piece := non_empty(delta.get(name)):
                _merge(self._objects.setdefault(name, {}), piece)

    def extend(self, name: str, pieces: list[Json]) -> None:
        """Add the items of a list; some continue an item that exists."""
        known = self._lists.setdefault(name, [])
        for piece in pieces:
            if name == "reasoning_details" and known and _continues(known[-1], piece):
                _merge(known[-1], piece)
            elif name == "executed_tools" and known and _completes(known[-1], piece):
                known[-1].update(piece)
            else:
                known.append(dict(piece))

    def read_logprobs(self, raw: Any) -> None:
        """Merge log probabilities: lists grow by token; other fields keep their last value."""
        if not isinstance(raw, dict) or not isinstance(self.logprobs, dict):
            self.logprobs = dict(raw) if isinstance(raw, dict) else raw
            return
        for name, value in raw.items():
            before = self.logprobs.get(name)
            both = isinstance(value, list) and isinstance(before, list)
            self.logprobs[name] = before + value if both else before if value is None else value

    @property
    def has_values(self) -> bool:
        """Whether the stream had any such field."""
        return bool(self._lists or self._objects)

    def kwargs(self) -> Json:
        """Return all fields as `additional_kwargs`."""
        return {**self._lists, **self._objects}


def _completes(tool: Json, piece: Json) -> bool:
    """Return whether a piece repeats a tool of the list, now with its output.

    Groq sends each tool twice, sometimes with another type. Several may have the index 0.
    """
    return tool.get("index") == piece.get("index") and "output" in piece and "output" not in tool


def _continues(entry: Json, piece: Json) -> bool:
    same = all(entry.get(name) == piece.get(name) for name in ("type", "index"))
    apart = entry.get("id") and piece.get("id") and entry["id"] != piece["id"]
    # Encrypted reasoning arrives whole: two in a row are separate.
    return same and not apart and piece.get("data") is None


def _merge(known: Json, piece: Json) -> None:
    for name, value in piece.items():
        before = known.get(name)
        if name in _FRAGMENTS and isinstance(value, str) and isinstance(before, str):
            known[name] = before + value
        elif value is not None or name not in known:
            known[name] = value

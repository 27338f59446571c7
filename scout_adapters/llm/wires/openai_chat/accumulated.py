"""What a stream brings in pieces that nobody reads before the end.

It is put together here and handed over with the last chunk. LangChain's own merging would join
words that are repeated (`"format": "anthropic-claude-v1anthropic-claude-v1"`), and thoughts spoilt
so cannot be sent back: https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
"""

from __future__ import annotations

from typing import Any

from scout_adapters._internal.json_values import Json, objects
from scout_adapters.llm.wires.openai_chat.parse_fields import (
    MESSAGE_LISTS,
    MESSAGE_OBJECTS,
    non_empty,
)

# Texts that come in fragments; any other field is replaced by its latest value.
_FRAGMENTS = frozenset({"text", "summary", "arguments", "data", "transcript"})


class Accumulated:
    """The keepsakes of one stream."""

    __slots__ = ("_lists", "_objects", "logprobs")

    def __init__(self) -> None:
        self._lists: dict[str, list[Json]] = {}
        self._objects: dict[str, Json] = {}
        self.logprobs: Any = None

    def read(self, delta: Json) -> None:
        """Keep what a delta holds besides text, thoughts and tool calls."""
        for name in MESSAGE_LISTS:
            if pieces := objects(delta.get(name)):
                self.extend(name, pieces)
        for name in MESSAGE_OBJECTS:
            if piece := non_empty(delta.get(name)):
                _grow(self._objects.setdefault(name, {}), piece)

    def extend(self, name: str, pieces: list[Json]) -> None:
        """Keep the pieces of a list, some of which go on with what is there already."""
        known = self._lists.setdefault(name, [])
        for piece in pieces:
            if name == "reasoning_details" and known and _goes_on(known[-1], piece):
                _grow(known[-1], piece)
            elif name == "executed_tools" and (tool := _begun(known, piece)):
                tool.update(piece)
            else:
                known.append(dict(piece))

    def read_logprobs(self, raw: Any) -> None:
        """Keep log probabilities: lists grow by token; of anything else the last counts."""
        if not isinstance(raw, dict) or not isinstance(self.logprobs, dict):
            self.logprobs = dict(raw) if isinstance(raw, dict) else raw
            return
        for name, value in raw.items():
            before = self.logprobs.get(name)
            both = isinstance(value, list) and isinstance(before, list)
            self.logprobs[name] = before + value if both else before if value is None else value

    def kwargs(self) -> Json:
        """Return it all as `additional_kwargs`."""
        return {**self._lists, **self._objects}


def _begun(known: list[Json], piece: Json) -> Json | None:
    """Find the tool that Groq sends a second time, then with its output."""
    return next((tool for tool in known if tool.get("index") == piece.get("index")), None)


def _goes_on(entry: Json, piece: Json) -> bool:
    same = all(entry.get(name) == piece.get(name) for name in ("type", "index"))
    apart = entry.get("id") and piece.get("id") and entry["id"] != piece["id"]
    # Encrypted thoughts come whole: two in a row are two.
    return same and not apart and piece.get("data") is None


def _grow(known: Json, piece: Json) -> None:
    for name, value in piece.items():
        before = known.get(name)
        if name in _FRAGMENTS and isinstance(value, str) and isinstance(before, str):
            known[name] = before + value
        elif value is not None or name not in known:
            known[name] = value

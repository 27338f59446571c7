"""What readers see of a message, field by field, and where two messages differ.

* `text`, `tool_calls`, `invalid_tool_calls`, `id`: as LangChain gives them;
* `usage.*`: every count, `metadata.*` and `kwargs.*`: every key of `response_metadata` and of
  `additional_kwargs`;
* `blocks`: the kinds of the v1 content blocks in their order; `blocks.<kind>`: their content;
  of text and reasoning apart from each other `texts`, `thoughts`, `annotations` and `signatures`;
* `error`: the class of LangChain's that a refusal is raised as; its other such classes count too
  when it is asked whether ours only has more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from langchain_core.messages import AIMessage

from tests.system.peers.answers import Outcome
from tests.system.peers.records import Record

MORE_IS_FINE = ("metadata.", "kwargs.", "id", "error")
"""Fields of which ours may have more than the official message, which has no place for it."""

SIGNED_CALLS = "__gemini_function_call_thought_signatures__"
MADE_UP = ("lc_", "lc_run")
NEVER_MORE = frozenset({"refused", "id", "text", "tool_calls", "invalid_tool_calls"})
"""Fields in which having more is not the same: what a chain prints, or an agent runs."""

CUT = {"text": "text", "reasoning": "reasoning"}
"""Blocks whose words are compared apart from what hangs on them."""


@dataclass(frozen=True)
class Difference:
    """A field in which the two outcomes are not alike; None is missing, or empty."""

    record: Record
    field: str
    ours: Any
    official: Any

    def __str__(self) -> str:
        values = (json.dumps(value, default=str)[:200] for value in (self.ours, self.official))
        return f"{self.record}: {self.field}: ours {next(values)}, official {next(values)}"

    @property
    def adds(self) -> bool:
        """Whether ours has all that the official message has in this field, and more."""
        return self.field not in NEVER_MORE and extends(self.ours, self.official)


class ErrorClass(str):
    """LangChain's first class of an error, with the names of all its classes."""

    __slots__ = ("all_names",)

    def __new__(cls, names: Sequence[str]) -> Self:
        self = super().__new__(cls, names[0])
        self.all_names = tuple(names)
        return self


def extends(ours: Any, official: Any) -> bool:
    """Return whether a value has all of another: a list its parts in their order, among others."""
    if official in (None, "", [], {}):
        return True
    if isinstance(ours, ErrorClass):
        return official in ours.all_names
    if isinstance(ours, dict) and isinstance(official, dict):
        return all(name in ours and extends(ours[name], official[name]) for name in official)
    if isinstance(ours, list) and isinstance(official, list):
        rest = iter(ours)
        return all(any(extends(each, wanted) for each in rest) for wanted in official)
    return bool(ours == official)


def features(outcome: Outcome) -> dict[str, Any]:
    """Take an outcome apart; what is empty is left out, so that it equals what is missing."""
    raw = _raised(outcome) if isinstance(outcome, Exception) else _message_features(outcome)
    features_read = {name: normalized(value) for name, value in raw.items()}
    return {
        name: value for name, value in features_read.items() if value not in (None, "", 0, [], {})
    }


def _raised(error: Exception) -> dict[str, Any]:
    kinds = [kind for kind in type(error).__mro__ if kind.__module__ == "langchain_core.exceptions"]
    names = [kind.__name__ for kind in kinds]
    return {"refused": True, "error": ErrorClass(names) if names else None}


def _message_features(message: AIMessage) -> dict[str, Any]:
    extra = dict(message.additional_kwargs)
    if SIGNED_CALLS in extra:
        extra[SIGNED_CALLS] = list(extra[SIGNED_CALLS].values())  # the ids are compared as such
    metadata = {key: value for key, value in message.response_metadata.items() if key != "scout"}
    return {
        "id": None if (message.id or "").startswith(MADE_UP) else message.id,
        "text": message.text,
        "tool_calls": [(call["name"], call["args"]) for call in message.tool_calls],
        "invalid_tool_calls": [call["name"] for call in message.invalid_tool_calls],
        **_blocks(message.content_blocks),
        **_flat("usage", message.usage_metadata or {}, depth=2),
        **_flat("metadata", metadata),
        **_flat("kwargs", extra),
    }


def _blocks(blocks: Iterable[Any]) -> dict[str, Any]:
    features_read: dict[str, Any] = {
        "blocks": [],
        "signatures": [],
        "annotations": [],
        "call_ids": [],
    }
    for block in map(_unplaced, blocks):
        kind, rest = block["type"], {key: each for key, each in block.items() if key != "type"}
        if rest == {"text": ""}:
            continue
        if features_read["blocks"][-1:] != [kind]:
            features_read["blocks"].append(kind)
        extras = dict(rest.pop("extras", None) or {})
        features_read["signatures"] += [extras.pop("signature")] if extras.get("signature") else []
        features_read["annotations"] += [
            _unnamed(each) for each in rest.pop("annotations", None) or ()
        ]
        features_read["call_ids"] += [
            rest.pop(name) for name in ("id", "tool_call_id") if rest.get(name)
        ]
        rest.pop("tool_call_id", None)
        if word := CUT.get(kind):
            features_read.setdefault(f"{kind}s", []).append(rest.pop(word, ""))
        if rest := normalized(rest | extras):
            features_read.setdefault(f"blocks.{kind}", []).append(rest)
    return features_read


def _unplaced(block: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the place in a stream, also of a block unknown to LangChain."""
    fields = {key: value for key, value in block.items() if key != "index"}
    if block["type"] == "non_standard":
        fields["value"] = {key: value for key, value in fields["value"].items() if key != "index"}
    return fields


def _unnamed(annotation: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the id that LangChain makes up."""
    generated = str(annotation.get("id") or "").startswith(MADE_UP)
    return {key: value for key, value in annotation.items() if not (generated and key == "id")}


def _flat(name: str, holder: Mapping[str, Any], depth: int = 1) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in holder.items():
        if isinstance(value, Mapping) and depth > 1:
            flat |= _flat(f"{name}.{key}", value, depth - 1)
        else:
            flat[f"{name}.{key}"] = value
    return flat


def normalized(value: Any) -> Any:
    """Leave out what is null, or an object or list with nothing in it; 0.0 and 0 are one."""
    if isinstance(value, Mapping):
        fields = {key: normalized(each) for key, each in value.items()}
        return {key: each for key, each in fields.items() if each not in (None, [], {})}
    if isinstance(value, list | tuple):
        return [normalized(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def differences(record: Record, ours: Outcome, official: Outcome) -> list[Difference]:
    """Compare two outcomes of one record."""
    mine, other = features(ours), features(official)
    if mine.get("refused") != other.get("refused"):
        return [Difference(record, "refused", mine.get("refused"), other.get("refused"))]
    return [
        Difference(record, name, mine.get(name), other.get(name))
        for name in sorted(mine.keys() | other.keys())
        if spelt(mine.get(name)) != spelt(other.get(name))
        and not (name.startswith(MORE_IS_FINE) and name not in other)
    ]


def spelt(value: Any) -> str:
    """Spell a value so that equal ones are equal."""
    return json.dumps(value, sort_keys=True, default=str)

"""A request in a form common to all protocols, which the model's rules answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scout_adapters.testing.http_messages import Json

Role = Literal["system", "user", "model", "tool"]

MEDIA_TOKENS: Mapping[str, int] = {"image": 85, "audio": 50, "video": 250, "file": 120}
"""Tokens of an image, a recording or a document, whatever its size."""


def count_tokens(text: str) -> int:
    """Return one token per four characters, rounded up; at least one."""
    return max(1, (len(text) + 3) // 4)


@dataclass(frozen=True, slots=True)
class ReceivedTurn:
    """One message."""

    role: Role
    text: str = ""
    calls: tuple[str, ...] = ()
    """Names of the tools that it calls."""

    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceivedTool:
    """A tool of the request."""

    name: str
    schema: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRequest:
    """One request in a common form."""

    model: str
    stream: bool = False
    prompt: str = ""
    """The text of the last user message."""

    results: str | None = None
    """The results of tools after the prompt, None without results."""

    called: tuple[str, ...] = ()
    """Tools that the model has called after the prompt."""

    tools: tuple[ReceivedTool, ...] = ()
    choice: str = "auto"
    """`auto`, `none`, `any`, or `=name` for one tool."""

    parallel: bool = True
    schema: Json | None = None
    json_mode: bool = False
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    thinks: bool = False
    turns: tuple[ReceivedTurn, ...] = ()
    """All messages, the system's included."""

    input_tokens: int = 1
    media_tokens: Mapping[str, int] = field(default_factory=dict)


def received_text(turns: Sequence[ReceivedTurn]) -> Json:
    """Return the prompt, and results and calls after it, as arguments of `ReceivedRequest`."""
    last = max((at for at, turn in enumerate(turns) if turn.role == "user"), default=-1)
    since = turns[last + 1 :]
    results = [turn.text for turn in since if turn.role == "tool"]
    fresh = bool(turns) and turns[-1].role == "tool"
    return {
        "turns": tuple(turns),
        "prompt": turns[last].text if last >= 0 else "",
        "results": "\n".join(results) if results and fresh else None,
        "called": tuple(name for turn in since for name in turn.calls),
    }


def token_weights(turns: Iterable[ReceivedTurn], tools: Any) -> Json:
    """Return the input tokens as arguments of `ReceivedRequest`."""
    turns = list(turns)
    kinds = [kind for turn in turns for kind in turn.media]
    media = {kind: kinds.count(kind) * MEDIA_TOKENS[kind] for kind in dict.fromkeys(kinds)}
    characters = sum(len(turn.text) + sum(map(len, turn.calls)) for turn in turns)
    characters += len(orjson.dumps(tools)) if tools else 0
    return {
        "input_tokens": max(1, (characters + 3) // 4) + sum(media.values()),
        "media_tokens": media,
    }


def mapping(value: Any) -> Json:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Json]:
    """Return the JSON objects of a list, or nothing for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def strings(value: Any) -> tuple[str, ...]:
    """Return a text or a list of texts as a tuple."""
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, list) else ()

"""Cache markers at the places where a conversation's prefix ends: tools, system, last turns.

https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from scout_adapters._internal.json_values import Json, objects

MARKER = "cache_control"
MARK: Mapping[str, str] = {"type": "ephemeral"}
MOST = 4
"""Markers that the API accepts in one request."""

LOOKBACK = 20
"""Blocks before a marker in which the API looks for what an earlier request has cached."""

MARKABLE = frozenset({"text", "image", "document", "tool_use", "tool_result"})
"""Types of blocks that may have a marker; thinking may not."""

CHARS_PER_TOKEN = 4
"""Characters per token, for estimates."""

MEDIA_CHARS = 6000
"""Characters that the data of a picture or document counts as, at most."""

HOUR = "1h"


def add_markers(body: Json, shortest: int) -> list[str]:
    """Mark the prefixes of a body that are long enough, and return a sentence if there are any.

    `shortest`: tokens of the shortest prefix that the model caches. Markers of the caller stay as
    they are: a part that has one gets no other, all are four at most, and none stands before one of
    an hour, which the API requires first.
    """
    parts = ("tools", "system", "messages")
    contents = [objects(body.get("tools")), _blocks(body.get("system")), _turns(body)]
    own = [[*_markers(content)] for content in contents]
    own[2] += [body[MARKER]] if isinstance(body.get(MARKER), Mapping) else []
    hours = [at for at, markers in enumerate(own) if any(m.get("ttl") == HOUR for m in markers)]
    sizes = list(accumulate(map(_size, contents)))
    free = [
        part
        for at, part in enumerate(parts)
        if contents[at] and not own[at] and at > max(hours, default=-1)
        if sizes[at] >= shortest * CHARS_PER_TOKEN
    ]
    left = MOST - sum(map(len, own))
    # The end of the conversation saves most; markers of tools help when the system text changes.
    marked = [part for part in ("messages", "system", "tools") if part in free][:left]
    places = [place for part in marked if (place := _mark(body, part))]
    if "last turn" in places and len(marked) < left and _mark_previous(body, shortest, sizes[1]):
        places.append("the turn before")
    return [f"cache_control added: {', '.join(reversed(places))}"] if places else []


def _turns(body: Json) -> list[Json]:
    """Return the blocks of all messages."""
    messages = objects(body.get("messages"))
    return [block for message in messages for block in _blocks(message.get("content"))]


def _blocks(content: Any) -> list[Json]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)


def _markers(blocks: Sequence[Json]) -> Iterator[Mapping[str, Any]]:
    """Yield the markers of blocks, also those of parts of tool results."""
    for block in blocks:
        if isinstance(marker := block.get(MARKER), Mapping):
            yield marker
        yield from _markers(objects(block.get("content")))


def _size(value: Any) -> int:
    """Return about how many characters a value has; data of media count for less."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        if isinstance(data := value.get("data"), str):
            return min(len(data), MEDIA_CHARS)
        return sum(len(name) + _size(item) for name, item in value.items())
    return sum(map(_size, value)) if isinstance(value, list) else 0


def _mark(body: Json, part: str) -> str:
    """Mark the end of a part of the body. Return its name, empty if it cannot be marked."""
    if part == "messages":
        return "last turn" if _mark_message(body, len(body["messages"]) - 1) else ""
    blocks = _blocks(body[part])
    if part == "tools":
        usable = [at for at, tool in enumerate(blocks) if not tool.get("defer_loading")]
    else:
        usable = [at for at, block in enumerate(blocks) if block.get("type") in MARKABLE]
    if not usable:
        return ""
    body[part] = _marked(blocks, usable[-1])
    return part


def _mark_message(body: Json, at: int) -> bool:
    """Mark the last block of a message that may have a marker."""
    message = body["messages"][at]
    blocks = _blocks(message.get("content"))
    usable = [number for number, block in enumerate(blocks) if block.get("type") in MARKABLE]
    if usable:
        changed = {**message, "content": _marked(blocks, usable[-1])}
        body["messages"] = [*body["messages"][:at], changed, *body["messages"][at + 1 :]]
    return bool(usable)


def _marked(blocks: Sequence[Json], at: int) -> list[Json]:
    """Return blocks with a marker on one; the given blocks may be the caller's and stay."""
    return [*blocks[:at], {**blocks[at], MARKER: dict(MARK)}, *blocks[at + 1 :]]


def _mark_previous(body: Json, shortest: int, before: int) -> bool:
    """Mark the end of the previous request, if the last turn is too long to find it.

    `before`: characters of tools and system text.
    """
    messages = body["messages"]
    ends = [at for at in range(len(messages) - 1) if messages[at]["role"] == "user"]
    if not ends or len(_turns({"messages": messages[ends[-1] + 1 :]})) <= LOOKBACK:
        return False
    size = before + _size(messages[: ends[-1] + 1])
    return size >= shortest * CHARS_PER_TOKEN and _mark_message(body, ends[-1])

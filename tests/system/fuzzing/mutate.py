"""Spoils JSON as servers, proxies and attackers do: by its structure, or by chance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import orjson

Rng = random.Random

WORDS = (
    "", "a", "STOP", "stop", "tool_calls", "end_turn", "text", "thinking", "tool_use", "null",
    "error", "assistant", "{", '{"a":', "[1, 2", "true", "1e999", "\ud800", "\u2028", "\x00",
    "image/png", "audio/L16;rate=24000", "AAAA", "AAA", "$.a[0].b", "$..", "$.a[99999999]", "AUDIO",
    "data:image/png;base64,AAAA", "https://a.example", "(1008)", "try again in 5s", "0x1", "NaN",
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (
    0, 1, -1, 2, 7, 429, 1e308, -1e308, 0.5, 2**31, 2**53, 2**63, -(2**63), 10**40, 10**400,
    float("nan"), float("inf"), float("-inf"),
)  # fmt: skip
NAMES = (
    "type", "index", "id", "name", "content", "text", "delta", "message", "choices", "usage",
    "error", "finish_reason", "tool_calls", "function", "arguments", "reasoning", "thinking",
    "signature", "citations", "parts", "candidates", "functionCall", "args", "partialArgs",
    "inlineData", "data", "mimeType", "usageMetadata", "status", "code", "details", "metadata",
    "input", "annotations", "logprobs", "groundingMetadata", "base_resp", "reasoning_details",
    "extras", "source", "cache_control", "url", "base64", "refusal", "audio",
)  # fmt: skip
DEEP = (40, 300, 3000)
RARE = 0.004


def scalar(rng: Rng) -> Any:
    """Make a JSON value without an inside."""
    match rng.randrange(6):
        case 0:
            return rng.choice((None, True, False))
        case 1:
            return rng.choice(NUMBERS)
        case 2:
            return rng.randrange(-3, 3)
        case _:
            return rng.choice(WORDS)


def value(rng: Rng, depth: int = 3) -> Any:
    """Make any JSON value."""
    kind = rng.randrange(10)
    if kind < 6 or depth == 0:
        return scalar(rng)
    if kind < 8:
        return [value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {rng.choice(NAMES): value(rng, depth - 1) for _ in range(rng.randrange(5))}


def monster(rng: Rng) -> Any:
    """Make what is long or deep."""
    if rng.random() < 0.5:
        return rng.choice(("x", "é", '"', "\\", "[", " ")) * rng.choice((1000, 70_000))
    nest: Any = 1
    for _ in range(rng.choice(DEEP)):
        nest = [nest] if rng.random() < 0.5 else {rng.choice(NAMES): nest}
    return nest


def holders(root: Any, most: int = 4000) -> list[Any]:
    """List every object and list that is not empty, the outermost first."""
    containers = [root] if isinstance(root, dict | list) and root else []
    for holder in containers:
        inside = holder.values() if isinstance(holder, dict) else holder
        containers += [each for each in inside if isinstance(each, dict | list) and each]
        if len(containers) > most:
            break
    return containers


def place(rng: Rng, holder: Any) -> Any:
    """Choose a key or an index."""
    return rng.choice(list(holder)) if isinstance(holder, dict) else rng.randrange(len(holder))


def spoil(rng: Rng, root: Any, others: Sequence[bytes]) -> Any:
    """Change one place of a JSON value, in place where that is possible."""
    containers = holders(root)
    if not containers:
        return value(rng)
    holder = rng.choice(containers)
    at, how = place(rng, holder), rng.randrange(9)
    if how == 0:
        del holder[at]
    elif how == 1:
        holder[at] = _retyped(rng, holder[at])
    elif how == 2 and isinstance(holder, list):
        holder.insert(rng.randrange(len(holder) + 1), holder[at])
    elif how == 3 and isinstance(holder, dict):
        holder[rng.choice(NAMES)] = holder.pop(at)
    elif how == 4:
        _swap(rng, holder, at, rng.choice(containers))
    elif how == 5:
        donor = holders(orjson.loads(rng.choice(others)))
        giver = rng.choice(donor)
        holder[at] = giver[place(rng, giver)]
    elif how == 6 and isinstance(holder, dict):
        holder[rng.choice(NAMES)] = value(rng)
    else:
        holder[at] = value(rng)
    return root


def _retyped(rng: Rng, old: Any) -> Any:
    """Keep the content, change the type, as sloppy servers do."""
    forms = (str(old), [old], {"value": old}, None, len(str(old)), {"0": old}, [str(old)], [])
    return rng.choice(forms)


def _swap(rng: Rng, one: Any, at: Any, other: Any) -> None:
    there = place(rng, other)
    # An object must not come to stand within itself.
    mine, yours = one[at], other[there]
    if isinstance(mine, dict | list) or isinstance(yours, dict | list):
        one[at] = orjson.loads(orjson.dumps(yours, default=str)) if _plain(yours) else scalar(rng)
        return
    one[at], other[there] = yours, mine


def _plain(what: Any) -> bool:
    try:
        orjson.dumps(what)
    except (orjson.JSONEncodeError, RecursionError):
        return False
    return True


def spoilt(rng: Rng, seeds: Sequence[bytes]) -> Any:
    """Take a good value and change a few places of it; now and then make one up."""
    if rng.random() < 0.03:
        return value(rng, 5)
    root = orjson.loads(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 9))):
        root = spoil(rng, root, seeds)
    return rarely_monstrous(rng, root)


def rarely_monstrous(rng: Rng, root: Any) -> Any:
    """Put what is long or deep somewhere, at last: nothing else can be done with it."""
    if rng.random() < RARE and (containers := holders(root)):
        holder = rng.choice(containers)
        holder[place(rng, holder)] = monster(rng)
    return root


def shuffled(rng: Rng, events: list[Any]) -> list[Any]:
    """Cut, repeat, reorder or interleave events."""
    for _ in range(rng.randrange(3)):
        if not events:
            break
        at, there = rng.randrange(len(events)), rng.randrange(len(events))
        match rng.randrange(5):
            case 0:
                del events[at]
            case 1:
                events.insert(there, events[at])
            case 2:
                events[at], events[there] = events[there], events[at]
            case 3:
                events = events[:at]
            case _:
                events.insert(there, rng.choice((None, {}, [], 0, "x", {"error": {"code": 1}})))
    return events


def garbled(rng: Rng, data: bytes) -> bytes:
    """Change bytes: drop, repeat, flip, insert what framing is made of."""
    raw = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(raw) + 1)
        match rng.randrange(5):
            case 0:
                del raw[at : at + rng.randrange(1, 20)]
            case 1:
                raw[at:at] = raw[at : at + rng.randrange(1, 40)]
            case 2 if at < len(raw):
                raw[at] = rng.randrange(256)
            case 3:
                framing = (b"\n", b"\r", b"\r\n\r\n", b"data:", b"data", b": c\n", b"\xef\xbb\xbf")
                raw[at:at] = rng.choice((*framing, b"\n\ndata: [DONE]\n\n", b"\x00", b"\xff", b"{"))
            case _:
                del raw[at:]
    return bytes(raw)

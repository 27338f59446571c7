"""The emulator's prompt cache: prefixes that were marked, and long ones that nobody need mark."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scout_adapters.testing.http_messages import CachedTokens, Json, dumps
from scout_adapters.testing.model.chat_request import objects

BYTES = 4
"""Of a token."""

LEAST_SHARED, STEP = 1024, 128
"""Tokens."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A prefix of the request that its sender wants cached."""

    digest: str
    tokens: int
    hour: bool
    """Kept for an hour, not for five minutes."""


def marks(body: Json) -> list[Mark]:
    """Find the prefixes up to each `cache_control`: tools, then system, then messages."""
    found, seen, characters = [], hashlib.sha256(str(body.get("model")).encode()), 0
    for block in _blocks(body):
        control = block.get("cache_control")
        bare = dumps({key: value for key, value in block.items() if key != "cache_control"})
        seen.update(bare)
        characters += len(bare)
        if isinstance(control, dict):
            hour = control.get("ttl") == "1h"
            found.append(Mark(seen.hexdigest(), max(1, (characters + 3) // 4), hour))
    return found


def _blocks(body: Json) -> Iterator[Json]:
    yield from objects(body.get("tools"))
    yield from blocks_of(body.get("system"))
    for message in objects(body.get("messages")):
        yield {"role": message.get("role")}
        yield from blocks_of(message.get("content"))


def blocks_of(content: Any) -> list[Json]:
    """Return a content's blocks; a text is one block."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)


@dataclass(slots=True)
class PromptCache:
    """Remembers prefixes, those that were marked and the long ones; it forgets nothing."""

    known: set[str] = field(default_factory=set)

    def use(self, body: Json) -> CachedTokens:
        """Look a request's prefixes up, and learn them."""
        found = marks(body)
        if not found:
            return CachedTokens()
        read = max((mark.tokens for mark in found if mark.digest in self.known), default=0)
        self.known.update(mark.digest for mark in found)
        return CachedTokens(read=read, written=found[-1].tokens - read, hour=found[-1].hour)

    def use_unmarked(self, body: Json) -> CachedTokens:
        """Look a request's beginnings up, and learn them, as OpenAI does without being asked.

        From 1,024 tokens on, in steps of 128: https://platform.openai.com/docs/guides/prompt-caching
        """
        said = dumps([body.get("model"), body.get("tools"), body.get("messages")])[:-2]
        ends = range(LEAST_SHARED, len(said) // BYTES + 1, STEP)
        digests = [hashlib.sha256(said[: end * BYTES]).hexdigest() for end in ends]
        read = max(
            (end for end, one in zip(ends, digests, strict=True) if one in self.known), default=0
        )
        self.known.update(digests)
        return CachedTokens(read=read)

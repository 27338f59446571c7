"""The emulator's prompt cache: prefixes with a marker, and long ones without."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scout_adapters.testing.http_messages import CachedTokens, Json, dumps
from scout_adapters.testing.model.chat_request import objects

BYTES = 4
"""Bytes per token."""

MIN_PREFIX, STEP = 1024, 128
"""Tokens: the shortest prefix that is cached without a marker, and the steps beyond it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A prefix of the request that ends with a cache marker."""

    digest: str
    tokens: int
    hour: bool
    """Cached for an hour instead of five minutes."""


def marks(body: Json) -> list[Mark]:
    """Return the prefixes up to each `cache_control`: tools, then system, then messages."""
    prefixes, digest, characters = [], hashlib.sha256(str(body.get("model")).encode()), 0
    for block in _blocks(body):
        control = block.get("cache_control")
        bare = dumps({key: value for key, value in block.items() if key != "cache_control"})
        digest.update(bare)
        characters += len(bare)
        if isinstance(control, dict):
            hour = control.get("ttl") == "1h"
            prefixes.append(Mark(digest.hexdigest(), max(1, (characters + 3) // 4), hour))
    return prefixes


def _blocks(body: Json) -> Iterator[Json]:
    yield from objects(body.get("tools"))
    yield from blocks_of(body.get("system"))
    for message in objects(body.get("messages")):
        yield {"role": message.get("role")}
        yield from blocks_of(message.get("content"))


def blocks_of(content: Any) -> list[Json]:
    """Return the blocks of a content; a text is one block."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)


@dataclass(slots=True)
class PromptCache:
    """Stores prefixes with a marker and long ones without; entries do not expire."""

    digests: set[str] = field(default_factory=set)

    def use(self, body: Json) -> CachedTokens:
        """Look up and store the prefixes of a request."""
        prefixes = marks(body)
        if not prefixes:
            return CachedTokens()
        read = max((mark.tokens for mark in prefixes if mark.digest in self.digests), default=0)
        self.digests.update(mark.digest for mark in prefixes)
        return CachedTokens(read=read, written=prefixes[-1].tokens - read, hour=prefixes[-1].hour)

    def use_unmarked(self, body: Json) -> CachedTokens:
        """Look up and store the long prefixes of a request, as OpenAI does without a marker.

        From 1,024 tokens on, in steps of 128: https://platform.openai.com/docs/guides/prompt-caching
        """
        conversation = body.get("messages", body.get("input"))
        text = dumps([body.get("model"), body.get("tools"), conversation])[:-2]
        ends = range(MIN_PREFIX, len(text) // BYTES + 1, STEP)
        digests = [hashlib.sha256(text[: end * BYTES]).hexdigest() for end in ends]
        read = max(
            (end for end, digest in zip(ends, digests, strict=True) if digest in self.digests),
            default=0,
        )
        self.digests.update(digests)
        return CachedTokens(read=read)

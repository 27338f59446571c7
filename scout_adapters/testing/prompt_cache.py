"""The emulator's prompt caches, one per account: marked prefixes, and long ones without a marker.

https://docs.claude.com/en/docs/build-with-claude/prompt-caching
https://platform.openai.com/docs/guides/prompt-caching
https://ai.google.dev/gemini-api/docs/caching
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scout_adapters.testing.http_messages import CachedTokens, Json, dumps
from scout_adapters.testing.model.chat_request import objects

BYTES = 4
"""Bytes per token."""

MIN_PREFIX, STEP = 1024, 128
"""Tokens: the shortest prefix that OpenAI caches without a marker, and the steps beyond it."""

IDLE_SECONDS, HOUR_SECONDS = 300.0, 3600.0
"""Seconds without use after which an entry expires: usually, and with `"ttl": "1h"`."""

LOOKBACK = 20
"""Blocks before a marker in which Anthropic looks for an entry."""

MIN_MARKED: Sequence[tuple[re.Pattern[str], int]] = (
    (re.compile(r"claude-(opus-4-[567]|haiku-4-5)"), 4096),
    (re.compile(r"claude-3(-5)?-haiku"), 2048),
)
"""Tokens: the shortest marked prefix that Anthropic caches, by model; 1,024 for the others."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """A prefix of a request."""

    digest: str
    tokens: int
    seconds: float | None = None
    """Seconds without use for which it is cached; None if it does not end with a marker."""


def prefixes(body: Json) -> list[Prefix]:
    """Return the prefixes up to the end of each block: tools, then system, then messages."""
    ends, digest, characters = [], hashlib.sha256(str(body.get("model")).encode()), 0
    for block in _blocks(body):
        control = block.get("cache_control")
        bare = dumps({key: value for key, value in block.items() if key != "cache_control"})
        digest.update(bare)
        characters += len(bare)
        if block.keys() != {"role"}:
            tokens = max(1, (characters + BYTES - 1) // BYTES)
            ends.append(Prefix(digest.hexdigest(), tokens, _lifetime(control)))
    # A marker beside the messages holds for their last block.
    if ends and (seconds := _lifetime(body.get("cache_control"))):
        ends[-1] = replace(ends[-1], seconds=ends[-1].seconds or seconds)
    return ends


def _lifetime(control: Any) -> float | None:
    """Return the seconds that a `cache_control` sets; None for another value."""
    if not isinstance(control, dict):
        return None
    return HOUR_SECONDS if control.get("ttl") == "1h" else IDLE_SECONDS


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
    """The cached prefixes of one account. An entry expires if it is not used for its lifetime."""

    clock: Callable[[], float]
    entries: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By digest: when the entry expires, and its lifetime in seconds."""

    def use_marked(self, body: Json) -> CachedTokens:
        """Look up and store the prefixes that end with a `cache_control`, as Anthropic does."""
        ends, shortest = prefixes(body), _shortest(str(body.get("model")))
        marked = [n for n, end in enumerate(ends) if end.seconds and end.tokens >= shortest]
        if not marked:
            return CachedTokens()
        read = max(self._longest(ends[max(0, n - LOOKBACK) : n + 1]) for n in marked)
        for n in marked:
            self._store(ends[n].digest, ends[n].seconds or IDLE_SECONDS)
        last = ends[marked[-1]]
        hour = last.seconds == HOUR_SECONDS
        return CachedTokens(read=read, written=max(0, last.tokens - read), hour=hour)

    def use_unmarked(
        self, prompt: Sequence[Any], shortest: int = MIN_PREFIX, step: int = STEP
    ) -> CachedTokens:
        """Look up and store the prefixes of a prompt from `shortest` tokens on.

        `prompt` contains all that the prefix depends on, its beginning first.
        """
        text = dumps(list(prompt))[:-2]
        ends: list[Prefix] = []
        digest, start = hashlib.sha256(), 0
        for tokens in range(shortest, len(text) // BYTES + 1, step):
            digest.update(text[start : tokens * BYTES])
            start = tokens * BYTES
            ends.append(Prefix(digest.hexdigest(), tokens))
        read = self._longest(ends)
        for end in ends:
            self._store(end.digest, IDLE_SECONDS)
        return CachedTokens(read=read)

    def _longest(self, ends: Sequence[Prefix]) -> int:
        """Return the tokens of the longest prefix that is cached, and renew its entry."""
        now = self.clock()
        for end in reversed(ends):
            expires, seconds = self.entries.get(end.digest, (now, 0.0))
            if expires > now:
                self.entries[end.digest] = now + seconds, seconds
                return end.tokens
        return 0

    def _store(self, digest: str, seconds: float) -> None:
        self.entries[digest] = self.clock() + seconds, seconds


@dataclass(slots=True)
class FixedCache(PromptCache):
    """A cache from which every prompt reads so many tokens, as a script sets it."""

    tokens: int = 0

    def use_marked(self, body: Json) -> CachedTokens:  # noqa: ARG002  # as the class above
        return CachedTokens(read=self.tokens)

    def use_unmarked(
        self,
        prompt: Sequence[Any],  # noqa: ARG002  # as the class above
        shortest: int = MIN_PREFIX,  # noqa: ARG002  # as the class above
        step: int = STEP,  # noqa: ARG002  # as the class above
    ) -> CachedTokens:
        return CachedTokens(read=self.tokens)


def _shortest(model: str) -> int:
    return next((tokens for name, tokens in MIN_MARKED if name.search(model)), MIN_PREFIX)

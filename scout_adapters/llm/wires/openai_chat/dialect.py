"""How providers of Chat Completions deviate from OpenAI: the `dialect=` of a card."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scout_adapters.llm.types import Dialect, ProviderSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCompletionsDialect(Dialect):
    """What a provider adds to Chat Completions, and what of it it refuses.

    Example:
        dialect = ChatCompletionsDialect(reasoning_field="reasoning", closed_schemas=True)
        spec = ProviderSpec(name="nebula", wire=WIRE, dialect=dialect, docs=..., base_url=...)

    """

    reasoning_field: str = ""
    """The field of an assistant message that sends its reasoning back; empty: it is not sent.
    `content`: as a chunk of type `thinking` before the text, as at Mistral."""

    reasoning_models: re.Pattern[str] | None = None
    """Models (matched from the start) that accept reasoning; others answer it with a 400. None: all
    models."""

    any_tool: str = "required"
    """The value of `tool_choice` that means "call any tool"."""

    takes: frozenset[str] = frozenset()
    """What it accepts and OpenAI does not: `video`, `file_url`, `tool_images` (in tool results)."""

    refuses: frozenset[str] = frozenset()
    """What it answers with a 400 though OpenAI accepts it: `image`, `audio`, `file`;
    `empty_answers`, which are assistant messages with neither text nor tool calls."""

    cache_markers: bool = False
    """Whether it accepts `cache_control` on content parts and tools."""

    without_thinking: Mapping[str, Any] | None = None
    """Body fields that switch thinking off, where a request forces a tool call: while a model
    thinks, the provider answers that with a 400. Fields that the caller sets stay."""

    closed_schemas: bool = False
    """Whether `strict: true` needs a schema whose objects forbid further properties."""

    def reasoning_field_of(self, model: str) -> str:
        """Return the field that sends reasoning back to this model; empty: it is not sent."""
        pattern = self.reasoning_models
        return self.reasoning_field if pattern is None or pattern.match(model) else ""


DEFAULT = ChatCompletionsDialect()
MEDIA = frozenset({"image", "audio", "video", "file"})


def dialect_of(spec: ProviderSpec) -> ChatCompletionsDialect:
    """Return the card's dialect, or the default one."""
    dialect = spec.dialect
    return dialect if isinstance(dialect, ChatCompletionsDialect) else DEFAULT


def unsupported_media(spec: ProviderSpec) -> frozenset[str]:
    """Return the types of media that this provider refuses.

    Video is one of them unless the dialect lists it in `takes`: few providers accept it.
    """
    dialect = dialect_of(spec)
    refused = dialect.refuses & MEDIA
    return refused if "video" in dialect.takes else refused | {"video"}

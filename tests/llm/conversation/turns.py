"""Conversations as the blocks that a provider is sent."""

from __future__ import annotations

from typing import Any

from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.providers import registry

PNG = {"base64": "AAAA", "mime_type": "image/png"}

OPENAI, ANTHROPIC, GOOGLE = "openai", "anthropic", "google"


def talk(provider: str, *messages: Any) -> Any:
    return build_turns(list(messages), registry.spec(provider))


def blocks(provider: str, *messages: Any) -> list[list[Any]]:
    return [list(turn.blocks) for turn in talk(provider, *messages).turns]

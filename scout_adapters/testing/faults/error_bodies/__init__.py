"""What each provider says when it refuses: tables of bodies, by condition.

Each row names its evidence: recorded traffic, documentation, or reports of users; `none` means that
the words are ours in the provider's envelope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scout_adapters.testing.faults.error_bodies.anthropic_errors import ANTHROPIC
from scout_adapters.testing.faults.error_bodies.flat import CEREBRAS, MISTRAL, XAI
from scout_adapters.testing.faults.error_bodies.google_errors import GOOGLE
from scout_adapters.testing.faults.error_bodies.minimax_errors import MINIMAX, MINIMAX_MESSAGES
from scout_adapters.testing.faults.error_bodies.openai_like import (
    COMPATIBLE,
    DEEPSEEK,
    FIREWORKS,
    GROQ,
    OLLAMA,
    OPENAI,
    TOGETHER,
    VLLM,
)
from scout_adapters.testing.faults.error_bodies.openrouter_errors import OPENROUTER
from scout_adapters.testing.faults.error_bodies.rows import (
    Condition,
    Dialect,
    ErrorBodyRow,
    Evidence,
    Fields,
    fill,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DIALECTS", "Condition", "Dialect", "Evidence", "Fields", "Row", "fill", "row"]

DIALECTS: Mapping[str, Dialect] = {
    "anthropic": ANTHROPIC,
    "cerebras": CEREBRAS,
    "compatible": COMPATIBLE,
    "deepseek": DEEPSEEK,
    "fireworks": FIREWORKS,
    "google": GOOGLE,
    "groq": GROQ,
    "minimax": MINIMAX,
    "minimax-messages": MINIMAX_MESSAGES,
    "mistral": MISTRAL,
    "ollama": OLLAMA,
    "openai": OPENAI,
    "openrouter": OPENROUTER,
    "together": TOGETHER,
    "vllm": VLLM,
    "xai": XAI,
}

# What a provider that knows no such condition says instead.
_NEAREST: Mapping[Condition, Condition] = {
    "daily_quota": "rate_limited",
    "upstream_limited": "overloaded",
    "too_large": "context_overflow",
    "region_blocked": "forbidden",
    "no_key": "revoked",
}


def row(dialect: str, condition: Condition) -> ErrorBodyRow:
    """Return a provider's answer to a condition; its nearest, or the generic one, if need be."""
    table, nearest = DIALECTS[dialect], _NEAREST.get(condition, condition)
    return table.get(condition) or table.get(nearest) or COMPATIBLE[nearest]

"""The error bodies of each provider, in tables by condition.

Each row names its evidence: recorded traffic, documentation, or reports of users; `none` means a
text of ours in the provider's envelope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scout_adapters.testing.faults.error_bodies.anthropic_errors import ANTHROPIC
from scout_adapters.testing.faults.error_bodies.cloud_errors import (
    AZURE,
    AZURE_MESSAGES,
    BEDROCK,
    VERTEX,
    VERTEX_MESSAGES,
)
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
    VLLM,
)
from scout_adapters.testing.faults.error_bodies.openrouter_errors import OPENROUTER
from scout_adapters.testing.faults.error_bodies.rows import (
    Condition,
    ErrorBodyRow,
    ErrorTable,
    Evidence,
    Fields,
    fill,
)
from scout_adapters.testing.faults.error_bodies.together_errors import TOGETHER

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ERROR_TABLES", "Condition", "ErrorTable", "Evidence", "Fields", "error_row", "fill"]

ERROR_TABLES: Mapping[str, ErrorTable] = {
    "anthropic": ANTHROPIC,
    "azure": AZURE,
    "azure-messages": AZURE_MESSAGES,
    "bedrock": BEDROCK,
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
    "vertex": VERTEX,
    "vertex-messages": VERTEX_MESSAGES,
    "vllm": VLLM,
    "xai": XAI,
}

# The condition that is played for a provider without a row for one.
_NEAREST: Mapping[Condition, Condition] = {
    "daily_quota": "rate_limited",
    "upstream_limited": "overloaded",
    "flex_overloaded": "overloaded",
    "too_large": "context_overflow",
    "region_blocked": "forbidden",
    "no_key": "revoked",
}


def error_row(table_name: str, condition: Condition) -> ErrorBodyRow:
    """Return a table's row for a condition, or for the nearest one, or the generic row."""
    table, nearest = ERROR_TABLES[table_name], _NEAREST.get(condition, condition)
    return table.get(condition) or table.get(nearest) or COMPATIBLE[nearest]

"""Pools of keys."""

from __future__ import annotations

from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import CooldownRules, KeyState

NOW = 1000.0


def pool(*keys: str, **rules: float) -> KeyPool:
    return KeyPool(
        "groq", [KeyState(key) for key in keys or ("a", "b", "c")], CooldownRules(**rules)
    )  # type: ignore[arg-type]  # rules pass on

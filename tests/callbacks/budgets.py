"""Models and prices for tests of budgets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scout_adapters import ScoutGroqChatModel, ScoutRouterChatModel
from scout_adapters.errors import BudgetExceeded
from scout_adapters.testing import Emulator

Ask = Callable[..., Any]

SMALL, LARGE = "small", "large"


def groq(emulator: Emulator, model: str = SMALL, **options: Any) -> ScoutGroqChatModel:
    options = {"api_keys": ["gsk_a", "gsk_b"], "max_tokens": 100, **options}
    return ScoutGroqChatModel(model=model, transport=emulator.transport(), **options)


def refused_in_the_end(ask: Callable[[], Any]) -> BudgetExceeded:
    """Call the model until the budget refuses, and return the refusal."""
    with pytest.raises(BudgetExceeded) as raised:
        _forever(ask)
    return raised.value


def _forever(ask: Callable[[], Any]) -> None:
    for _ in range(100):
        ask()


def both(emulator: Emulator, model: str = LARGE, **options: Any) -> ScoutRouterChatModel:
    small = {"model": f"openai/{SMALL}", "api_key": "sk", "transport": emulator.transport()}
    return ScoutRouterChatModel(
        models=[groq(emulator, model), {**small, "max_tokens": 100}], **options
    )

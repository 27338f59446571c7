"""The ways to call a model, and the prices of two models."""

from __future__ import annotations

import pytest

from scout_adapters.llm.pricing.price_list import PRICING
from tests.callbacks.budgets import LARGE, SMALL, Ask
from tests.support.verbs import VERBS, run_model


@pytest.fixture
def prices() -> None:
    """A dollar for a thousand tokens of the small model, in or out, ten of the large one."""
    for provider in ("groq", "openai"):
        PRICING[provider] = {
            SMALL: {"input": 1.0, "output": 1.0},
            LARGE: {"input": 10.0, "output": 10.0},
        }


@pytest.fixture(params=VERBS)
def ask(request: pytest.FixtureRequest) -> Ask:
    """Call a model by one of the four verbs."""
    return lambda model, *rest: run_model(model, request.param, *rest)

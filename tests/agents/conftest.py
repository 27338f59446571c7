"""The price of the model of the agents."""

from __future__ import annotations

import pytest

from scout_adapters.llm.pricing.price_list import PRICING
from tests.agents.agents import SMALL


@pytest.fixture(autouse=True)
def prices() -> None:
    """A dollar for a thousand tokens, in or out."""
    PRICING["groq"] = {SMALL: {"input": 1.0, "output": 1.0}}

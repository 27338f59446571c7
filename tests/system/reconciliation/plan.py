"""The calls of a seed: prompts, verbs and faults."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from langchain_core.messages import HumanMessage, SystemMessage

from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import Exchange
from tests.support.verbs import VERBS, Verb

MODELS = {
    "groq": "openai/gpt-oss-120b",
    "openai": "gpt-5-mini",
    "anthropic": "claude-haiku-4-5",
    "google": "gemini-2.5-flash",
    "openrouter": "openai/gpt-oss-120b",
    "xai": "grok-4.3",
}
KEYS = 4

PRICES: Mapping[str, Mapping[str, int]] = {
    "groq": {"input": 150, "output": 600, "cache_read": 75},
    "openai": {"input": 250, "output": 2000, "cache_read": 25},
    "anthropic": {
        "input": 1000,
        "output": 5000,
        "cache_read": 100,
        "cache_write": 1250,
        "cache_write_1h": 2000,
    },
    "google": {"input": 300, "output": 2500, "cache_read": 30, "reasoning": 2500},
}
"""Nano-dollars for a token. OpenRouter and xAI are not among them: they name what a call cost."""


def set_prices() -> None:
    """Set the package's prices, in US dollars for 1,000 tokens, to those of the bill."""
    for provider, price in PRICES.items():
        thousand = {kind: float(Decimal(nano).scaleb(-6)) for kind, nano in price.items()}
        PRICING[provider] = {MODELS[provider]: thousand}


LORE = " ".join(
    f"Rule {number}: a token is four letters, and nobody counts them." for number in range(120)
)
"""A prompt that is long enough for automatic caching."""

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Tell the weather in a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


@dataclass(frozen=True, slots=True)
class Planned:
    """One call."""

    index: int
    verb: Verb
    house: str
    tools: bool
    cached: Literal["", "5m", "1h"]
    thinks: bool
    left_after: int | None
    """The caller leaves after so many chunks, or cancels after so many turns of the loop."""

    @property
    def tag(self) -> str:
        """The call's name: it stands in its prompt and in its rows."""
        return f"call-{self.index}"

    @property
    def messages(self) -> list[Any]:
        """The messages of the call."""
        text = (
            "What is the weather in Paris?" if self.tools else f"Tell me a story, {self.index % 7}."
        )
        message = HumanMessage(f"({self.tag}) {text}")
        if not self.cached:
            return [message]
        if self.house != "anthropic":
            return [SystemMessage(LORE), message]
        ttl = {"ttl": "1h"} if self.cached == "1h" else {}
        control = {"type": "ephemeral", **ttl}
        return [SystemMessage([{"type": "text", "text": LORE, "cache_control": control}]), message]


def planned(seed: int, index: int) -> Planned:
    """Draw a call."""
    dice = random.Random(f"{seed} {index}")
    house = dice.choice(list(MODELS))
    return Planned(
        index=index,
        verb=dice.choice(VERBS),
        house=house,
        tools=dice.random() < 0.2,
        cached=dice.choice(["", "", "5m", "1h"]),  # type: ignore[arg-type]  # these are they
        thinks=dice.random() < 0.2,
        left_after=dice.randrange(4) if dice.random() < 0.05 else None,
    )


def bill_of(exchange: Exchange) -> int:
    """Return what an exchange costs, in nano-dollars: the emulator's own figure, or its tokens."""
    if exchange.cost_nanousd is not None:
        return exchange.cost_nanousd
    if not exchange.billed:
        return 0
    price, cached = PRICES[exchange.provider], exchange.spent.cached
    fresh = exchange.input_tokens - cached.read - cached.written
    written = price["cache_write_1h" if cached.hour else "cache_write"] if cached.written else 0
    return (
        fresh * price["input"]
        + cached.read * price["cache_read"]
        + cached.written * written
        + exchange.output_tokens * price["output"]
    )

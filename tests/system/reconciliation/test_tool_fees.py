"""Fees of tools that providers run: we book what the emulator bills by prices of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from langchain_core.messages import AIMessage

from scout_adapters import init_scout_model
from scout_adapters.llm.pricing.price_list import cost_of
from scout_adapters.testing import Emulator
from tests.support.verbs import VERBS, call_model


class Hosted(NamedTuple):
    """A model, the provider's own tools that it may use, and the words that make them run."""

    model: str
    tools: tuple[dict[str, Any], ...]
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.model} {' '.join(self.words)}"


CLAUDE_SEARCH = {"type": "web_search_20250305", "name": "web_search"}
WEB, PREVIEW = {"type": "web_search"}, {"type": "web_search_preview"}
FILES = {"type": "file_search", "vector_store_ids": ["vs_1"]}
CASES = (
    Hosted("anthropic/claude-haiku-4-5", (CLAUDE_SEARCH,), ("search",)),
    Hosted("openai/gpt-5.6-terra", (WEB, FILES), ("search", "files")),
    Hosted("openai/gpt-6-luna", (WEB,), ("search",)),
    Hosted("openai/gpt-4.1", (PREVIEW, FILES), ("search", "files")),
    Hosted("openai/o3", (PREVIEW,), ("search",)),
    Hosted("xai/grok-4.3", (WEB, {"type": "code_interpreter"}), ("search", "code")),
    Hosted("google/gemini-2.5-flash", ({"google_search": {}}, {"google_maps": {}}), ("search",)),
    Hosted("google/gemini-2.5-flash", ({"google_maps": {}},), ("maps",)),
    Hosted("google/gemini-3.5-flash", ({"google_search": {}},), ("search",)),
    Hosted("groq/openai/gpt-oss-20b", ({"type": "browser_search"},), ("search", "open")),
)


def prompts(case: Hosted) -> Iterator[str]:
    """Yield prompts that make each tool run a random number of times, also never."""
    chance = random.Random(case.model)  # no secret
    for _ in range(5):
        times = [chance.randint(0, 4) for _ in case.words]
        yield "Hello. " + " ".join(
            word for word, count in zip(case.words, times, strict=True) for _ in range(count)
        )
    yield "Hello."


def token_usd(case: Hosted, message: AIMessage) -> float:
    """Return what the tokens alone cost."""
    provider, _, model = case.model.partition("/")
    prices = {"xai": "x-ai"}.get(provider, provider)
    usd = cost_of(provider, model, message.usage_metadata, prices=prices).usd
    assert usd is not None
    return usd


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("case", CASES, ids=str)
async def test_what_we_book_for_tools_is_what_the_provider_bills(case: Hosted, verb: str) -> None:
    emulator = Emulator()
    model = init_scout_model(
        case.model, api_key="k", transport=emulator.transport(), max_retries=0
    ).bind_tools(list(case.tools))
    fees = set()
    for prompt in prompts(case):
        message = await call_model(model, verb, prompt)
        exchange = emulator.log[-1]
        (attempt,) = message.response_metadata["scout"]["attempts"]
        booked = Decimal(repr(attempt["cost_usd"]))
        if exchange.cost_nanousd is not None:  # the answer states its cost
            assert booked == Decimal(exchange.cost_nanousd).scaleb(-9)
        else:
            expected = Decimal(exchange.spent.tools.fees).scaleb(-9)
            assert float(booked) == pytest.approx(
                token_usd(case, message) + float(expected), abs=1e-12
            )
        fees.add(exchange.spent.tools.fees)
    assert len(fees) > 1, "no tool ran, or always the same number of times"

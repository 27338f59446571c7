"""A request that a provider's policy refuses, in its words: raised as `ContentRefused`."""

from __future__ import annotations

import pytest

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import ContentRefused
from scout_adapters.testing import ContentBlocked, Emulator

MODELS = {
    "openai": "gpt-4.1",
    "anthropic": "claude-haiku-4-5",
    "xai": "grok-4",
    "openrouter": "openai/gpt-4.1",
    "minimax": "MiniMax-M2",
    "groq": "openai/gpt-oss-120b",
    "mistral": "mistral-small-latest",
    "together": "m",
}


def route(provider: str, emulator: Emulator) -> ScoutRouterChatModel:
    entry = {"api_key": "k", "transport": emulator.transport()}
    models = [f"{provider}/{MODELS.get(provider, 'gemini-3.5-flash')}", "cerebras/m"]
    return ScoutRouterChatModel(models=[{"model": model, **entry} for model in models])


@pytest.mark.parametrize("provider", MODELS)
def test_a_content_refusal_is_raised_at_once_or_goes_on_where_the_route_allows_it(
    provider: str,
) -> None:
    emulator = Emulator()
    emulator.script(provider, [ContentBlocked()] * 2)
    model = route(provider, emulator)
    with pytest.raises(ContentRefused):
        model.invoke("Hello")
    answer = model.model_copy(update={"failover_on_refusal": True}).invoke("Hello")
    assert answer.response_metadata["scout"]["provider"] == "cerebras"


def test_google_s_block_is_an_answer_without_text() -> None:
    emulator = Emulator()
    emulator.script("google", [ContentBlocked()])
    answer = route("google", emulator).invoke("Hello")
    assert (answer.text, answer.response_metadata["block_reason"]) == ("", "PROHIBITED_CONTENT")

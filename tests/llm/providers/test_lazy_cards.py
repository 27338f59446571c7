"""The shipped cards: read on first use, summarised in one file, found by names of others."""

from __future__ import annotations

import pytest

from scout_adapters import ScoutRouterChatModel, init_scout_model, registry
from scout_adapters.errors import UnknownProvider
from scout_adapters.llm.providers.card_summaries import CARD_SUMMARIES
from scout_adapters.llm.providers.other_names import OTHER_NAMES
from scout_adapters.llm.router.functions import split_model
from tests.support.warm_process import WarmProcess
from tools import card_summaries

PROGRAM = """
import sys
from scout_adapters import ScoutRouterChatModel, ScoutGroqChatModel, registry

def show():
    cards = {name: f"scout_adapters.llm.providers.{name}" for name in registry.list_providers()}
    print(*(name for name in cards if cards[name] in sys.modules))

registry.find_for_model("gpt-6"), "groq" in registry
show()
ScoutGroqChatModel(model="m")
show()
ScoutRouterChatModel(models=["mistral/m", "gpt-6-luna", "together_ai/m"])
show()
"""
"""Prints the providers whose cards a new process has read, after each step."""


def test_a_card_is_read_when_its_provider_is_used_and_not_before(bare: WarmProcess) -> None:
    first, second, third = (set(line.split()) for line in bare.output(PROGRAM).splitlines())
    assert first == set()
    assert second == {"groq"}
    assert third == {"groq", "mistral", "openai", "together"}


def test_the_summaries_are_those_of_the_cards() -> None:
    assert card_summaries.FILE.read_text() == card_summaries.content(), "run: make tables"


@pytest.mark.parametrize("name", CARD_SUMMARIES)
def test_a_card_has_the_name_of_its_module(name: str) -> None:
    assert registry.spec(name).name == name


def test_a_prefix_of_model_names_belongs_to_one_provider() -> None:
    prefixes = [prefix for card in CARD_SUMMARIES.values() for prefix in card.models]
    assert [p for p in prefixes for q in prefixes if p != q and p.startswith(q)] == []
    assert len(set(prefixes)) == len(prefixes)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gemini/gemini-3.5-flash", ("google", "gemini-3.5-flash")),
        ("together_ai/openai/gpt-oss-120b", ("together", "openai/gpt-oss-120b")),
        ("fireworks_ai/accounts/x", ("fireworks", "accounts/x")),
        ("hosted_vllm/m", ("openai_compatible", "m")),
        ("ollama_chat/llama3.2", ("ollama", "llama3.2")),
        ("google_genai:gemini-3.5-flash", ("google", "gemini-3.5-flash")),
        ("mistralai:mistral-small-latest", ("mistral", "mistral-small-latest")),
        ("openai:gpt-6-luna", ("openai", "gpt-6-luna")),
        ("together_ai:m", ("together", "m")),
        ("dashscope/qwen3.8-max", ("alibaba", "qwen3.8-max")),
        ("vercel_ai_gateway/openai/gpt-6-luna", ("vercel", "openai/gpt-6-luna")),
        ("azure_openai:my-deployment", ("azure", "my-deployment")),
        ("bedrock_converse:some.model-v1:0", ("bedrock", "some.model-v1:0")),
        ("vertex_ai/gemini-3.5-flash", ("vertex", "gemini-3.5-flash")),
    ],
)
def test_names_of_litellm_and_langchain_are_understood(
    name: str, expected: tuple[str, str]
) -> None:
    assert split_model(name) == expected
    model = init_scout_model(name, api_key="k")
    assert (model.provider, model.model) == expected
    ScoutRouterChatModel(models=[name])


def test_another_name_never_hides_a_provider_and_leads_to_one_or_to_none() -> None:
    assert not OTHER_NAMES.keys() & CARD_SUMMARIES.keys()
    with pytest.raises(UnknownProvider):
        split_model("no_such_provider/m")

"""More official packages as candidates: a refusal, whole and streamed answers, tokens, costs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from langchain_core.language_models import BaseChatModel, FakeListChatModel

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator, Overloaded
from tests.support.verbs import SYNC, run_model
from tests.support.weather import get_weather
from tests.system.mixed_routes.partners import close_clients

KEY = "key-0123456789abcdef"


def chat_model(name: str, emulator: Emulator) -> BaseChatModel:
    match name:
        case "groq":
            from langchain_groq import ChatGroq

            base = emulator.url("groq").removesuffix("/openai/v1")
            return ChatGroq(model="openai/gpt-oss-120b", api_key=KEY, base_url=base)
        case "azure":
            from langchain_openai import AzureChatOpenAI

            return AzureChatOpenAI(
                azure_deployment="gpt-4o-mini",
                api_version="2024-10-21",
                azure_endpoint=emulator.url("azure").removesuffix("/openai/v1"),
                api_key=KEY,
            )
        case "openrouter":
            from langchain_openrouter import ChatOpenRouter

            base = emulator.url("openrouter")
            return ChatOpenRouter(model="openai/gpt-4o-mini", api_key=KEY, base_url=base)
    from langchain_openai import ChatOpenAI

    base = emulator.url("openai")
    return ChatOpenAI(model="gpt-4o-mini", api_key=KEY, base_url=base, use_responses_api=True)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator()
    with emulator.serve():
        yield emulator


@pytest.fixture
def model(name: str, emulator: Emulator) -> Iterator[BaseChatModel]:
    """Return a package's model, which lives until its clients are closed.

    A collection of garbage in between would find them open.
    """
    made = chat_model(name, emulator)
    yield made
    asyncio.run(close_clients())


@pytest.mark.parametrize("name", ["groq", "azure", "openrouter", "openai"])
def test_a_package_is_a_candidate(name: str, model: BaseChatModel, emulator: Emulator) -> None:
    fake = FakeListChatModel(responses=["fake"])
    router = ScoutRouterChatModel(models=[model, fake], max_retries=0)
    emulator.script(name, [Overloaded()])
    assert router.invoke("Hello").text == "fake"
    assert len(emulator.log) == 1  # its client has not repeated the request
    for verb in SYNC:
        answer = run_model(router, verb)
        exchange = emulator.log[-1]
        assert answer.text.startswith(f"This is the emulator speaking for {name}/")
        assert answer.usage_metadata["output_tokens"] == exchange.output_tokens
        assert answer.response_metadata["scout"]["cost_usd"] > 0
    (call,) = router.bind_tools([get_weather]).invoke("What is the weather in Paris?").tool_calls
    assert call["args"] == {"location": "Paris"}

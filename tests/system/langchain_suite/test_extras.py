"""Behaviour that LangChain's suite does not test, and users need."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from scout_adapters import (
    ScoutAnthropicChatModel,
    ScoutGoogleChatModel,
    ScoutGroqChatModel,
    ScoutRouterChatModel,
)
from scout_adapters.errors import ConfigurationError
from scout_adapters.testing import Emulator
from tests.support.verbs import VERBS, WHOLE, call_model
from tests.support.weather import get_weather

ASK = "What is the weather in Paris?"


class Weather(BaseModel):
    """The weather at a location."""

    location: str


def with_fallback(verb: str, network: dict[str, Any]) -> Any:
    # The key is refused for good, so each test has its own.
    first = ScoutGroqChatModel(**{**network, "api_key": f"refused-{verb}"})
    return first.with_fallbacks([ScoutAnthropicChatModel(**network)])


@pytest.fixture
def answering() -> dict[str, Any]:
    """Have the emulator know the keys that are refused."""
    return {"keys": {"groq": ["another"]}}


@pytest.mark.parametrize("verb", VERBS)
async def test_tools_bound_to_a_model_with_fallbacks_reach_the_fallback(
    verb: str, network: dict[str, Any]
) -> None:
    message = await call_model(with_fallback(verb, network).bind_tools([get_weather]), verb, ASK)
    assert [call["name"] for call in message.tool_calls] == ["get_weather"]
    assert message.response_metadata["scout"]["provider"] == "anthropic"


@pytest.mark.parametrize("verb", WHOLE)
async def test_a_schema_given_to_a_model_with_fallbacks_reaches_the_fallback(
    verb: str, network: dict[str, Any]
) -> None:
    model = with_fallback(f"schema-{verb}", network)
    answer = await call_model(model.with_structured_output(Weather), verb, ASK)
    assert isinstance(answer, Weather)


def test_a_routes_own_key_is_that_of_its_entries_if_they_are_of_one_provider() -> None:
    model = ScoutRouterChatModel(models=["groq/a", "groq/b"], api_key="gsk_only_one")
    assert [c.endpoint.pool.states[0].key for c in model._route().candidates] == 2 * [
        "gsk_only_one"
    ]
    assert "gsk_only_one" not in repr(model) + str(model.model_dump())


def test_one_key_for_two_providers_is_a_mistake_that_is_named() -> None:
    model = ScoutRouterChatModel(models=["groq/a", "openai/b"], api_key="gsk_only_one")
    with pytest.raises(ConfigurationError, match="groq, openai at once"):
        model.invoke("hi")


@pytest.mark.parametrize("name", ["api_keys", "default_headers", "base_url"])
def test_a_route_refuses_what_belongs_to_its_models(name: str) -> None:
    with pytest.raises(ValueError, match=f"takes no {name}="):
        ScoutRouterChatModel(models=["groq/m"], **{name: "given"})


MODEL_CLASSES = [ScoutGroqChatModel, ScoutAnthropicChatModel, ScoutGoogleChatModel]


async def talk(model: Any) -> list[str]:
    """Ask twice over connections of this loop, streamed and not."""
    whole = (await model.ainvoke("Hello")).text
    streamed = "".join([chunk.text async for chunk in model.astream("Hello")])
    return [whole, streamed]


@pytest.mark.parametrize("model_class", MODEL_CLASSES)
def test_one_model_serves_one_event_loop_after_another(
    model_class: Any, loopback: Emulator
) -> None:
    model = model_class(base_url=loopback.url(model_class.provider), api_key="good")
    first = asyncio.run(talk(model))
    assert asyncio.run(talk(model)) == first
    assert model.invoke("Hello").text == first[0]


def test_a_route_serves_one_event_loop_after_another(loopback: Emulator) -> None:
    entries = [
        {
            "model": f"{model_class.provider}/{model_class.provider}-model",
            "base_url": loopback.url(model_class.provider),
            "api_key": "good",
        }
        for model_class in MODEL_CLASSES
    ]
    model = ScoutRouterChatModel(models=entries)
    first = asyncio.run(talk(model))
    assert asyncio.run(talk(model)) == first
    assert model.invoke("Hello").text == first[0]

"""`with_fallbacks` in front of tools and schemas: both models get them."""

from __future__ import annotations

import pytest

from scout_adapters.testing import Overloaded
from tests.chat_models.models import build
from tests.chat_models.request_parts import JOKE, Joke, another, fail, sent_tools
from tests.support.verbs import VERBS, call_model
from tests.support.weather import get_weather

ASK = "What is the weather in Paris?"


@pytest.mark.parametrize("verb", VERBS)
async def test_tools_bound_behind_the_fallbacks_reach_both_models(
    verb, name, make, emulator
) -> None:
    fail(emulator, name, Overloaded())
    second = build(another(name), emulator)
    both = make(max_retries=0).with_fallbacks([second]).bind_tools([get_weather])
    message = await call_model(both, verb, ASK)
    assert [call["name"] for call in message.tool_calls] == ["get_weather"]
    assert message.response_metadata["scout"]["provider"] == another(name)
    for exchange in emulator.log:
        assert list(sent_tools(exchange.provider, exchange.body)) == ["get_weather"]
        assert exchange.stream is verb.endswith("stream")


@pytest.mark.parametrize("verb", VERBS)
async def test_a_schema_given_behind_the_fallbacks_reaches_both_models(
    verb, name, make, emulator
) -> None:
    fail(emulator, name, Overloaded())
    second = build(another(name), emulator)
    both = make(max_retries=0).with_fallbacks([second]).with_structured_output(Joke)
    answer = await call_model(both, verb, JOKE)
    assert isinstance(answer, Joke)
    assert emulator.log[-1].provider == another(name)
    assert len(emulator.log) > 1


@pytest.mark.parametrize("verb", VERBS)
async def test_the_model_can_be_the_fallback(verb, name, make, emulator) -> None:
    fail(emulator, another(name), Overloaded())
    first = build(another(name), emulator, max_retries=0)
    both = first.with_fallbacks([make()]).bind_tools([get_weather], tool_choice="any")
    message = await call_model(both, verb, ASK)
    assert [call["args"] for call in message.tool_calls] == [{"location": "Paris"}]
    assert message.response_metadata["scout"]["provider"] != another(name)


async def test_what_is_the_callers_fault_can_be_kept_from_the_fallback(
    name, make, emulator
) -> None:
    from langchain_core.exceptions import ModelInvalidRequestError, ModelRateLimitError

    from scout_adapters.testing import BadRequest

    fail(emulator, name, BadRequest())
    second = build(another(name), emulator)
    both = make().with_fallbacks([second], exceptions_to_handle=(ModelRateLimitError,))
    with pytest.raises(ModelInvalidRequestError):
        await both.ainvoke("Hello")
    assert another(name) not in {exchange.provider for exchange in emulator.log}

"""Answers that a provider stores: those that come later, and those that a next call refers to."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters import ScoutOpenAIChatModel, ScoutXAIChatModel
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.adapters.request_fixes import forget_fixes
from scout_adapters.testing import Emulator
from tests.support.verbs import STREAMS, VERBS, WHOLE, call_model


@pytest.fixture(autouse=True)
def _nothing_learnt() -> Any:
    forget_fixes()
    yield
    forget_fixes()


def openai(emulator: Emulator, **options: Any) -> ScoutOpenAIChatModel:
    options = {"model": "gpt-4.1-mini", "api_key": "k", **options}
    return ScoutOpenAIChatModel(transport=emulator.transport(), **options)


@pytest.mark.parametrize("verb", WHOLE)
@pytest.mark.parametrize("place", ["model", "call", "model_kwargs"])
async def test_a_whole_answer_in_the_background_is_refused_and_nothing_is_sent(
    verb: str, place: str
) -> None:
    emulator = Emulator()
    background = {"background": True}
    options: Any = {"model_kwargs": background} if place == "model_kwargs" else background
    model = openai(emulator, **({} if place == "call" else options))
    with pytest.raises(ConfigurationError, match=r"leave background= out, or use stream\(\)"):
        await call_model(model, verb, **(options if place == "call" else {}))
    assert emulator.log == []


@pytest.mark.parametrize("verb", STREAMS)
async def test_a_stream_of_a_response_in_the_background_contains_the_answer(verb: str) -> None:
    emulator = Emulator()
    message = await call_model(openai(emulator, background=True), verb)
    assert message.text
    assert message.response_metadata["status"] == "completed"
    assert emulator.log[0].body["background"] is True


@pytest.mark.parametrize("verb", VERBS)
async def test_a_deferred_answer_of_xai_is_refused_and_nothing_is_sent(verb: str) -> None:
    emulator = Emulator()
    model = ScoutXAIChatModel(api_key="k", transport=emulator.transport(), deferred=True)
    with pytest.raises(ConfigurationError, match=r"xai: .* leave deferred= out"):
        await call_model(model, verb)
    assert emulator.log == []

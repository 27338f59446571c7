"""In which order the candidates of a route are called, and what an entry may set."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from scout_adapters import ScoutOpenAIChatModel, ScoutRouterChatModel
from scout_adapters._internal.clock import Clock
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.pricing.price_list import PRICING
from tests.support.fake_http import GROQ, OPENAI

MODELS = ["openai/gpt-4.1-mini", "openai/gpt-4o-mini", "groq/llama-3.1-8b-instant"]


async def test_priority_keeps_the_order(providers, wire, router, ask) -> None:
    providers.on(OPENAI, wire.say())
    for _ in range(3):
        await ask(router(*MODELS))
    assert [body["model"] for body in providers.bodies] == ["gpt-4.1-mini"] * 3


async def test_cheapest_puts_the_lowest_price_first_and_unknown_prices_last(
    providers, wire, router, ask
) -> None:
    providers.on(OPENAI, wire.say())
    providers.on(GROQ, wire.say())
    answer = await ask(router("groq/made-up", *MODELS, strategy="cheapest"))
    assert answer.response_metadata["scout"]["model"] == "llama-3.1-8b-instant"


async def test_cheapest_uses_a_price_that_the_user_set_later(providers, wire, router, ask) -> None:
    providers.on(OPENAI, wire.say())
    providers.on(GROQ, wire.say())
    model = router(*MODELS, strategy="cheapest")
    await ask(model)
    PRICING["openai"] = {"gpt-4.1-mini": {"input": 0.0, "output": 0.0}}
    assert (await ask(model)).response_metadata["scout"]["model"] == "gpt-4.1-mini"


async def test_fastest_puts_the_one_first_that_answered_fastest(
    providers, wire, router, ask, time
) -> None:
    def after(seconds: float) -> Any:
        def reply(request: Any) -> Any:
            time.now += seconds
            return wire.say()(request)

        return reply

    providers.on(OPENAI, after(5))
    providers.on(GROQ, after(1))
    model = router("openai/gpt-4o-mini", "groq/llama-3.1-8b-instant", strategy="fastest")
    for _ in range(4):
        await ask(model)
    assert providers.hosts == [OPENAI, GROQ, GROQ, GROQ]


async def test_least_busy_puts_the_one_first_with_the_fewest_calls_in_flight(
    providers, wire, router
) -> None:
    providers.on(OPENAI, wire.say())
    providers.on(GROQ, wire.say())
    model = router("openai/gpt-4o-mini", "groq/llama-3.1-8b-instant", strategy="least_busy")
    streams = [model.stream("hi") for _ in range(4)]
    for stream in streams:
        next(stream)
    assert Counter(providers.hosts) == {OPENAI: 2, GROQ: 2}
    for stream in streams:
        stream.close()
    model.invoke("hi")
    assert providers.hosts[-1] == OPENAI


def test_weighted_draws_in_proportion(providers, wire, router, time) -> None:
    from random import Random

    providers.on(OPENAI, wire.say())
    providers.on(GROQ, wire.say())
    entries = [{"model": "openai/gpt-4o-mini", "weight": 3}, {"model": "groq/llama-3.1-8b-instant"}]
    model = router(*entries, strategy="weighted")
    model.clock = Clock(now=lambda: time.now, sleep=time.sleep, random=Random(7).random)
    for _ in range(400):
        model.invoke("hi")
    assert 270 < providers.hosts.count(OPENAI) < 330


async def test_a_weight_of_zero_is_asked_last(providers, wire, router, ask) -> None:
    providers.on(GROQ, wire.say())
    entries = [{"model": "openai/gpt-4o-mini", "weight": 0}, {"model": "groq/llama-3.1-8b-instant"}]
    await ask(router(*entries, strategy="weighted"))
    assert providers.hosts == [GROQ]


async def test_a_strategy_may_be_a_function(providers, wire, router, ask) -> None:
    providers.on(GROQ, wire.say())
    seen: list[Any] = []

    def last_first(candidates: Any, request: Any) -> Any:
        seen.append((len(candidates), request.messages[-1].text))
        return reversed(candidates)

    await ask(router(*MODELS, strategy=last_first))
    assert (providers.hosts, seen) == ([GROQ], [(3, "hi")])


def test_an_unknown_strategy_is_refused() -> None:
    with pytest.raises((ConfigurationError, ValidationError), match="priority"):
        ScoutRouterChatModel(models=["groq/m"], strategy="best")


async def test_a_call_may_name_one_of_the_routes_models(providers, wire, router, ask) -> None:
    providers.on(OPENAI, wire.say())
    model = router(*MODELS)
    await ask(model, model="openai/gpt-4o-mini")
    await ask(model, model="gpt-4o-mini")
    assert [body["model"] for body in providers.bodies] == ["gpt-4o-mini"] * 2


async def test_settings_of_an_entry_fill_what_the_call_leaves_open(
    providers, wire, router, ask
) -> None:
    providers.on(OPENAI, wire.say())
    entry = {"model": "openai/gpt-4o-mini", "temperature": 0.5, "seed": 3, "max_tokens": 9}
    model = router(entry)
    await ask(model)
    await ask(model, temperature=0.1)
    assert [
        (b["temperature"], b["seed"], b["max_completion_tokens"]) for b in providers.bodies
    ] == [
        (0.5, 3, 9),
        (0.1, 3, 9),
    ]


async def test_a_route_may_hold_faces(providers, wire, groq, ask, time) -> None:
    providers.on(GROQ, wire.refuse(401))
    providers.on(OPENAI, wire.say())
    openai = ScoutOpenAIChatModel(model="gpt-4o-mini", api_key="sk", transport=providers.transport)
    model = ScoutRouterChatModel(models=[groq(), openai], clock=time.clock)
    assert (await ask(model)).response_metadata["scout"]["provider"] == "openai"


@pytest.mark.parametrize("models", [[], "groq/m", [7], [{"name": "groq/m"}]])
def test_a_route_of_nothing_is_refused(models: Any) -> None:
    with pytest.raises((ConfigurationError, ValidationError)):
        ScoutRouterChatModel(models=models)


def test_a_misspelt_option_of_an_entry_is_refused_and_the_right_one_named() -> None:
    entry = {"model": "groq/m", "api_key": "gsk_a", "temprature": 0.5}
    with pytest.raises((ConfigurationError, ValidationError), match="did you mean temperature"):
        ScoutRouterChatModel(models=[entry]).invoke("hi")

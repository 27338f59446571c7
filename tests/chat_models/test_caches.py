"""LangChain's cache: two models never share an entry, two keys do, and no key shows in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.globals import set_llm_cache

from scout_adapters import ScoutRouterChatModel, get_scout_cost_callback
from scout_adapters.testing import Emulator
from tests.chat_models.models import MODELS, build, entry
from tests.chat_models.request_parts import another, providers_of
from tests.support.verbs import VERBS, call_model

OPTIONS: dict[str, Any] = {
    "temperature": 0.25,
    "top_p": 0.5,
    "max_tokens": 50,
    "stop": ["END"],
    "reasoning_effort": "low",
    "service_tier": "flex",
    "model_kwargs": {"top_k": 3},
}


@pytest.fixture(autouse=True)
def cache() -> Iterator[InMemoryCache]:
    """Turn LangChain's global cache on."""
    cache = InMemoryCache()
    set_llm_cache(cache)
    yield cache
    set_llm_cache(None)


async def test_the_same_call_is_sent_once(name, model, emulator) -> None:
    first = model.invoke("Hello")
    second = await model.ainvoke("Hello")
    assert len(emulator.log) == 1
    assert first.text == second.text
    model.invoke("Hello again")
    assert len(emulator.log) == 2


@pytest.mark.parametrize("option", OPTIONS)
def test_models_that_differ_in_an_option_share_no_answer(option, name, make, emulator) -> None:
    make().invoke("Hello")
    own = {"seed": 3} if name in {"groq", "openai"} else {"top_k": 3}
    value = own if option == "model_kwargs" else OPTIONS[option]
    make(**{option: value}).invoke("Hello")
    # An effort that the model refuses is left out in the same call: a third request.
    assert [exchange.status for exchange in emulator.log if exchange.status != 400] == [200, 200]


@pytest.mark.parametrize("option", ["temperature", "max_tokens", "stop", "service_tier", "model"])
def test_calls_that_differ_in_an_option_share_no_answer(option, name, model, emulator) -> None:
    model.invoke("Hello")
    value = "claude-haiku-4-5" if option == "model" and name == "router" else OPTIONS.get(option)
    model.invoke("Hello", **{option: value or "another-model"})
    model.invoke("Hello")
    assert len(emulator.log) == 2


def test_models_of_different_names_share_no_answer(name, make, emulator) -> None:
    make().invoke("Hello")
    if name == "router":
        make(models=[entry("groq", emulator)]).invoke("Hello")
    else:
        make(model=f"{MODELS[name]}-2").invoke("Hello")
    assert len(emulator.log) == 2


def test_a_model_of_another_provider_shares_no_answer(name, model, emulator) -> None:
    model.invoke("Hello")
    same = build(another(name), emulator, model=MODELS.get(name, "openai/gpt-oss-20b"))
    same.invoke("Hello")
    assert [e.provider for e in emulator.log] == [providers_of(name)[0], another(name)]


def test_the_same_model_at_another_address_shares_no_answer(name, make, emulator) -> None:
    elsewhere = Emulator()
    make().invoke("Hello")
    if name == "router":
        there = [entry("groq", elsewhere, base_url=elsewhere.url("groq"))]
        here = [entry("groq", emulator)]
        make(models=here).invoke("Hello")
        make(models=there).invoke("Hello")
    else:
        other = {"base_url": elsewhere.url(name), "transport": elsewhere.transport()}
        make(**other).invoke("Hello")
    assert len(elsewhere.log) == 1


def test_routes_in_another_order_or_of_another_strategy_share_no_answer(emulator) -> None:
    models = [entry("groq", emulator), entry("anthropic", emulator)]
    backwards = models[::-1]
    ScoutRouterChatModel(models=models).invoke("Hello")
    ScoutRouterChatModel(models=backwards).invoke("Hello")
    ScoutRouterChatModel(models=models, strategy="least_busy").invoke("Hello")
    ScoutRouterChatModel(models=[models[0] | {"temperature": 0.1}, models[1]]).invoke("Hello")
    assert len(emulator.log) == 4


def test_routes_of_models_share_an_answer_only_where_these_are_alike(emulator) -> None:
    for temperature in (0.1, 0.2, 0.1):
        single = build("groq", emulator, temperature=temperature)
        ScoutRouterChatModel(models=[single]).invoke("Hello")
    assert len(emulator.log) == 2


def test_other_keys_find_the_answer_and_show_in_no_entry(name, make, emulator, cache) -> None:
    """`make` gives every model keys of its own."""
    secret = f"sk-CANARY-{name}"
    first = make()
    if name == "router":
        second = make(
            models=[{**entry(p, emulator), "api_key": secret} for p in providers_of(name)]
        )
    else:
        second = make(api_key=None, api_keys=[secret, "sk-CANARY-two"])
    first.invoke("Hello")
    second.invoke("Hello")
    assert len(emulator.log) == 1
    second.invoke("Hello you")
    assert emulator.log[-1].key == secret
    held = repr(cache._cache)
    assert "CANARY" not in held
    assert emulator.log[0].key not in held


async def test_patience_and_callbacks_do_not_part_entries(name, make, emulator) -> None:
    make().invoke("Hello")
    make(timeout=3, max_retries=0, max_wait=1, deadline=9, tags=["t"]).invoke("Hello")
    assert len(emulator.log) == 1


async def test_a_hit_costs_nothing(name, model, emulator) -> None:
    with get_scout_cost_callback() as costs:
        model.invoke("Hello")
        once = (costs.calls, costs.total_cost, costs.unpriced_calls)
        model.invoke("Hello")
        await model.ainvoke("Hello")
        model.batch(["Hello", "Hello"])
    assert len(emulator.log) == 1
    assert (costs.calls, costs.total_cost, costs.unpriced_calls) == once
    assert costs.calls == 1


async def test_tools_and_schemas_part_entries(name, model, emulator) -> None:
    from tests.chat_models.request_parts import JOKE, Joke
    from tests.support.weather import get_time, get_weather

    model.bind_tools([get_weather]).invoke(JOKE)
    model.bind_tools([get_time]).invoke(JOKE)
    model.bind_tools([get_time], tool_choice="any").invoke(JOKE)
    model.with_structured_output(Joke).invoke(JOKE)
    model.with_structured_output(Joke).invoke(JOKE)
    assert len(emulator.log) == 4


@pytest.mark.parametrize("verb", VERBS)
async def test_a_stream_is_never_of_the_cache(verb, model, emulator) -> None:
    """LangChain does not cache streams: two streams make two requests."""
    await call_model(model, verb)
    await call_model(model, verb)
    assert len(emulator.log) == (2 if verb.endswith("stream") else 1)


async def test_an_answer_from_the_cache_still_names_its_provider(name, model) -> None:
    model.invoke("Hello")
    message = await model.ainvoke("Hello")
    assert message.response_metadata["scout"]["provider"] == providers_of(name)[0]
    json.dumps(message.response_metadata)

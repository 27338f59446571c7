"""`configurable_fields` and `configurable_alternatives`: rebuilt models keep the health of keys."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.runnables import ConfigurableField

from scout_adapters.testing import Revoked
from tests.chat_models.models import build
from tests.chat_models.request_parts import another, providers_of, sent_option
from tests.support.verbs import VERBS, call_model
from tests.support.weather import get_weather


def config(**values: Any) -> Any:
    return {"configurable": values}


def fields(*names: str) -> dict[str, Any]:
    return {name: ConfigurableField(id=name) for name in names}


@pytest.mark.parametrize("verb", VERBS)
async def test_configured_fields_are_sent(verb, name, make, emulator) -> None:
    model = make(temperature=0.9, max_tokens=99, stop=["never"])
    loose = model.configurable_fields(**fields("temperature", "max_tokens", "stop"))
    await call_model(
        loose, verb, "Hello", config(temperature=0.25, max_tokens=33, stop=["emulator"])
    )
    await call_model(loose, verb)
    provider = providers_of(name)[0]
    sent = [
        [sent_option(provider, e.body, o) for o in ("temperature", "max_tokens", "stop")]
        for e in emulator.log
    ]
    assert sent == [[0.25, 33, ["emulator"]], [0.9, 99, ["never"]]]


@pytest.mark.parametrize("verb", VERBS)
async def test_a_field_given_by_another_name_can_be_configured_too(
    verb, name, make, emulator
) -> None:
    model = make(max_completion_tokens=99, stop_sequences=["never"], request_timeout=30)
    loose = model.configurable_fields(**fields("temperature"))
    await call_model(loose, verb, "Hello", config(temperature=0.25))
    (exchange,) = emulator.log
    provider = providers_of(name)[0]
    assert sent_option(provider, exchange.body, "max_tokens") == 99
    assert sent_option(provider, exchange.body, "stop") == ["never"]
    assert sent_option(provider, exchange.body, "temperature") == 0.25


async def test_extra_fields_of_the_body_survive(name, make, emulator) -> None:
    option = "top_k" if providers_of(name)[0] == "anthropic" else "seed"
    loose = make(**{option: 5}).configurable_fields(**fields("temperature"))
    await loose.ainvoke("Hello", config(temperature=0.25))
    body = emulator.log[0].body
    assert body.get("generationConfig", body)[option] == 5


async def test_the_health_of_keys_survives(name, make, emulator) -> None:
    """A key that was refused once is not used again by the rebuilt model."""
    if name == "router":
        loose = make(max_retries=0).configurable_fields(**fields("temperature"))
        emulator.script("groq", [Revoked()])
        refused = "groq"
    else:
        keys = ["refused-for-good", "good-one"]
        model = make(api_key=None, api_keys=keys, max_retries=0)
        emulator.script(name, [Revoked()] * 3, key="refused-for-good")
        loose = model.configurable_fields(**fields("temperature"))
        refused = name
    for temperature in (0.1, 0.2, 0.3):
        message = await loose.ainvoke("Hello", config(temperature=temperature))
    assert message.response_metadata["scout"]["attempts"][-1]["outcome"] == "ok"
    rejected = [e for e in emulator.requests(refused) if e.status >= 400 or e.fault]
    assert len(rejected) == 1


async def test_another_model_can_be_configured(name, make, emulator) -> None:
    if name == "router":
        models = [{"model": "groq/m-2", "transport": emulator.transport(), "api_key": "k"}]
        loose = make().configurable_fields(models=ConfigurableField(id="models"))
        await loose.ainvoke("Hello", config(models=models))
        expected = "m-2"
    else:
        loose = make().configurable_fields(model=ConfigurableField(id="model"))
        await loose.ainvoke("Hello", config(model="claude-m-2"))
        expected = "claude-m-2"
    await loose.ainvoke("Hello")
    first, second = emulator.log
    assert (first.model, second.model) == (expected, second.model)
    assert second.model != expected


async def test_a_key_can_be_configured_and_is_shown_nowhere(name, make, emulator) -> None:
    secret = f"sk-CANARY-configured-{name}"
    if name == "router":
        pytest.skip("a route's entries have keys of their own")
    loose = make().configurable_fields(api_key=ConfigurableField(id="api_key"))
    await loose.ainvoke("Hello", config(api_key=secret))
    assert emulator.log[0].key == secret
    assert secret not in repr(loose.prepare(config(api_key=secret))[0])


@pytest.mark.parametrize("verb", VERBS)
async def test_an_alternative_is_called_where_it_is_chosen(verb, name, make, emulator) -> None:
    which = ConfigurableField(id="which")
    either = make().configurable_alternatives(
        which, default_key="first", second=build(another(name), emulator)
    )
    await call_model(either, verb, "Hello", config(which="second"))
    await call_model(either, verb, "Hello")
    assert [exchange.provider for exchange in emulator.log] == [
        another(name),
        providers_of(name)[0],
    ]


async def test_tools_are_bound_to_whatever_is_configured(name, make, emulator) -> None:
    which = ConfigurableField(id="which")
    loose = make().configurable_fields(**fields("temperature"))
    either = loose.configurable_alternatives(
        which, default_key="first", second=build(another(name), emulator)
    )
    bound = either.bind_tools([get_weather])
    for chosen in ("first", "second"):
        message = await bound.ainvoke(
            "What is the weather in Paris?", config(which=chosen, temperature=0.25)
        )
        assert [call["name"] for call in message.tool_calls] == ["get_weather"]

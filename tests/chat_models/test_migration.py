"""Options from partner packages, LiteLLM and the guide: accepted, or refused by name."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.exceptions import ModelAuthenticationError
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from scout_adapters import (
    ScoutAnthropicChatModel,
    ScoutGroqChatModel,
    ScoutOpenAIChatModel,
    ScoutRouterChatModel,
    init_scout_model,
)
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm import LLMResponse
from scout_adapters.llm.health.circuit_breaker import is_provider_available
from scout_adapters.llm.providers import ProviderClient, registry
from scout_adapters.testing import Emulator, Revoked
from tests.support.waiting import HANG

SECRET = "gsk-CANARY-0123456789"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator()
    with emulator.serve():
        yield emulator


class Payloads(BaseCallbackHandler):
    def __init__(self) -> None:
        self.seen = ""

    def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        self.seen += repr((args, kwargs))


def test_a_partner_packages_name_for_the_key_is_the_key_and_nothing_else(
    emulator: Emulator,
) -> None:
    model = ScoutGroqChatModel(groq_api_key=SECRET, base_url=emulator.url("groq"))
    payloads = Payloads()
    model.invoke("hi", {"callbacks": [payloads]})
    (exchange,) = emulator.log
    assert exchange.key == SECRET
    assert SECRET not in json.dumps(exchange.body) + repr(model) + payloads.seen


@pytest.mark.parametrize("name", ["openai_api_key", "token", "access_token", "extra_headers"])
def test_what_may_hold_a_key_never_becomes_a_part_of_the_body(name: str) -> None:
    for make in (
        lambda: ScoutGroqChatModel(**{name: SECRET}),
        lambda: ScoutRouterChatModel(models=["groq/m"], **{name: SECRET}),
        lambda: ScoutRouterChatModel(models=[{"model": "groq/m", name: SECRET}]),
        lambda: ScoutGroqChatModel(api_key="k").invoke("hi", **{name: SECRET}),
    ):
        with pytest.raises(ConfigurationError, match=f"takes no {name}=") as caught:
            make()
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["base_url", "api_base", "http_client", "organization"])
def test_a_call_cannot_say_where_to_ask(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"takes no {name}="):
        ScoutGroqChatModel(api_key="k").invoke("hi", **{name: "x"})


def test_a_calls_own_patience_is_honoured_and_not_sent(emulator: Emulator) -> None:
    emulator.script("groq", [None])
    model = ScoutGroqChatModel(api_key="patient", base_url=emulator.url("groq"))
    model.invoke("hi", timeout=3, max_retries=0, deadline=9)
    assert not {"timeout", "max_retries", "deadline"} & emulator.log[0].body.keys()


def test_litellms_word_for_the_address_is_understood_in_an_entry(emulator: Emulator) -> None:
    entry = {"model": "openai/gpt-4.1-mini", "api_key": SECRET, "api_base": emulator.url("openai")}
    router = ScoutRouterChatModel(models=[entry | {"max_completion_tokens": 7}])
    router.invoke("hi")
    (exchange,) = emulator.log
    assert (exchange.key, exchange.body["max_completion_tokens"]) == (SECRET, 7)
    assert SECRET not in repr(router.models) + json.dumps(exchange.body)


def test_an_entry_wins_over_the_router_and_the_call_over_both(emulator: Emulator) -> None:
    entry = {"model": "groq/m", "api_key": "k1", "base_url": emulator.url("groq")}
    router = ScoutRouterChatModel(
        models=[entry | {"temperature": 0.1, "seed": 1}], temperature=0.7, max_tokens=9, seed=2
    )
    router.invoke("hi")
    router.invoke("hi", temperature=0.5)
    sent = [{name: e.body.get(name) for name in ("temperature", "seed")} for e in emulator.log]
    assert sent == [{"temperature": 0.1, "seed": 1}, {"temperature": 0.5, "seed": 1}]
    assert emulator.log[0].body["max_tokens"] == 9


def test_models_that_think_are_not_sent_what_they_refuse(emulator: Emulator) -> None:
    for model in ("gpt-5-mini", "o3", "gpt-4.1-mini"):
        chat = ScoutOpenAIChatModel(
            model=model, api_key="k", base_url=emulator.url("openai"), temperature=0, top_p=0.5
        )
        chat.invoke("hi")
    assert ["temperature" in exchange.body for exchange in emulator.log] == [False, False, True]


def test_a_forced_tool_wins_over_a_budget_for_thoughts(emulator: Emulator) -> None:
    model = ScoutAnthropicChatModel(
        model="claude-3-7-sonnet-latest",
        api_key="k",
        base_url=emulator.url("anthropic"),
        thinking={"type": "enabled", "budget_tokens": 2000},
    )
    model.invoke("hi")
    assert emulator.log[0].body["thinking"]["budget_tokens"] == 2000
    weather = {"title": "weather", "type": "object", "properties": {"city": {"type": "string"}}}
    model.with_structured_output(weather, method="function_calling").invoke("Paris?")
    assert "thinking" not in emulator.log[1].body


def test_keys_with_a_comma_between_them_are_two_keys_of_a_single_model_too() -> None:
    model = ScoutGroqChatModel(model="m", api_key="gsk_first,gsk_second")
    assert [state.key for state in model.client.keys] == ["gsk_first", "gsk_second"]


def test_one_tenants_bad_keys_do_not_stop_another_tenants_good_one() -> None:
    emulator = Emulator(keys={"groq": {"bad-1": Revoked(), "bad-2": Revoked(), "good-1": None}})
    with emulator.serve():
        url = emulator.url("groq")
        good = ScoutGroqChatModel(model="m", api_key="good-1", base_url=url, max_retries=0)
        bad = ScoutGroqChatModel(model="m", api_keys=["bad-1", "bad-2"], base_url=url)
        good.invoke("hi")
        with pytest.raises(ModelAuthenticationError):
            bad.invoke("hi")
        assert good.invoke("hi").text
        with pytest.raises(ModelAuthenticationError, match="every key was refused") as again:
            bad.invoke("hi")
    assert not getattr(again.value, "is_retryable", True)
    assert len(emulator.requests("groq", "bad-1")) == 1


def test_the_guides_circuit_is_that_of_the_address_in_the_environment(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOGETHER_API_URL", emulator.url("together"))
    monkeypatch.setenv("TOGETHER_API_KEY", "one-key")
    client = ProviderClient(spec=registry.spec("together"))
    assert is_provider_available("together")
    client.endpoint.circuit.trip(time.monotonic())
    assert not is_provider_available("together")
    client.endpoint.circuit.trip(time.monotonic() - 3600)


def test_the_guides_call_uses_a_key_that_it_is_given(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEREBRAS_API_URL", emulator.url("cerebras"))
    client = ProviderClient(spec=registry.spec("cerebras"))
    result = asyncio.run(client.call(model="gpt-oss-120b", prompt="hi", api_key=SECRET))
    assert result.response_text
    assert emulator.log[0].key == SECRET
    assert SECRET not in json.dumps(emulator.log[0].body)


async def answer(model: str, prompt: str, api_key: str | None = None, **rest: Any) -> LLMResponse:
    return LLMResponse(content=f"{prompt} by {api_key} END of it", model=model)


async def dawdle(model: str, prompt: str, api_key: str | None = None, **rest: Any) -> str:
    await asyncio.sleep(HANG)
    return "late"


def test_a_function_may_have_keys_of_its_own_stop_words_and_the_guides_other_result() -> None:
    registry.register("tailor", ProviderClient("tailor", answer, "TAILOR_API_KEYS"))
    model = init_scout_model("tailor/m", api_key="thread", stop=["END"])
    assert model.invoke("hi").text == "hi by thread "


def test_a_function_that_dawdles_is_failed_over(emulator: Emulator) -> None:
    registry.register("dawdler", ProviderClient("dawdler", dawdle))
    good = {"model": "groq/m", "api_key": "quick", "base_url": emulator.url("groq")}
    short = {"model": "dawdler/m", "timeout": 0.5}
    router = ScoutRouterChatModel(models=[short, good])
    attempts = router.invoke("hi").response_metadata["scout"]["attempts"]
    assert [row["outcome"] for row in attempts] == ["timeout_response", "ok"]


@pytest.mark.parametrize("provider", ["anthropic", "google", "groq", "openai"])
def test_a_broken_tool_call_in_the_history_is_no_obstacle(
    emulator: Emulator, provider: str
) -> None:
    broken = {"name": "f", "args": "{bad", "id": "call_1", "error": "no JSON"}
    history = [
        HumanMessage("a"),
        AIMessage("", invalid_tool_calls=[broken]),
        ToolMessage("bad json", tool_call_id="call_1", status="error"),
        HumanMessage("x"),
    ]
    name = {"anthropic": "claude-haiku-4-5", "google": "gemini-3.5-flash"}.get(provider, "m")
    model = init_scout_model(f"{provider}/{name}", api_key="k", base_url=emulator.url(provider))
    assert model.invoke(history).text


@pytest.mark.parametrize("form", ["dict", "model"])
def test_a_model_outside_the_route_is_called_with_the_keys_of_its_provider_s_entry(
    emulator: Emulator, form: str
) -> None:
    options = {"api_keys": ["k-of-the-entry"], "transport": emulator.transport()}
    entry = {"model": "anthropic/claude-haiku-4-5", **options}
    model = ScoutAnthropicChatModel(model="claude-haiku-4-5", **options)
    route = ScoutRouterChatModel(models=[entry if form == "dict" else model])
    route.invoke("hello", model="anthropic/claude-sonnet-4-5")
    requests = [(request.model, request.key) for request in emulator.log]
    assert requests == [("claude-sonnet-4-5", "k-of-the-entry")]

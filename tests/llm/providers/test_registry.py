"""Functions without LangChain, and providers that are registered: by card and the guide's way."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from scout_adapters import ScoutRouterChatModel, init_scout_model
from scout_adapters.errors import NoKeyError, ProviderUnavailable, RateLimited, UnsupportedContent
from scout_adapters.llm import LLMResponse, call_groq_async, call_llm
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.llm.pricing.price_list import PRICING, cost_of, estimate_cost_usd
from scout_adapters.llm.providers import (
    ProviderClient,
    ProviderRegistry,
    ProviderResult,
    ProviderSpec,
    registry,
)
from scout_adapters.llm.wires.openai_chat import WIRE
from tests.support.fake_http import OPENAI

GROQ_URL = "https://api.groq.com/openai/v1/chat/completions"


class House:
    """A provider as the guide writes it: an async function, and what it was called with."""

    def __init__(self, *outcomes: Any) -> None:
        self.calls: list[dict[str, Any]] = []
        self._outcomes = list(outcomes) or ["hello"]

    async def call(
        self,
        model: str,
        prompt: str,
        system: str | None = None,
        max_tokens: int = 2048,
        temperature: float = 0.0,
        api_key: str | None = None,
        **kwargs: Any,
    ) -> ProviderResult:
        self.calls.append({"model": model, "prompt": prompt, "system": system, "api_key": api_key})
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, BaseException):
            raise outcome
        return ProviderResult(outcome, 0.001, 10, 5, model, "acme")


def acme(monkeypatch: pytest.MonkeyPatch, *outcomes: Any, keys: str = "k1,k2") -> House:
    house = House(*outcomes)
    if keys:
        monkeypatch.setenv("ACME_API_KEYS", keys)
    client = ProviderClient(
        name="acme",
        call=house.call,
        env_key_name="ACME_API_KEYS",
        env_single_key_name="ACME_API_KEY",
        default_cooldown=60.0,
        max_failures_before_cooldown=3,
        max_key_attempts=3,
    )
    registry.register("acme", client)
    return house


def refused(status: int, **headers: str) -> httpx.HTTPStatusError:
    request = httpx.Request("POST", "https://acme.example")
    body = {"error": {"message": "Invalid API Key" if status == 401 else "no"}}
    response = httpx.Response(status, json=body, request=request, headers=headers)
    return httpx.HTTPStatusError("refused", request=request, response=response)


async def test_call_llm_uses_the_provider_that_claims_the_model(
    wire, monkeypatch, respx_mock
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_a")
    route = respx_mock.post(GROQ_URL).mock(side_effect=wire.say("hello"))
    for request in ({"model": "llama-3.1-8b-instant"}, {"model": "groq/llama-3.1-8b-instant"}):
        answer = await call_llm("hi", system="be brief", max_tokens=7, temperature=0.5, **request)
        assert isinstance(answer, LLMResponse)
        assert (answer.content, answer.provider) == ("hello", "groq")
        assert (answer.input_tokens, answer.output_tokens) == (10, 5)
        assert answer.cost_usd == pytest.approx(10 * 0.05e-6 + 5 * 0.08e-6)
    assert route.call_count == 2
    assert route.calls[0].request.headers["authorization"] == "Bearer gsk_a"


async def test_call_llm_without_a_model_uses_providers_with_a_key_and_fails_over(
    wire, monkeypatch, respx_mock
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_a")
    monkeypatch.setenv("OPENAI_API_KEY", "sk_b")
    respx_mock.post(GROQ_URL).mock(side_effect=wire.refuse(401))
    url = "https://api.openai.com/v1/chat/completions"
    respx_mock.post(url).mock(side_effect=wire.say("from openai"))
    assert (await call_llm("hi")).provider == "openai"


async def test_call_llm_without_any_key_names_the_variables_to_set() -> None:
    with pytest.raises(NoKeyError, match="GROQ_API_KEY"):
        await call_llm("hi")


async def test_the_function_of_a_provider_calls_that_provider(
    wire, monkeypatch, respx_mock
) -> None:
    monkeypatch.setenv("GROQ_API_KEYS", "gsk_a,gsk_b")
    respx_mock.post(GROQ_URL).mock(side_effect=wire.say("hello"))
    answer = await call_groq_async("hi", model="llama-3.1-8b-instant", system="s")
    assert (answer.content, answer.provider) == ("hello", "groq")


async def test_a_client_of_the_registry_answers_with_a_provider_result(
    wire, monkeypatch, respx_mock
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_a")
    respx_mock.post(GROQ_URL).mock(side_effect=wire.say("hello"))
    result = await registry.get("groq").call(model="llama-3.1-8b-instant", prompt="hi", system="s")
    assert isinstance(result, ProviderResult)
    assert (result.response_text, result.provider) == ("hello", "groq")
    assert (result.model, result.input_tokens) == ("llama-3.1-8b-instant", 10)


async def test_a_card_is_a_provider(providers, wire, ask, time, monkeypatch) -> None:
    spec = ProviderSpec(
        name="newcomer", docs="x", wire=WIRE, base_url="https://new.example/v1", models=("new-",)
    )
    registry.register(spec)
    monkeypatch.setenv("NEWCOMER_API_KEY", "k1")
    providers.on("new.example", wire.say("hello"))
    common = {"transport": providers.transport, "clock": time.clock}
    for model in (
        init_scout_model("newcomer/new-1", **common),
        init_scout_model("new-1", **common),
    ):
        answer = await ask(model)
        assert answer.response_metadata["scout"]["provider"] == "newcomer"
    assert providers.keys == ["k1", "k1"]
    assert registry.available("newcomer")
    assert "newcomer" in registry.list_providers()


def test_a_separate_registry_contains_only_its_own_entries() -> None:
    own = ProviderRegistry()
    assert own.list_providers() == []
    assert not own.available("groq")


async def test_a_function_is_a_provider_of_a_route(ask, time, monkeypatch) -> None:
    house = acme(monkeypatch, "hello")
    model = ScoutRouterChatModel(models=["acme/m-1"], clock=time.clock)
    answer = await ask(model, [SystemMessage("be brief"), HumanMessage("hi")])
    assert answer.text == "hello"
    assert house.calls == [{"model": "m-1", "prompt": "hi", "system": "be brief", "api_key": "k1"}]
    scout = answer.response_metadata["scout"]
    assert (scout["provider"], scout["key_id"]) == ("acme", fingerprint("k1"))
    assert (scout["cost_usd"], scout["cost_source"]) == (0.001, "provider")
    assert answer.usage_metadata["total_tokens"] == 15
    assert registry.get("acme").keys[0].in_flight == 0


async def test_a_conversation_is_flattened_for_a_function(ask, time, monkeypatch) -> None:
    house = acme(monkeypatch)
    history = [
        HumanMessage("one"),
        AIMessage("two", tool_calls=[{"name": "f", "args": {}, "id": "c"}]),
        ToolMessage("three", tool_call_id="c"),
        HumanMessage("four"),
    ]
    await ask(ScoutRouterChatModel(models=["acme/m"], clock=time.clock), history)
    prompt = house.calls[0]["prompt"]
    assert all(word in prompt for word in ("one", "two", "three", "four"))


async def test_a_function_is_passed_over_where_tools_media_or_a_schema_are_needed(
    providers, wire, ask, time, monkeypatch
) -> None:
    function = acme(monkeypatch)
    providers.on(OPENAI, wire.say("by openai"))
    keyed = {"model": "openai/gpt-4o-mini", "api_key": "k", "transport": providers.transport}
    route = ScoutRouterChatModel(models=["acme/m", keyed], clock=time.clock)

    def look_up(word: str) -> str:
        """Look a word up."""
        return word

    image = {"type": "image", "url": "https://x/y.png"}
    assert (await ask(route.bind_tools([look_up]))).text == "by openai"
    assert (await ask(route, [HumanMessage([image])])).text == "by openai"
    assert (await ask(route, response_format={"type": "json_object"})).text == "by openai"
    assert function.calls == []
    assert (await ask(route)).text == "hello"
    with pytest.raises(UnsupportedContent):
        await ask(ScoutRouterChatModel(models=["acme/m"], clock=time.clock).bind_tools([look_up]))


async def test_a_function_whose_key_is_refused_is_called_with_the_next_one(
    ask, time, monkeypatch
) -> None:
    house = acme(monkeypatch, refused(401), "hello")
    model = ScoutRouterChatModel(models=["acme/m"], clock=time.clock)
    assert (await ask(model)).text == "hello"
    assert [call["api_key"] for call in house.calls] == ["k1", "k2"]
    assert registry.get("acme").keys[0].permanently_failed


@pytest.mark.parametrize(
    "error",
    [
        refused(500),
        refused(429),
        httpx.ConnectError("refused"),
        TimeoutError("slow"),
        RuntimeError("who knows"),
    ],
    ids=lambda error: type(error).__name__ + str(getattr(error, "response", "")),
)
async def test_a_function_that_fails_hands_over_to_the_next_candidate(
    error, providers, wire, ask, time, monkeypatch
) -> None:
    acme(monkeypatch, error)
    providers.on(OPENAI, wire.say("by openai"))
    keyed = {"model": "openai/gpt-4o-mini", "api_key": "k", "transport": providers.transport}
    route = ScoutRouterChatModel(models=["acme/m", keyed], clock=time.clock)
    assert (await ask(route)).text == "by openai"


async def test_a_limit_of_a_function_rests_its_key(ask, time, monkeypatch) -> None:
    acme(monkeypatch, refused(429, **{"retry-after": "99"}), keys="k1")
    with pytest.raises(RateLimited) as caught:
        await ask(ScoutRouterChatModel(models=["acme/m"], clock=time.clock))
    assert caught.value.retry_after == 99.0
    assert registry.get("acme").keys[0].ready_at("m") == time.now + 99


async def test_a_function_that_raises_our_errors_is_understood(ask, time, monkeypatch) -> None:
    from scout_adapters.errors import ErrorKind, provider_error

    house = acme(monkeypatch, provider_error(ErrorKind.SERVER_ERROR, "down"))
    with pytest.raises(ProviderUnavailable):
        await ask(ScoutRouterChatModel(models=["acme/m"], clock=time.clock))
    assert len(house.calls) == 3


async def test_a_function_that_books_keys_by_hand_does_not_book_twice(
    ask, time, monkeypatch
) -> None:
    client: Any = None

    async def call(model: str, prompt: str, api_key: str | None = None, **more: Any) -> Any:
        client.record_key_success(client.keys[0].key)
        client.record_key_failure(client.keys[1].key, permanent=True)
        return ProviderResult("hello", None, 1, 1, model, "acme")

    monkeypatch.setenv("ACME_API_KEYS", "k1,k2")
    client = ProviderClient(name="acme", call=call, env_key_name="ACME_API_KEYS")
    registry.register("acme", client)
    await ask(ScoutRouterChatModel(models=["acme/m"], clock=time.clock))
    assert not client.keys[1].permanently_failed
    client.record_key_failure("k2", permanent=True)
    assert client.keys[1].permanently_failed


async def test_a_function_without_its_declared_key_is_not_available(ask, time, monkeypatch) -> None:
    house = acme(monkeypatch, keys="")
    assert not registry.available("acme")
    with pytest.raises(NoKeyError, match="ACME_API_KEYS or ACME_API_KEY"):
        await ask(ScoutRouterChatModel(models=["acme/m"], clock=time.clock))
    assert house.calls == []
    monkeypatch.setenv("ACME_API_KEY", "late")
    assert registry.available("acme")


def test_a_function_runs_in_a_sync_call_without_a_loop(time, monkeypatch) -> None:
    acme(monkeypatch)
    model = ScoutRouterChatModel(models=["acme/m"], clock=time.clock)
    assert model.invoke("hi").text == "hello"
    assert "".join(chunk.text for chunk in model.stream("hi")) == "hello"


async def test_a_function_runs_in_a_sync_call_inside_a_running_loop(time, monkeypatch) -> None:
    acme(monkeypatch)
    assert ScoutRouterChatModel(models=["acme/m"], clock=time.clock).invoke("hi").text == "hello"


async def test_a_function_has_a_face_and_answers_call_llm(ask, monkeypatch) -> None:
    acme(monkeypatch)
    assert (await call_llm("hi", model="acme/m")).content == "hello"
    assert (await call_llm("hi", provider="acme", model="m")).content == "hello"
    assert (await registry.get("acme").call(model="m", prompt="hi")).response_text == "hello"
    assert (await ask(init_scout_model("acme/m"))).text == "hello"


USAGE = {"input_tokens": 1000, "output_tokens": 1000, "total_tokens": 2000}


def test_the_users_price_wins_over_the_shipped_one_and_the_providers_figure_over_both() -> None:
    shipped = cost_of("groq", "llama-3.1-8b-instant", USAGE)
    assert (shipped.usd, shipped.source) == (pytest.approx(0.00013), "genai-prices")
    PRICING["groq"] = {"llama-3.1-8b-instant": {"input": 0.1, "output": 0.2}}
    assert cost_of("groq", "llama-3.1-8b-instant", USAGE).usd == pytest.approx(0.3)
    stated = cost_of("groq", "llama-3.1-8b-instant", USAGE, stated_usd=0.0)
    assert (stated.usd, stated.source) == (0.0, "provider")


def test_cached_tokens_cost_the_price_of_the_users_table() -> None:
    PRICING["x"] = {"m": {"input": 1.0, "output": 0.0, "cache_read": 0.1, "cache_write": 2.0}}
    details = {"cache_read": 400, "cache_creation": 100}
    usage = {**USAGE, "input_token_details": details}
    assert cost_of("x", "m", usage).usd == pytest.approx(0.5 + 0.04 + 0.2)


def test_tokens_written_to_a_timed_cache_cost_the_price_of_the_users_table() -> None:
    PRICING["x"] = {"m": {"input": 1.0, "output": 0.0, "cache_write": 2.0}}
    details = {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 100}
    usage = {**USAGE, "input_token_details": details}
    assert cost_of("x", "m", usage).usd == pytest.approx(0.8 + 0.4)


def test_an_unknown_price_is_none() -> None:
    assert estimate_cost_usd(provider="groq", model="no", input_tokens=1, output_tokens=1) is None
    assert estimate_cost_usd(
        provider="groq", model="llama-3.1-8b-instant", input_tokens=1000, output_tokens=1000
    ) == pytest.approx(0.00013)

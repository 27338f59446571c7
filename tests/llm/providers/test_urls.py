"""What a user writes: addresses, model names, options, routes and strategies."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from scout_adapters import (
    ScoutAnthropicChatModel,
    ScoutGoogleChatModel,
    ScoutGroqChatModel,
    ScoutOpenAIChatModel,
    ScoutOpenRouterChatModel,
    ScoutRouterChatModel,
    init_scout_model,
)
from scout_adapters._internal.clock import Clock
from scout_adapters.errors import (
    ConfigurationError,
    InvalidKey,
    InvalidModelName,
    InvalidRequest,
    UnknownProvider,
)
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.llm.providers import registry
from scout_adapters.llm.timeouts import Timeouts
from scout_adapters.llm.transport.http_transport import Transport

GROQ, OPENAI = "api.groq.com", "api.openai.com"


def url_of(model_class: Any, model: str, base_url: str | None, *, stream: bool = False) -> str:
    made = model_class(model=model, base_url=base_url, api_key="k")
    line = made.client.endpoint.adapter
    return str(line._url(model, stream))


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        (None, "https://api.groq.com/openai/v1/chat/completions"),
        ("https://h", "https://h/v1/chat/completions"),
        ("https://h/", "https://h/v1/chat/completions"),
        ("https://h/openai", "https://h/openai/v1/chat/completions"),
        ("https://h/openai/v1", "https://h/openai/v1/chat/completions"),
        ("https://h/openai/v1/", "https://h/openai/v1/chat/completions"),
        ("https://h/api/paas/v4", "https://h/api/paas/v4/chat/completions"),
        ("https://h/v1/chat/completions", "https://h/v1/chat/completions"),
        ("https://h/v1/chat/completions/", "https://h/v1/chat/completions"),
        ("https://h/v1?api-version=2", "https://h/v1/chat/completions?api-version=2"),
        ("https://h/x/chat/completions?a=b", "https://h/x/chat/completions?a=b"),
        ("http://localhost:8000", "http://localhost:8000/v1/chat/completions"),
        # https://ai.google.dev/gemini-api/docs/openai
        ("https://h/v1beta/openai/", "https://h/v1beta/openai/chat/completions"),
    ],
)
def test_base_url_is_a_root_a_versioned_root_or_the_endpoint(
    base_url: str | None, expected: str
) -> None:
    assert url_of(ScoutGroqChatModel, "m", base_url) == expected


@pytest.mark.parametrize(
    "base_url",
    [
        None,
        "https://generativelanguage.googleapis.com",
        "https://generativelanguage.googleapis.com/v1beta",
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:generateContent",
        "https://generativelanguage.googleapis.com/v1beta/models/y:streamGenerateContent?alt=sse",
    ],
)
def test_gemini_takes_every_form_of_its_address(base_url: str | None) -> None:
    root = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash"
    model_class, model = ScoutGoogleChatModel, "gemini-2.5-flash"
    assert url_of(model_class, model, base_url) == f"{root}:generateContent"
    assert (
        url_of(model_class, model, base_url, stream=True) == f"{root}:streamGenerateContent?alt=sse"
    )


def test_anthropic_takes_its_root_and_its_endpoint() -> None:
    for base_url in (None, "https://api.anthropic.com/v1", "https://api.anthropic.com/v1/messages"):
        url = url_of(ScoutAnthropicChatModel, "claude-haiku-4-5", base_url)
        assert url == "https://api.anthropic.com/v1/messages"


def test_a_query_of_geminis_address_is_kept_beside_its_own() -> None:
    url = url_of(ScoutGoogleChatModel, "m", "https://h/v1beta?tenant=7", stream=True)
    assert url == "https://h/v1beta/models/m:streamGenerateContent?tenant=7&alt=sse"


@pytest.mark.parametrize("base_url", ["api.groq.com/v1", "ftp://h/v1", "https://", "h"])
async def test_an_address_without_scheme_or_host_is_refused_before_any_request(
    base_url: str, house, groq, ask
) -> None:
    with pytest.raises(ConfigurationError):
        await ask(groq(base_url=base_url))
    assert house.requests == []


async def test_the_address_comes_from_the_environment(house, wire, groq, ask, monkeypatch) -> None:
    monkeypatch.setenv("GROQ_API_URL", "https://proxy.example/v1/chat/completions ")
    house.on("proxy.example", wire.say())
    await ask(groq())
    assert str(house.requests[0].url) == "https://proxy.example/v1/chat/completions"


BAD_NAMES = ["../x", "a/../b", "a?key=1", "a%2fb", "a#b", "a b", "a\nb", "a//b", "?", "a\\b", "é"]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("way", ["model", "call", "route", "init", "call_llm", "client"])
async def test_a_models_name_that_could_change_the_url_is_refused_before_any_request(
    way, name, house, wire, monkeypatch, time
) -> None:
    from scout_adapters.llm import call_llm

    monkeypatch.setenv("GOOGLE_API_KEY", "k")
    house.on("generativelanguage.googleapis.com", wire.say())
    common = {"transport": house.transport, "clock": time.clock}

    async def attempt() -> None:
        match way:
            case "model":
                ScoutGoogleChatModel(model=name, **common).invoke("hi")
            case "call":
                ScoutGoogleChatModel(**common).invoke("hi", model=name)
            case "route":
                ScoutRouterChatModel(models=[f"google/{name}"]).invoke("hi")
            case "init":
                init_scout_model(f"google/{name}", **common).invoke("hi")
            case "call_llm":
                await call_llm("hi", provider="google", model=name)
            case "client":
                transport = Transport(house.transport)
                client = registry.client("google", api_keys=("k",), transport=transport)
                await client.call(model=name, prompt="hi")

    with pytest.raises((InvalidModelName, ValidationError, UnknownProvider)) as caught:
        await attempt()
    assert house.requests == []
    assert "google" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["meta-llama/Llama-3.3-70B", "gpt-oss:20b", "ft:gpt-4o:org::id", "x@001"]
)
async def test_usual_model_names_pass(name: str, house, wire, groq, ask) -> None:
    house.on(GROQ, wire.say())
    await ask(groq(model=name))
    assert house.bodies[0]["model"] == name


def test_an_unknown_provider_is_told_the_known_ones() -> None:
    for make in (
        lambda: init_scout_model("gorq/llama"),
        lambda: registry.get("gorq"),
        lambda: ScoutRouterChatModel(models=["gorq/llama"]),
    ):
        with pytest.raises((UnknownProvider, ValidationError)) as caught:
            make()
        assert "gorq" in str(caught.value)
        assert "groq" in str(caught.value)
        assert "anthropic" in str(caught.value)


@pytest.mark.parametrize(
    ("option", "meant"),
    [("temprature", "temperature"), ("max_retires", "max_retries"), ("api_kyes", "api_keys")],
)
def test_a_misspelt_option_is_refused_and_the_right_one_named(option: str, meant: str) -> None:
    with pytest.raises((ConfigurationError, ValidationError), match=f"did you mean {meant}"):
        ScoutGroqChatModel(**{option: 1})


def test_a_misspelt_option_of_a_route_is_refused_too() -> None:
    with pytest.raises((ConfigurationError, ValidationError), match="did you mean deadline"):
        ScoutRouterChatModel(models=["groq/m"], deadlin=1)


async def test_options_that_only_the_provider_knows_go_into_the_body(
    house, wire, groq, ask
) -> None:
    house.on(GROQ, wire.say())
    await ask(groq(seed=7, model_kwargs={"user": "u"}), service_tier="flex")
    body = house.bodies[0]
    assert (body["seed"], body["user"], body["service_tier"]) == (7, "u", "flex")


async def test_options_of_the_call_win_over_the_models(house, wire, groq, ask) -> None:
    house.on(GROQ, wire.say())
    model = groq(temperature=0.9, max_tokens=5, stop=["a"])
    await ask(model, temperature=0.1, max_tokens=7, stop=["b"])
    body = house.bodies[0]
    assert (body["temperature"], body["max_tokens"], body["stop"]) == (0.1, 7, ["b"])


@pytest.mark.parametrize("name", ["api_key", "api_keys", "default_headers"])
async def test_a_key_of_a_call_is_refused_because_traces_show_calls(name, house, groq, ask) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        await ask(groq(), **{name: "gsk_SECRET"})
    assert "SECRET" not in str(caught.value)
    assert house.requests == []


async def test_a_broken_key_is_refused_without_being_shown(house, groq, ask) -> None:
    with pytest.raises(InvalidKey) as caught:
        await ask(groq("gsk_SECR ET"))
    assert "SECR" not in str(caught.value)
    assert house.requests == []


async def test_keys_may_be_one_string_with_commas(house, wire, groq, ask) -> None:
    house.on(GROQ, wire.say())
    model = groq(api_keys="gsk_a, gsk_b")
    await ask(model)
    await ask(model)
    assert sorted(house.keys) == ["gsk_a", "gsk_b"]


async def test_a_call_may_name_another_model(house, wire, groq, ask) -> None:
    house.on(GROQ, wire.say())
    answer = await ask(groq(), model="llama-3.1-8b-instant")
    assert house.bodies[0]["model"] == "llama-3.1-8b-instant"
    assert answer.response_metadata["scout"]["model"] == "llama-3.1-8b-instant"


async def test_a_copy_with_another_setting_uses_it(house, wire, groq, ask) -> None:
    house.on(GROQ, wire.say())
    model = groq()
    await ask(model)
    await ask(model.model_copy(update={"model": "llama-3.1-8b-instant"}))
    await ask(model)
    assert [body["model"] for body in house.bodies] == [
        "llama-3.3-70b-versatile",
        "llama-3.1-8b-instant",
        "llama-3.3-70b-versatile",
    ]


async def test_a_setting_that_is_changed_later_counts(house, wire, groq, ask) -> None:
    house.on(GROQ, wire.say())
    model = groq()
    await ask(model)
    model.model = "llama-3.1-8b-instant"
    await ask(model)
    assert house.bodies[1]["model"] == "llama-3.1-8b-instant"


async def test_configurable_fields_make_a_model_of_their_own(house, wire, groq, ask) -> None:
    from langchain_core.runnables import ConfigurableField

    house.on(GROQ, wire.say())
    model = groq().configurable_fields(model=ConfigurableField(id="model"))
    await ask(model)
    await ask(model, config={"configurable": {"model": "other"}})
    assert [body["model"] for body in house.bodies] == ["llama-3.3-70b-versatile", "other"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, Timeouts()),
        (7, Timeouts(connect=7, first_token=7, idle=7, total=7)),
        ((3, 40), Timeouts(connect=3, first_token=40, idle=40, total=40)),
    ],
)
async def test_a_timeout_reaches_the_socket(given, expected, house, wire, groq, ask) -> None:
    house.on(GROQ, wire.say())
    await ask(groq(timeout=given))
    assert house.requests[0].extensions["timeout"] == expected.of(stream=ask.streams)


MODELS = ["openai/gpt-4.1-mini", "openai/gpt-4o-mini", "groq/llama-3.1-8b-instant"]


async def test_priority_keeps_the_order(house, wire, router, ask) -> None:
    house.on(OPENAI, wire.say())
    for _ in range(3):
        await ask(router(*MODELS))
    assert [body["model"] for body in house.bodies] == ["gpt-4.1-mini"] * 3


async def test_cheapest_puts_the_lowest_price_first_and_unknown_prices_last(
    house, wire, router, ask
) -> None:
    house.on(OPENAI, wire.say())
    house.on(GROQ, wire.say())
    answer = await ask(router("groq/made-up", *MODELS, strategy="cheapest"))
    assert answer.response_metadata["scout"]["model"] == "llama-3.1-8b-instant"


async def test_cheapest_knows_a_price_that_the_user_set_later(house, wire, router, ask) -> None:
    house.on(OPENAI, wire.say())
    house.on(GROQ, wire.say())
    model = router(*MODELS, strategy="cheapest")
    await ask(model)
    PRICING["openai"] = {"gpt-4.1-mini": {"input": 0.0, "output": 0.0}}
    assert (await ask(model)).response_metadata["scout"]["model"] == "gpt-4.1-mini"


async def test_fastest_puts_the_one_first_that_answered_fastest(
    house, wire, router, ask, time
) -> None:
    def after(seconds: float) -> Any:
        def reply(request: Any) -> Any:
            time.now += seconds
            return wire.say()(request)

        return reply

    house.on(OPENAI, after(5))
    house.on(GROQ, after(1))
    model = router("openai/gpt-4o-mini", "groq/llama-3.1-8b-instant", strategy="fastest")
    for _ in range(4):
        await ask(model)
    assert house.hosts == [OPENAI, GROQ, GROQ, GROQ]


async def test_least_busy_puts_the_one_first_with_the_fewest_calls_in_flight(
    house, wire, router
) -> None:
    house.on(OPENAI, wire.say())
    house.on(GROQ, wire.say())
    model = router("openai/gpt-4o-mini", "groq/llama-3.1-8b-instant", strategy="least_busy")
    streams = [model.stream("hi") for _ in range(4)]
    for stream in streams:
        next(stream)
    assert Counter(house.hosts) == {OPENAI: 2, GROQ: 2}
    for stream in streams:
        stream.close()
    model.invoke("hi")
    assert house.hosts[-1] == OPENAI


def test_weighted_draws_in_proportion(house, wire, router, time) -> None:
    from random import Random

    house.on(OPENAI, wire.say())
    house.on(GROQ, wire.say())
    entries = [{"model": "openai/gpt-4o-mini", "weight": 3}, {"model": "groq/llama-3.1-8b-instant"}]
    model = router(*entries, strategy="weighted")
    model.clock = Clock(now=lambda: time.now, sleep=time.sleep, random=Random(7).random)
    for _ in range(400):
        model.invoke("hi")
    assert 270 < house.hosts.count(OPENAI) < 330


async def test_a_weight_of_zero_is_asked_last(house, wire, router, ask) -> None:
    house.on(GROQ, wire.say())
    entries = [{"model": "openai/gpt-4o-mini", "weight": 0}, {"model": "groq/llama-3.1-8b-instant"}]
    await ask(router(*entries, strategy="weighted"))
    assert house.hosts == [GROQ]


async def test_a_strategy_may_be_a_function(house, wire, router, ask) -> None:
    house.on(GROQ, wire.say())
    seen: list[Any] = []

    def last_first(candidates: Any, request: Any) -> Any:
        seen.append((len(candidates), request.messages[-1].text))
        return reversed(candidates)

    await ask(router(*MODELS, strategy=last_first))
    assert (house.hosts, seen) == ([GROQ], [(3, "hi")])


def test_a_strategy_that_nobody_knows_is_refused() -> None:
    with pytest.raises((ConfigurationError, ValidationError), match="priority"):
        ScoutRouterChatModel(models=["groq/m"], strategy="best")


async def test_a_call_may_name_one_of_the_routes_models(house, wire, router, ask) -> None:
    house.on(OPENAI, wire.say())
    model = router(*MODELS)
    await ask(model, model="openai/gpt-4o-mini")
    await ask(model, model="gpt-4o-mini")
    assert [body["model"] for body in house.bodies] == ["gpt-4o-mini"] * 2


async def test_settings_of_an_entry_fill_what_the_call_leaves_open(
    house, wire, router, ask
) -> None:
    house.on(OPENAI, wire.say())
    entry = {"model": "openai/gpt-4o-mini", "temperature": 0.5, "seed": 3, "max_tokens": 9}
    model = router(entry)
    await ask(model)
    await ask(model, temperature=0.1)
    assert [(b["temperature"], b["seed"], b["max_completion_tokens"]) for b in house.bodies] == [
        (0.5, 3, 9),
        (0.1, 3, 9),
    ]


async def test_a_route_may_hold_faces(house, wire, groq, ask, time) -> None:
    house.on(GROQ, wire.refuse(401))
    house.on(OPENAI, wire.say())
    openai = ScoutOpenAIChatModel(model="gpt-4o-mini", api_key="sk", transport=house.transport)
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


def test_a_documented_field_of_a_providers_body_is_not_taken_for_a_misspelling() -> None:
    """https://openrouter.ai/docs/features/model-routing calls its fallbacks `models`."""
    model = ScoutOpenRouterChatModel(model="openai/gpt-5-mini", models=["a/b"], api_key="sk-or-1")
    assert model.model_kwargs == {"models": ["a/b"]}


async def test_a_very_short_key_does_not_turn_messages_into_nonsense(
    house, wire, groq, ask
) -> None:
    house.on(GROQ, wire.refuse(400, "look at the parameter"))
    with pytest.raises(InvalidRequest) as caught:
        await ask(groq("k"))
    assert "look at the parameter" in str(caught.value)

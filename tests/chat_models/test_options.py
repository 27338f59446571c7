"""Options of a model and of a call: names, keys, copies, timeouts."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from scout_adapters import (
    ScoutCostCallbackHandler,
    ScoutGroqChatModel,
    ScoutOpenAICompatibleChatModel,
    ScoutOpenRouterChatModel,
    ScoutRouterChatModel,
    init_scout_model,
)
from scout_adapters.errors import (
    ConfigurationError,
    InvalidKey,
    InvalidRequest,
    NoKeyError,
    UnknownProvider,
)
from scout_adapters.llm.option_names import SECRET
from scout_adapters.llm.providers import registry
from scout_adapters.llm.timeouts import Timeouts
from tests.support.fake_http import GROQ
from tests.support.key_leaks import SECRET_NAMES


def test_the_error_for_an_unknown_provider_lists_the_known_ones() -> None:
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


async def test_options_of_the_provider_alone_go_into_the_body(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.say())
    await ask(groq(seed=7, model_kwargs={"user": "u"}), service_tier="flex")
    body = providers.bodies[0]
    assert (body["seed"], body["user"], body["service_tier"]) == (7, "u", "flex")


async def test_options_of_the_call_win_over_the_models(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.say())
    model = groq(temperature=0.9, max_tokens=5, stop=["a"])
    await ask(model, temperature=0.1, max_tokens=7, stop=["b"])
    body = providers.bodies[0]
    assert (body["temperature"], body["max_tokens"], body["stop"]) == (0.1, 7, ["b"])


@pytest.mark.parametrize("name", ["api_key", "api_keys", "default_headers"])
async def test_a_key_of_a_call_is_refused_because_traces_show_calls(
    name, providers, groq, ask
) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        await ask(groq(), **{name: "gsk_SECRET"})
    assert "SECRET" not in str(caught.value)
    assert providers.requests == []


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize("bound", [True, False])
async def test_a_call_option_named_like_a_secret_is_refused_without_its_value(
    name, bound, providers, ask, caplog
) -> None:
    model = ScoutOpenAICompatibleChatModel(
        model="m", base_url="https://x.example/v1", transport=providers.transport
    )
    option = {name: "hunter2-of-mine"}
    runnable, options = (model.bind(**option), {}) if bound else (model, option)
    with pytest.raises(ConfigurationError, match=f"no {name}=: keys and headers") as caught:
        await ask(runnable, **options)
    assert "hunter2" not in str(caught.value) + repr(caught.value) + caplog.text
    assert providers.requests == []


@pytest.mark.parametrize(
    "name",
    ["key_affinity", "top_k", "stop_token_ids", "max_tokens", "author", "pattern", "pathway"],
)
def test_words_that_only_look_like_secrets_are_none(name: str) -> None:
    assert SECRET.fullmatch(name) is None


async def test_a_broken_key_is_refused_without_being_shown(providers, groq, ask) -> None:
    with pytest.raises(InvalidKey) as caught:
        await ask(groq("gsk_SECR ET"))
    assert "SECR" not in str(caught.value)
    assert providers.requests == []


async def test_keys_may_be_one_string_with_commas(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.say())
    model = groq(api_keys="gsk_a, gsk_b")
    await ask(model)
    await ask(model)
    assert sorted(providers.keys) == ["gsk_a", "gsk_b"]


async def test_a_call_may_name_another_model(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.say())
    answer = await ask(groq(), model="llama-3.1-8b-instant")
    assert providers.bodies[0]["model"] == "llama-3.1-8b-instant"
    assert answer.response_metadata["scout"]["model"] == "llama-3.1-8b-instant"


async def test_a_copy_with_another_setting_uses_it(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.say())
    model = groq()
    await ask(model)
    await ask(model.model_copy(update={"model": "llama-3.1-8b-instant"}))
    await ask(model)
    assert [body["model"] for body in providers.bodies] == [
        "llama-3.3-70b-versatile",
        "llama-3.1-8b-instant",
        "llama-3.3-70b-versatile",
    ]


async def test_a_setting_that_is_changed_later_counts(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.say())
    model = groq()
    await ask(model)
    model.model = "llama-3.1-8b-instant"
    await ask(model)
    assert providers.bodies[1]["model"] == "llama-3.1-8b-instant"


async def test_configurable_fields_make_a_model_of_their_own(providers, wire, groq, ask) -> None:
    from langchain_core.runnables import ConfigurableField

    providers.on(GROQ, wire.say())
    model = groq().configurable_fields(model=ConfigurableField(id="model"))
    await ask(model)
    await ask(model, config={"configurable": {"model": "other"}})
    assert [body["model"] for body in providers.bodies] == ["llama-3.3-70b-versatile", "other"]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, Timeouts()),
        (7, Timeouts(connect=7, first_token=7, idle=7, total=7)),
        ((3, 40), Timeouts(connect=3, first_token=40, idle=40, total=40)),
    ],
)
async def test_a_timeout_reaches_the_socket(seconds, expected, providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.say())
    await ask(groq(timeout=seconds))
    assert providers.requests[0].extensions["timeout"] == expected.of(stream=ask.streams)


def test_a_documented_field_of_a_providers_body_is_not_taken_for_a_misspelling() -> None:
    """https://openrouter.ai/docs/features/model-routing calls its fallbacks `models`."""
    model = ScoutOpenRouterChatModel(model="openai/gpt-5-mini", models=["a/b"], api_key="sk-or-1")
    assert model.model_kwargs == {"models": ["a/b"]}


async def test_a_very_short_key_does_not_turn_messages_into_nonsense(
    providers, wire, groq, ask
) -> None:
    providers.on(GROQ, wire.refuse(400, "look at the parameter"))
    with pytest.raises(InvalidRequest) as caught:
        await ask(groq("k"))
    assert "look at the parameter" in str(caught.value)


class Unreadable:
    """A value whose own code fails, whatever is read of it."""

    def __float__(self) -> float:
        raise OSError

    def __str__(self) -> str:
        raise OSError

    __repr__ = __str__


ENORMOUS = (10**400, -(10**400), 10**5000, Fraction(10**400), Unreadable())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *(({"deadline": value}, "deadline=") for value in ("5", math.nan, *ENORMOUS)),
        *(({"max_wait": value}, "max_wait=") for value in (math.nan, Decimal("NaN"), *ENORMOUS)),
        *(({"max_retries": value}, "max_retries=") for value in ([1], 1j, Unreadable())),
        *(({"timeout": value}, "timeout") for value in (math.nan, 0, -1, "7", *ENORMOUS)),
        *(({"timeout": Timeouts(idle=value)}, "idle") for value in (math.nan, 0.0, Unreadable())),
        *(({"max_tokens": value}, "max_tokens") for value in (math.nan, "5", Unreadable())),
        *(({name: math.inf}, f"{name}=inf") for name in ("temperature", "top_p")),
    ],
)
async def test_a_number_that_cannot_be_is_refused_before_a_request(
    options, message, providers, groq, ask
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        await ask(groq(), **options)
    if not options.keys() & {"deadline", "max_wait", "max_retries"}:
        entry = {"model": "groq/some", "api_key": "gsk-1", **options}
        with pytest.raises(ConfigurationError, match=message):
            await ask(ScoutRouterChatModel(models=[entry]))
    assert providers.requests == []


@pytest.mark.parametrize("seconds", [math.inf, 1e300])
async def test_a_timeout_longer_than_a_life_is_none(seconds, providers, wire, groq, ask) -> None:
    """Sockets raise OverflowError for it."""
    providers.on(GROQ, wire.say())
    await ask(groq(timeout=seconds, deadline=seconds))
    sent = providers.requests[0].extensions["timeout"]
    assert sent == {"connect": 10.0, "read": None, "write": None, "pool": None}


@pytest.mark.parametrize("name", ["user_id", "thread_id"])
async def test_metadata_that_cannot_be_written_is_refused_by_name(
    name, providers, groq, ask
) -> None:
    config = {"metadata": {name: Unreadable()}, "callbacks": [ScoutCostCallbackHandler()]}
    with pytest.raises(ConfigurationError, match=f"{name}.* of type Unreadable"):
        await ask(groq(), config=config)
    with pytest.raises(ConfigurationError, match="a tag of a call is of type Unreadable"):
        await ask(groq(), config={**config, "metadata": {}, "tags": [Unreadable()]})
    assert providers.requests == []


@pytest.mark.parametrize("weight", ["a", [], -1, math.nan, math.inf, *ENORMOUS], ids=type)
def test_a_weight_that_is_no_number_is_refused_at_construction(weight: Any) -> None:
    with pytest.raises(ConfigurationError, match="must be a number, 0 or more"):
        ScoutRouterChatModel(models=[{"model": "groq/some", "weight": weight}])


def test_the_name_of_a_provider_alone_is_answered_with_a_model_of_it() -> None:
    with pytest.raises(
        UnknownProvider, match="'groq' is a provider: write provider/model, such as groq/"
    ):
        ScoutRouterChatModel(models=["groq"])


def test_an_address_without_a_scheme_is_answered_with_how_to_begin() -> None:
    model = ScoutOpenAICompatibleChatModel(model="m", base_url="localhost:8000/v1")
    with pytest.raises(ConfigurationError, match="begin it with http://"):
        model.invoke("Hello")


@pytest.mark.parametrize("keys", [{"api_key": ""}, {"api_keys": []}, {"api_keys": ["", " "]}])
def test_empty_keys_are_not_replaced_by_those_of_the_environment(
    keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_of_the_operator")
    for model in (
        ScoutGroqChatModel(**keys),
        ScoutRouterChatModel(models=[{"model": "groq/m", **keys}]),
    ):
        with pytest.raises(NoKeyError, match="is empty"):
            model.invoke("Hello")

"""Variables with keys and addresses: whole names, numbers, gateways, parts of addresses."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters import (
    ProviderSpec,
    ScoutAnthropicChatModel,
    ScoutGoogleChatModel,
    ScoutGroqChatModel,
    ScoutOpenAIChatModel,
    ScoutRouterChatModel,
    init_scout_model,
    registry,
)
from scout_adapters.errors import ConfigurationError, NoKeyError
from scout_adapters.llm.providers import ProviderRegistry
from scout_adapters.llm.wires.openai_chat import WIRE

NEBULA = ProviderSpec(
    name="nebula",
    docs="https://nebula.example",
    wire=WIRE,
    base_url="https://{account}.nebula.example/{region}/v1",
    key_variables=("NEBULA_TOKEN", "NEB_TOKEN"),
    placeholders={"account": ("NEBULA_ACCOUNT",), "region": ("NEBULA_REGION", "NEB_REGION")},
    default_model="m",
)
HOSTED = ProviderSpec(
    name="hosted",
    docs="",
    wire=WIRE,
    base_url="{host}/serving",
    version="",
    placeholders={"host": ("HOSTED_HOST",)},
)


def keys(name: str, *specs: ProviderSpec) -> list[str]:
    own = ProviderRegistry(*specs) if specs else registry
    return [state.key for state in own.get(name).keys]


def address(name: str, *specs: ProviderSpec) -> str:
    return (ProviderRegistry(*specs) if specs else registry).get(name).base_url


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"NEBULA_TOKEN": "a", "NEB_TOKEN": "b"}, ["a"]),
        ({"NEB_TOKEN": "b"}, ["b"]),
        ({"NEBULA_API_KEY": "c", "NEBULA_TOKEN": "a"}, ["c"]),
        ({"NEBULA_TOKEN_2": "d", "NEBULA_TOKEN_1": "c", "NEBULA_TOKEN": "a"}, ["a", "c", "d"]),
        ({"NEB_TOKEN_10": "e", "NEB_TOKEN_9": "d"}, ["d", "e"]),
        ({"NEBULA_API_KEYS": "x,y", "NEBULA_API_KEYS_1": "z"}, ["x", "y"]),
        ({"NEBULA_API_KEY_1": "a", "NEBULA_API_KEY_2": "a"}, ["a"]),
        ({"NEBULA_API_KEY_OLD": "a"}, []),
    ],
)
def test_keys_come_from_whole_names_and_numbers_in_order(
    variables: dict[str, str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"NEBULA_ACCOUNT": "acme", "NEBULA_REGION": "eu", **variables}.items():
        monkeypatch.setenv(name, value)
    assert keys("nebula", NEBULA) == expected


@pytest.mark.parametrize("name", [name for name in registry.list_providers() if name != "ollama"])
def test_every_provider_takes_numbered_keys(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = registry.spec(name)
    for variables in spec.placeholders.values():
        monkeypatch.setenv(variables[0], "part.example")
    variable = next(v for v in spec.key_names if not v.endswith("S"))
    monkeypatch.setenv(f"{variable}_1", "one")
    monkeypatch.setenv(f"{variable}_2", "two")
    assert keys(name) == ["one", "two"]


@pytest.mark.parametrize(
    ("provider", "variable"),
    [
        ("openai", "OPENAI_API_URL"),
        ("openai", "OPENAI_BASE_URL"),
        ("openai", "OPENAI_API_BASE"),
        ("anthropic", "ANTHROPIC_BASE_URL"),
        ("anthropic", "ANTHROPIC_API_URL"),
        ("groq", "GROQ_API_BASE"),
        ("groq", "GROQ_BASE_URL"),
        ("openrouter", "OPENROUTER_API_BASE"),
        ("google", "GOOGLE_GEMINI_BASE_URL"),
        ("google", "GEMINI_API_BASE"),
        ("mistral", "MISTRAL_BASE_URL"),
        ("xai", "XAI_API_BASE"),
        ("deepseek", "DEEPSEEK_API_BASE"),
        ("fireworks", "FIREWORKS_API_BASE"),
        ("together", "TOGETHER_API_BASE"),
    ],
)
def test_a_gateways_key_goes_to_the_gateway_whatever_the_variable_is_called(
    provider: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, " https://gateway.example/v1/ ")
    assert address(provider) == "https://gateway.example/v1"


def test_our_own_variable_wins_over_a_partner_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_BASE_URL", "https://second.example")
    monkeypatch.setenv("GROQ_API_URL", "https://first.example")
    assert address("groq") == "https://first.example"


@pytest.mark.parametrize(
    ("model_class", "option"),
    [
        (ScoutOpenAIChatModel, "openai_api_base"),
        (ScoutOpenAIChatModel, "base_url"),
        (ScoutAnthropicChatModel, "anthropic_api_url"),
        (ScoutAnthropicChatModel, "anthropic_api_base"),
        (ScoutGroqChatModel, "groq_api_base"),
        (ScoutGoogleChatModel, "google_gemini_base_url"),
    ],
)
def test_the_option_of_a_partner_package_is_the_address(model_class: Any, option: str) -> None:
    model = model_class(model="m", api_key="k", **{option: "https://gateway.example"})
    assert model.client.base_url == "https://gateway.example"


@pytest.mark.parametrize("variable", ["GROQ_BASE_URL", "GROQ_API_BASE"])
def test_an_address_with_a_password_is_refused_by_the_name_of_its_variable(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "https://user:CANARY@groq.example")
    with pytest.raises(ConfigurationError, match=variable) as caught:
        address("groq")
    assert "CANARY" not in str(caught.value)


def test_a_placeholder_is_an_option_or_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.register(NEBULA)
    monkeypatch.setenv("NEB_REGION", "eu")
    monkeypatch.setenv("NEBULA_ACCOUNT", "from-env")
    model = init_scout_model("nebula/m", api_key="k", account="acme")
    assert model.client.base_url == "https://acme.nebula.example/eu/v1"
    assert init_scout_model("nebula/m", api_key="k").client.base_url == (
        "https://from-env.nebula.example/eu/v1"
    )
    named = init_scout_model("nebula/m", nebula_token="k", nebula_account="x")
    assert (named.client.base_url[:10], named.client.keys[0].key) == ("https://x.", "k")
    assert named.model_kwargs == {}


def test_an_entry_of_a_route_fills_a_placeholder(providers, wire, monkeypatch) -> None:
    registry.register(NEBULA)
    monkeypatch.setenv("NEBULA_REGION", "us")
    providers.on("acme.nebula.example", wire.say("hello"))
    entry = {"model": "nebula/m", "api_key": "k", "account": "acme"}
    route = ScoutRouterChatModel(models=[entry | {"transport": providers.transport}])
    assert route.invoke("hi").text == "hello"
    assert str(providers.requests[0].url) == "https://acme.nebula.example/us/v1/chat/completions"


async def test_a_placeholder_without_value_is_an_error_that_names_its_variable(
    providers, wire, ask, time, monkeypatch
) -> None:
    registry.register(NEBULA)
    monkeypatch.setenv("NEBULA_ACCOUNT", "acme")
    common = {"api_key": "k", "transport": providers.transport}
    message = "no region is configured: set NEBULA_REGION or NEB_REGION, or pass region="
    with pytest.raises(NoKeyError, match=message):
        await ask(init_scout_model("nebula/m", clock=time.clock, **common))
    second = {"model": "groq/m", **common}
    providers.on("api.groq.com", wire.say("by groq"))
    route = ScoutRouterChatModel(models=[{"model": "nebula/m", **common}, second], clock=time.clock)
    answer = await ask(route)
    assert answer.text == "by groq"
    assert message in str(answer.response_metadata["scout"]["attempts"])
    monkeypatch.setenv("NEBULA_REGION", "eu")
    providers.on("acme.nebula.example", wire.say("by nebula"))
    fresh = init_scout_model("nebula/m", clock=time.clock, **common)
    assert (await ask(fresh)).text == "by nebula"


@pytest.mark.parametrize("value", ["acme.example/x", "a b", "a@b", "..", "a?b", "-a"])
def test_a_placeholder_cannot_change_the_host(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEBULA_ACCOUNT", value)
    monkeypatch.setenv("NEBULA_REGION", "eu")
    with pytest.raises(ConfigurationError, match="NEBULA_ACCOUNT"):
        address("nebula", NEBULA)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("adb-1.2.azuredatabricks.net", "https://adb-1.2.azuredatabricks.net/serving"),
        ("https://adb-1.2.azuredatabricks.net/", "https://adb-1.2.azuredatabricks.net/serving"),
        ("http://localhost:8080", "http://localhost:8080/serving"),
    ],
)
def test_a_host_is_given_with_or_without_scheme(
    value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTED_HOST", value)
    assert address("hosted", HOSTED) == expected

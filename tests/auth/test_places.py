"""Accounts, resources and regions of one model: keys with addresses of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from scout_adapters import ProviderSpec, ScoutOpenAICompatibleChatModel, registry
from scout_adapters.auth import AwsCredentials
from scout_adapters.errors import ConfigurationError, ProviderUnavailable
from scout_adapters.llm.wires.openai_chat import WIRE
from tests.support.clock import FakeTime
from tests.support.fake_http import FakeAnswers, FakeProviders

Make = Callable[..., Any]
EAST, WEST = "east.cloud.example", "west.cloud.example"
PLACES = [
    {"api_key": "key-of-east", "base_url": f"https://{EAST}/v1"},
    {"api_key": "key-of-west", "base_url": f"https://{WEST}/v1"},
]


@pytest.fixture
def regional(providers: FakeProviders, time: FakeTime) -> Make:
    """A model whose keys have addresses of their own."""

    def make(*keys: Any, **options: Any) -> ScoutOpenAICompatibleChatModel:
        defaults: dict[str, Any] = {"model": "m", "transport": providers.transport}
        defaults |= {"api_keys": [*(keys or PLACES)], "clock": time.clock}
        return ScoutOpenAICompatibleChatModel(**defaults | options)

    return make


@pytest.fixture
def cloud(providers: FakeProviders, time: FakeTime) -> Make:
    """A model of a provider whose address has a place for the region."""
    card = ProviderSpec(
        name="cloud",
        docs="",
        wire=WIRE,
        base_url="https://{region}.cloud.example/v1",
        placeholders={"region": ("CLOUD_REGION",)},
    )
    registry.register(card)

    def make(*keys: Any) -> Any:
        from scout_adapters import ScoutRouterChatModel

        entry = {"model": "cloud/m", "api_keys": [*keys], "transport": providers.transport}
        return ScoutRouterChatModel(models=[entry], clock=time.clock, max_retries=0)

    return make


async def test_each_key_is_sent_to_its_own_address(
    regional: Make, providers: FakeProviders, wire: FakeAnswers, ask: Any
) -> None:
    providers.on(EAST, wire.say("east"))
    providers.on(WEST, wire.say("west"))
    model = regional()
    assert [(await ask(model)).text for _ in range(4)] == ["east", "west"] * 2
    assert (
        list(zip(providers.hosts, providers.keys, strict=True))
        == [
            (EAST, "key-of-east"),
            (WEST, "key-of-west"),
        ]
        * 2
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "rate_limit"), (503, "capacity"), (500, "server_error"), (None, "connect")],
)
async def test_what_fails_in_one_region_goes_to_the_next_at_once(
    regional: Make,
    providers: FakeProviders,
    wire: FakeAnswers,
    time: FakeTime,
    status: int | None,
    kind: str,
) -> None:
    fault = wire.refuse(status, "sorry") if status else wire.fail(httpx.ConnectError)
    providers.on(EAST, fault)
    providers.on(WEST, wire.say("west"))
    model = regional()
    message = await model.ainvoke("hi")
    assert message.text == "west"
    assert providers.hosts == [EAST, WEST]
    assert time.slept == []
    outcomes = [row["outcome"] for row in message.response_metadata["scout"]["attempts"]]
    assert outcomes == [kind, "ok"]
    await model.ainvoke("hi")
    assert providers.hosts == [EAST, WEST, WEST], "it rests"


async def test_a_region_that_failed_rests_for_the_model(
    regional: Make, providers: FakeProviders, wire: FakeAnswers, time: FakeTime, ask: Any
) -> None:
    providers.on(EAST, wire.refuse(503, "overloaded"), wire.say("east"))
    providers.on(WEST, wire.say("west"))
    model = regional()
    for _ in range(3):
        await ask(model)
    assert providers.hosts == [EAST, WEST, WEST, WEST]
    assert model.explain("hi").rows[-1].reason == "the key rests for this model"
    for _ in range(2):
        time.go_by(5.1)
        await ask(model)
    assert EAST in providers.hosts[-2:]


async def test_a_region_whose_circuit_is_open_closes_no_other(
    regional: Make, providers: FakeProviders, wire: FakeAnswers, time: FakeTime, ask: Any
) -> None:
    providers.on(EAST, wire.refuse(500, "down"))
    providers.on(WEST, wire.say("west"))
    model = regional()
    for _ in range(12):
        assert (await ask(model)).text == "west"
        time.go_by(5.1)
    tried = providers.hosts.count(EAST)
    assert 5 <= tried <= 7, "the circuit of this address is open"
    assert "circuit open" in str(model.explain("hi"))
    assert model.client.available


async def test_all_regions_failing_is_the_candidates_failure(
    regional: Make, providers: FakeProviders, wire: FakeAnswers, ask: Any
) -> None:
    for host in (EAST, WEST):
        providers.on(host, wire.refuse(503, "overloaded"))
    with pytest.raises(ProviderUnavailable):
        await ask(regional(max_retries=0))
    assert providers.hosts == [EAST, WEST]


async def test_regions_fill_the_place_in_the_providers_address(
    cloud: Make, providers: FakeProviders, wire: FakeAnswers, ask: Any
) -> None:
    for host in (EAST, WEST):
        providers.on(host, wire.say(host))
    regions: list[Mapping[str, Any]] = [
        {"api_key": "k", "region": "east"},
        {"api_key": "k", "region": "west"},
    ]
    model = cloud(*regions)
    assert {(await ask(model)).text for _ in range(2)} == {EAST, WEST}
    ids = [row.key_id or "" for row in model.explain("hi")]
    assert sorted(key.partition("@")[2] for key in ids) == ["east", "west"]
    assert len({key.partition("@")[0] for key in ids}) == 1, "one key, two places"


async def test_regions_without_a_key_use_those_in_the_variables(
    cloud: Make,
    providers: FakeProviders,
    wire: FakeAnswers,
    ask: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLOUD_API_KEY", "from-the-environment")
    for host in (EAST, WEST):
        providers.on(host, wire.say(host))
    model = cloud({"region": "east"}, {"region": "west"})
    assert {(await ask(model)).text for _ in range(2)} == {EAST, WEST}
    assert set(providers.keys) == {"from-the-environment"}


async def test_a_source_serves_several_regions_with_one_reading(
    cloud: Make, providers: FakeProviders, wire: FakeAnswers, ask: Any
) -> None:
    calls = []

    def vault() -> str:
        calls.append(1)
        return "from-the-vault"

    for host in (EAST, WEST):
        providers.on(host, wire.say(host))
    regions = [{"api_key": vault, "region": name} for name in ("east", "west")]
    model = cloud(*regions)
    assert {(await ask(model)).text for _ in range(2)} == {EAST, WEST}
    assert (calls, set(providers.keys)) == ([1], {"from-the-vault"})


async def test_a_secret_that_one_region_refuses_is_sent_to_the_others(
    regional: Make, providers: FakeProviders, wire: FakeAnswers, ask: Any
) -> None:
    providers.on(EAST, wire.refuse(401, "Invalid API Key", code="invalid_api_key"))
    providers.on(WEST, wire.say("west"))
    model = regional(*({**place, "api_key": key_of_both} for place in PLACES))
    assert [(await ask(model)).text for _ in range(3)] == ["west"] * 3
    assert providers.hosts.count(EAST) == 1


def key_of_both() -> str:
    return "key-of-both"


async def test_servers_without_keys_share_a_model(
    regional: Make, providers: FakeProviders, wire: FakeAnswers, ask: Any
) -> None:
    providers.on(EAST, wire.refuse(500, "down"))
    providers.on(WEST, wire.say("west"))
    model = regional({"base_url": f"https://{EAST}/v1"}, {"base_url": f"https://{WEST}/v1"})
    assert (await ask(model)).text == "west"
    assert "authorization" not in providers.requests[-1].headers


async def test_a_signature_is_for_the_address_of_the_key(
    regional: Make, providers: FakeProviders, wire: FakeAnswers, ask: Any
) -> None:
    urls = []

    class Signer:
        def headers(self, key: Any, _: str, url: str, *__: Any) -> Mapping[str, str]:
            urls.append((key.access_key, url))
            return {}

    pair = AwsCredentials(access_key="AKID", secret_key="hush")
    providers.on(EAST, wire.refuse(503, "overloaded"))
    providers.on(WEST, wire.say("west"))
    places = [{**place, "api_key": lambda: pair} for place in PLACES]
    await ask(regional(*places, auth=Signer()))
    assert urls == [
        ("AKID", f"https://{EAST}/v1/chat/completions"),
        ("AKID", f"https://{WEST}/v1/chat/completions"),
    ]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"api_key": "k"}, "needs an address beside"),
        ({"api_key": "k", "zone": "a"}, "a key of cloud has no zone; it may have api_key, base"),
        ({"api_key": "k", "region": 5}, "has a region of type int"),
        ({"api_key": "k", "base_url": "https://u:p@x/v1"}, "password"),
        ({"api_key": "k", "region": "a/b"}, "region"),
    ],
)
def test_an_address_that_cannot_be_is_refused_by_name(
    cloud: Make, place: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        cloud(place).invoke("hi")

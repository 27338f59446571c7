"""Providers that copy Chat Completions: each card against the emulator at its own host.

`SCOUT_RECORD=emulator` records the cassettes again, `SCOUT_RECORD=live` those of the real APIs.
"""

from __future__ import annotations

import pickle
from importlib import import_module
from pathlib import Path

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from scout_adapters import init_scout_model, registry
from scout_adapters.testing import Emulator
from scout_adapters.testing.cassettes import cassette
from scout_adapters.testing.compatible_providers import ACCOUNT, COMPATIBLE_HOSTS
from tests.support.paths import ROOT
from tests.support.reset import LIVE

CASSETTES = ROOT / "cassettes" / "cards"
PARTS = {
    "cloudflare": {"account": ACCOUNT},
    "databricks": {"host": f"{ACCOUNT}.cloud.databricks.com"},
    "snowflake": {"account": ACCOUNT},
}
WEATHER = {
    "title": "weather",
    "description": "Report the weather of a city.",
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}


def model_of(provider: str) -> BaseChatModel:
    spec = registry.spec(provider)
    key = {} if LIVE else {"api_key": "nobodys"}
    parts = {} if LIVE else PARTS.get(provider, {})
    return init_scout_model(
        f"{provider}/{spec.default_model or 'openai/gpt-6-luna'}", max_retries=0, **key, **parts
    )


@pytest.mark.parametrize("provider", COMPATIBLE_HOSTS)
def test_a_card_converses_streams_and_calls_tools(provider: str) -> None:
    question = HumanMessage("What is the weather in Paris? Use the tool.")
    with cassette(CASSETTES / f"{provider}.yaml"):
        model = model_of(provider)
        answer = model.invoke("Say hello.", max_tokens=32)
        assert answer.text
        assert answer.usage_metadata["output_tokens"] > 0
        chunks = list(model.stream("Say hello.", temperature=0.5))
        assert "".join(chunk.text for chunk in chunks)
        assert chunks[-1].response_metadata["scout"]["provider"] == provider
        call = model.bind_tools([WEATHER]).invoke([question])
        assert isinstance(call, AIMessage)
        (tool_call,) = call.tool_calls
        assert tool_call["args"]["city"]
        result = ToolMessage("Sunny.", tool_call_id=tool_call["id"])
        assert model.bind_tools([WEATHER]).invoke([question, call, result]).text


def test_every_cassette_belongs_to_a_card() -> None:
    assert {path.stem for path in Path(CASSETTES).glob("*.yaml")} == set(COMPATIBLE_HOSTS)


@pytest.mark.parametrize("provider", COMPATIBLE_HOSTS)
def test_the_emulators_host_is_that_of_the_card(provider: str) -> None:
    at = COMPATIBLE_HOSTS[provider]
    model = init_scout_model(f"{provider}/m", api_key="k", **PARTS.get(provider, {}))
    assert model.client.base_url == f"https://{at.host}{at.base}"  # type: ignore[attr-defined]  # ours


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("perplexity/sonar", "/v1/responses"),
        ("openai/gpt-6-sol", "/v1/responses"),
        ("sonar-pro", "/chat/completions"),
    ],
)
def test_perplexity_sends_its_agent_models_over_the_responses_api(model: str, path: str) -> None:
    emulator = Emulator()
    with emulator.serve():
        address = emulator.url("perplexity")
        init_scout_model(f"perplexity/{model}", api_key="k", base_url=address).invoke("hi")
    assert emulator.log[0].path.endswith(path)


def test_numbered_keys_of_a_new_provider_rotate(monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = Emulator()
    with emulator.serve():
        monkeypatch.setenv("NVIDIA_BASE_URL", emulator.url("nvidia"))
        monkeypatch.setenv("NVIDIA_API_KEY_1", "nvapi-one")
        monkeypatch.setenv("NVIDIA_API_KEY_2", "nvapi-two")
        model = init_scout_model("nvidia_nim/openai/gpt-oss-120b")
        for _ in range(4):
            model.invoke("hi")
    assert sorted({exchange.key for exchange in emulator.log}) == ["nvapi-one", "nvapi-two"]


def test_a_class_made_of_a_card_is_pickled_by_its_name() -> None:
    model = init_scout_model("nvidia/openai/gpt-oss-120b")
    again = pickle.loads(pickle.dumps(model))  # our own
    assert type(again) is type(model)
    assert (again.provider, again.model) == ("nvidia", "openai/gpt-oss-120b")


@pytest.mark.parametrize("provider", COMPATIBLE_HOSTS)
def test_a_card_names_the_source_of_each_fact_and_what_is_not_established(provider: str) -> None:
    text = import_module(f"scout_adapters.llm.providers.{provider}").__doc__ or ""
    assert registry.spec(provider).docs in text
    assert "Sources: " in text
    assert "Not established: " in text or "headers of rate limits" in text or "limits, the" in text


def played(provider: str) -> tuple[Emulator, BaseChatModel]:
    """Return the emulator, and the card's default model that talks to it at its own host."""
    emulator = Emulator()
    spec = registry.spec(provider)
    return emulator, init_scout_model(
        f"{provider}/{spec.default_model}",
        api_key="k",
        max_retries=0,
        transport=emulator.transport(),
        **PARTS.get(provider, {}),
    )


def test_scaleway_calls_tools_of_gpt_oss_over_the_responses_api() -> None:
    emulator, model = played("scaleway")
    model.invoke("hi")
    assert model.bind_tools([WEATHER]).invoke("Weather in Paris? Use the tool.").tool_calls  # type: ignore[attr-defined]  # an AIMessage
    paths = [exchange.path for exchange in emulator.log]
    assert [path.rpartition("/v1/")[2] for path in paths] == ["chat/completions", "responses"]


def test_cloudflare_gets_a_text_beside_a_tool_call_and_never_null() -> None:
    emulator, model = played("cloudflare")
    call = {"name": "weather", "args": {"city": "Paris"}, "id": "call_1"}
    result = ToolMessage("Sunny.", tool_call_id="call_1")
    model.bind_tools([WEATHER]).invoke(
        [HumanMessage("hi"), AIMessage("", tool_calls=[call]), result]
    )
    assert [message["content"] for message in emulator.log[0].body["messages"]] == [
        "hi",
        "",
        "Sunny.",
    ]


def test_novita_is_called_at_its_documented_address() -> None:
    emulator, model = played("novita")
    model.invoke("hi")
    assert emulator.log[0].path == "/openai/v1/chat/completions"

"""Providers that copy Chat Completions: each card against the emulator at its own host.

`SCOUT_RECORD=emulator` records the cassettes again, `SCOUT_RECORD=live` those of the real APIs.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from scout_adapters import init_scout_model, registry
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

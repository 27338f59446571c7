"""LiteLLM's proxy server with our handler: answers, streams, tools, counts, cost, fallbacks.

`make litellm-proxy` runs these tests: importing the server takes more than ten seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import Emulator, RateLimited, Revoked

pytestmark = [
    pytest.mark.skipif("SCOUT_LITELLM_PROXY" not in os.environ, reason="make litellm-proxy"),
    pytest.mark.filterwarnings("ignore"),  # of LiteLLM and what it imports
]

HANDLER = """
from scout_adapters.litellm import ScoutLiteLLM

handler = ScoutLiteLLM(max_retries=0)
"""
CONFIG = """
model_list:
  - model_name: main
    litellm_params: {{model: scout/groq/mine, api_key: k-groq, api_base: "{groq}"}}
  - model_name: backup
    litellm_params: {{model: scout/openai/gpt-4.1-mini, api_key: k-openai, api_base: "{openai}"}}
litellm_settings:
  custom_provider_map: [{{provider: scout, custom_handler: scout_handler.handler}}]
  fallbacks: [{{main: [backup]}}]
  num_retries: 0
"""
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Return the weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
EMULATOR = Emulator()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Serve LiteLLM's own application with a configuration that names our handler."""
    from fastapi.testclient import TestClient
    from litellm.proxy.proxy_server import app, initialize

    folder = tmp_path_factory.mktemp("proxy")
    (folder / "scout_handler.py").write_text(HANDLER)
    with EMULATOR.serve():
        addresses = {name: EMULATOR.url(name) for name in ("groq", "openai")}
        (folder / "config.yaml").write_text(CONFIG.format(**addresses))
        asyncio.run(initialize(config=str(folder / "config.yaml")))
        yield TestClient(app)


@pytest.fixture(autouse=True)
def _healthy() -> None:
    PRICING["groq"] = {"mine": {"input": 1.0, "output": 2.0}}
    EMULATOR.down = {}
    EMULATOR.clear()


def asked(client: Any, model: str, text: str = "Hello", **options: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    body = {"model": model, "messages": messages, **options}
    return client.post("/v1/chat/completions", json=body)


def test_an_answer_has_our_counts_and_cost(client: Any) -> None:
    response = asked(client, "main")
    exchange = EMULATOR.log[-1]
    assert response.status_code == 200
    assert "Hello" in response.json()["choices"][0]["message"]["content"]
    usage = response.json()["usage"]
    assert usage["prompt_tokens"] == exchange.spent.input
    assert usage["completion_tokens"] == exchange.output_tokens
    cost = exchange.spent.input * 1e-3 + exchange.output_tokens * 2e-3
    assert float(response.headers["x-litellm-response-cost"]) == pytest.approx(cost)
    assert (exchange.provider, exchange.key) == ("groq", "k-groq")


def test_a_stream_has_the_text_and_the_counts(client: Any) -> None:
    whole = asked(client, "main").json()["choices"][0]["message"]["content"]
    response = asked(client, "main", stream=True, stream_options={"include_usage": True})
    lines = [line for line in response.text.splitlines() if line.startswith("data: {")]
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    assert "".join(delta.get("content") or "" for delta in deltas) == whole
    usage = next(chunk["usage"] for chunk in chunks if chunk.get("usage"))
    assert usage["completion_tokens"] == EMULATOR.log[-1].output_tokens


def test_tools_go_there_and_back(client: Any) -> None:
    question = "What is the weather in Paris?"
    message = asked(client, "main", question, tools=[TOOL]).json()["choices"][0]["message"]
    (call,) = message["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"city": "Paris"}
    messages = [
        {"role": "user", "content": question},
        message,
        {"role": "tool", "tool_call_id": call["id"], "content": "21 °C"},
    ]
    response = asked(client, "main", messages=messages, tools=[TOOL])
    assert "21 °C" in response.json()["choices"][0]["message"]["content"]


def test_a_fallback_of_the_proxy_takes_over(client: Any) -> None:
    EMULATOR.down = {"groq": RateLimited(60)}
    response = asked(client, "main")
    assert response.status_code == 200
    assert response.headers["x-litellm-attempted-fallbacks"] == "1"
    assert [exchange.provider for exchange in EMULATOR.log] == ["groq", "openai"]


def test_a_refused_key_is_a_401_without_the_key(client: Any) -> None:
    EMULATOR.down = {"openai": Revoked()}
    response = asked(client, "backup")
    assert response.status_code == 401
    assert "k-openai" not in response.text

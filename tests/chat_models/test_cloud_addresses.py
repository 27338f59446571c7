"""The addresses of the clouds, the variables that fill them, and the names that lead there."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from scout_adapters import (
    ScoutAzureAnthropicChatModel,
    ScoutAzureOpenAIChatModel,
    ScoutBedrockChatModel,
    ScoutVertexChatModel,
    init_scout_model,
)
from scout_adapters.errors import ConfigurationError, NoKeyError
from scout_adapters.testing import Emulator

CLAUDE = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
OSS = "openai.gpt-oss-120b-1:0"
GEMINI = "gemini-3.5-flash"


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest.mark.parametrize(
    ("make", "options", "url"),
    [
        (
            ScoutAzureOpenAIChatModel,
            {"model": "gpt", "resource": "r", "api_key": "k"},
            "https://r.openai.azure.com/openai/v1/chat/completions",
        ),
        (
            ScoutAzureOpenAIChatModel,
            {"model": "gpt", "base_url": "https://r.services.ai.azure.com", "api_key": "k"},
            "https://r.services.ai.azure.com/openai/v1/chat/completions",
        ),
        (
            ScoutAzureOpenAIChatModel,
            {"model": "gpt", "resource": "r", "api_version": "2024-10-21", "api_key": "k"},
            (
                "https://r.openai.azure.com/openai/deployments/gpt/chat/completions"
                "?api-version=2024-10-21"
            ),
        ),
        (
            ScoutAzureAnthropicChatModel,
            {"model": "claude-haiku-4-5", "resource": "r", "api_key": "k"},
            "https://r.services.ai.azure.com/anthropic/v1/messages",
        ),
        (
            ScoutBedrockChatModel,
            {"model": CLAUDE, "region": "eu-west-1", "api_key": "k"},
            "https://bedrock-runtime.eu-west-1.amazonaws.com/anthropic/v1/messages",
        ),
        (
            ScoutBedrockChatModel,
            {"model": OSS, "region": "eu-west-1", "api_key": "k"},
            "https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1/chat/completions",
        ),
        (
            ScoutBedrockChatModel,
            {
                "model": "anthropic.claude-opus-5",
                "base_url": "https://bedrock-mantle.eu-west-1.api.aws/anthropic",
                "api_key": "k",
            },
            "https://bedrock-mantle.eu-west-1.api.aws/anthropic/v1/messages",
        ),
        (
            ScoutVertexChatModel,
            {"model": GEMINI, "project": "p", "api_key": "ya29.t"},
            (
                "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google"
                f"/models/{GEMINI}:generateContent"
            ),
        ),
        (
            ScoutVertexChatModel,
            {"model": GEMINI, "project": "p", "location": "eu", "api_key": "ya29.t"},
            (
                "https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/publishers/google"
                f"/models/{GEMINI}:generateContent"
            ),
        ),
        (
            ScoutVertexChatModel,
            {
                "model": "claude-haiku-4-5@20251001",
                "project": "p",
                "location": "us-east5",
                "api_key": "ya29.t",
            },
            (
                "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers"
                "/anthropic/models/claude-haiku-4-5@20251001:rawPredict"
            ),
        ),
        (
            ScoutVertexChatModel,
            {
                "model": GEMINI,
                "base_url": "https://aiplatform.googleapis.com/v1",
                "api_key": "AIzaExpress",
            },
            (
                f"https://aiplatform.googleapis.com/v1/publishers/google/models/{GEMINI}"
                ":generateContent"
            ),
        ),
    ],
)
def test_calls_go_to_the_cloud_s_address_and_are_priced(
    make: Any, options: dict[str, Any], url: str, emulator: Emulator
) -> None:
    urls: list[str] = []
    transport = emulator.transport()

    def answer(request: httpx.Request) -> httpx.Response:
        urls.append(str(request.url))
        return transport.answer(request)

    named = {} if options["model"] != "gpt" else {"base_model": "gpt-4.1-mini"}
    model = make(**options, **named, transport=httpx.MockTransport(answer))
    message = model.invoke("Hello")
    assert urls == [url]
    assert message.text
    assert message.response_metadata["scout"]["cost_usd"] > 0
    assert "".join(chunk.text for chunk in model.stream("Hello"))


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("azure/gpt", "AZURE_OPENAI_RESOURCE"),
        ("azure-anthropic/claude-haiku-4-5", "ANTHROPIC_FOUNDRY_RESOURCE"),
        (f"bedrock/{CLAUDE}", "AWS_REGION"),
        (f"vertex/{GEMINI}", "GOOGLE_CLOUD_PROJECT"),
    ],
)
def test_a_missing_part_of_an_address_is_named_with_its_variable(name: str, variable: str) -> None:
    with pytest.raises((ConfigurationError, NoKeyError), match=variable):
        init_scout_model(name, api_key="k").invoke("Hello")


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("azure_openai:gpt", "azure"),
        ("azure_ai/gpt", "azure"),
        ("bedrock_converse:x.y", "bedrock"),
        ("vertex_ai/gemini-3.5-flash", "vertex"),
        ("google_vertexai:gemini-3.5-flash", "vertex"),
        ("global.anthropic.claude-haiku-4-5", "bedrock"),
    ],
)
def test_names_of_litellm_and_langchain_are_understood(name: str, provider: str) -> None:
    assert init_scout_model(name, api_key="k").provider == provider

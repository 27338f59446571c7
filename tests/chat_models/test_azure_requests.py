"""Requests of ScoutAzureOpenAIChatModel are those of AzureChatOpenAI for the same arguments."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import AzureChatOpenAI

from scout_adapters import ScoutAzureOpenAIChatModel
from scout_adapters.testing import Emulator

ENDPOINT = "https://r.openai.azure.com/"
SENT_BY_SDKS = ("api-key", "authorization")
CALL = {"name": "weather", "args": {"city": "Paris"}, "id": "call_1"}
CONVERSATIONS: dict[str, list[BaseMessage]] = {
    "text": [HumanMessage("Hello")],
    "system": [SystemMessage("Be brief."), HumanMessage("Hello")],
    "tools": [
        HumanMessage("Weather?"),
        AIMessage("", tool_calls=[CALL]),
        ToolMessage("Sunny", tool_call_id="call_1"),
    ],
}
OPTIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "sampling": {"temperature": 0.3, "top_p": 0.9, "stop": ["END"], "seed": 7},
    "limit": {"max_tokens": 50},
}
ACCESS: dict[str, dict[str, Any]] = {
    "key": {"api_key": "k"},
    "token": {"azure_ad_token": "entra-token"},
    "provider": {"azure_ad_token_provider": lambda: "entra-token"},
}


@tool
def weather(city: str) -> str:
    """Return the weather of a city."""
    return city


class Recorder:
    """An emulator's transport that keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = Emulator().transport()
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answers.answer(request)

    @property
    def sent(self) -> tuple[str, Any, dict[str, str]]:
        (request,) = self.requests
        headers = {name: request.headers[name] for name in SENT_BY_SDKS if name in request.headers}
        body = json.loads(request.content)
        assert body.pop("model") in {None, "my-gpt"}  # the path names the deployment
        if body.get("stream") is False:  # the API's own default
            del body["stream"]
        return str(request.url), body, headers


def sent_by(make: Any, conversation: list[BaseMessage], *, stream: bool, tools: bool) -> Any:
    recorder = Recorder()
    model = make(recorder)
    bound = model.bind_tools([weather]) if tools else model
    list(bound.stream(conversation)) if stream else bound.invoke(conversation)
    return recorder.sent


def partner(arguments: dict[str, Any]) -> Any:
    # `stream_usage` is the default there, unless an http_client is passed.
    fixed = {"max_retries": 0, "stream_usage": True}
    return lambda recorder: AzureChatOpenAI(
        http_client=httpx.Client(transport=recorder.transport), **fixed, **arguments
    )


def ours(arguments: dict[str, Any]) -> Any:
    return lambda recorder: ScoutAzureOpenAIChatModel(transport=recorder.transport, **arguments)


@pytest.mark.parametrize("stream", [False, True], ids=["invoke", "stream"])
@pytest.mark.parametrize("access", ACCESS)
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_requests_are_those_of_the_partner_package(
    conversation: str, options: str, access: str, stream: bool
) -> None:
    arguments = {
        "azure_endpoint": ENDPOINT,
        "azure_deployment": "my-gpt",
        "api_version": "2024-10-21",
        **OPTIONS[options],
        **ACCESS[access],
    }
    messages, tools = CONVERSATIONS[conversation], conversation == "tools"
    expected = sent_by(partner(arguments), messages, stream=stream, tools=tools)
    actual = sent_by(ours(arguments), messages, stream=stream, tools=tools)
    assert actual == expected


@pytest.mark.parametrize("stream", [False, True], ids=["invoke", "stream"])
def test_the_responses_api_has_the_same_address_as_in_the_partner_package(stream: bool) -> None:
    arguments = {
        "azure_endpoint": ENDPOINT,
        "azure_deployment": "my-gpt",
        "api_version": "2025-04-01-preview",
        "use_responses_api": True,
        "api_key": "k",
    }
    expected = sent_by(partner(arguments), [HumanMessage("Hello")], stream=stream, tools=False)
    actual = sent_by(ours(arguments), [HumanMessage("Hello")], stream=stream, tools=False)
    assert (actual[0], actual[2]) == (expected[0], expected[2])


def test_variables_of_the_partner_package_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", ENDPOINT)
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "from-the-environment")
    arguments = {"azure_deployment": "my-gpt"}
    expected = sent_by(partner(arguments), [HumanMessage("Hello")], stream=False, tools=False)
    actual = sent_by(ours(arguments), [HumanMessage("Hello")], stream=False, tools=False)
    assert actual == expected


def test_litellm_s_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_API_BASE", ENDPOINT)
    monkeypatch.setenv("AZURE_API_VERSION", "2024-10-21")
    monkeypatch.setenv("AZURE_API_KEY", "of-litellm")
    arguments = {"model": "my-gpt"}
    url, _, headers = sent_by(ours(arguments), [HumanMessage("Hello")], stream=False, tools=False)
    assert url == f"{ENDPOINT}openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"
    assert headers == {"api-key": "of-litellm"}

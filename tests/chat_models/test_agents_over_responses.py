"""Agents on models whose tools only the Responses API takes: at OpenAI, and at poorer gateways."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage
from pydantic import BaseModel

from scout_adapters import ScoutOpenAIChatModel, ScoutRouterChatModel
from scout_adapters.llm.adapters.request_fixes import forget_fixes
from scout_adapters.testing import Emulator
from tests.support.weather import get_weather

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"


class Weather(BaseModel):
    """The weather somewhere."""

    city: str
    degrees: int


class Gateway(httpx.BaseTransport):
    """The emulator behind a proxy that serves one path only."""

    def __init__(self, emulator: Emulator, path: str) -> None:
        self._behind = emulator.transport()
        self._path = path

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != self._path:
            return httpx.Response(404, json={"detail": "Not Found"})
        return self._behind.handle_request(request)


@pytest.fixture(autouse=True)
def _nothing_learnt() -> Any:
    forget_fixes()
    yield
    forget_fixes()


def ask(model: Any, **options: Any) -> dict[str, Any]:
    agent = create_agent(model, [get_weather], **options)
    question = "What is the weather in Paris? Please call get_weather."
    answer: dict[str, Any] = agent.invoke({"messages": [("user", question)]})
    return answer


@pytest.mark.parametrize("effort", [None, "low"])
@pytest.mark.parametrize("model", ["gpt-5.6-terra", "gpt-6-luna", "gpt-6.1-sol"])
def test_an_agent_works_over_responses(model: str, effort: str | None) -> None:
    emulator = Emulator()
    chat = ScoutOpenAIChatModel(
        model=model, api_key="k", transport=emulator.transport(), reasoning_effort=effort
    )
    for options in ({}, {"response_format": Weather}):
        answer = ask(chat, **options)
        assert [message.type for message in answer["messages"]] == ["human", "ai", "tool", "ai"]
    assert answer["structured_response"].city == "Paris"
    assert [exchange.path for exchange in emulator.log] == [RESPONSES] * 4
    first, second = [exchange.body["input"] for exchange in emulator.log][:2]
    assert "reasoning" in {item["type"] for item in second} - {item["type"] for item in first}


@pytest.mark.parametrize(
    ("path", "model"),
    [(CHAT, "gpt-4.1-mini"), (RESPONSES, "gpt-4.1-mini"), (RESPONSES, "gpt-6-luna")],
)
def test_an_agent_works_behind_a_gateway_with_one_api(path: str, model: str) -> None:
    emulator = Emulator()
    chat = ScoutOpenAIChatModel(model=model, api_key="k", transport=Gateway(emulator, path))
    answer = ask(chat)
    assert answer["messages"][-1].text
    assert {exchange.path for exchange in emulator.log} == {path}


def test_a_router_goes_on_where_a_gateway_has_no_api_for_the_tools_of_a_model() -> None:
    emulator = Emulator()
    gateway = Gateway(emulator, CHAT)
    entries = [
        {"model": "openai/gpt-6-luna", "api_key": "k", "transport": gateway},
        {"model": "groq/openai/gpt-oss-120b", "api_key": "k", "transport": emulator.transport()},
    ]
    answer = ask(ScoutRouterChatModel(models=entries))
    answers = [message for message in answer["messages"] if isinstance(message, AIMessage)]
    assert {each.response_metadata["scout"]["provider"] for each in answers} == {"groq"}

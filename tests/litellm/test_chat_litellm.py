"""Models of langchain-litellm as routers: the same deployments, keys and options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import litellm
import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_litellm import ChatLiteLLM, ChatLiteLLMRouter

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError
from scout_adapters.testing import Emulator, Overloaded

pytestmark = pytest.mark.filterwarnings("ignore")  # of LiteLLM and langchain-litellm


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator()
    with emulator.serve():
        yield emulator


def deployment(emulator: Emulator, group: str, provider: str, model: str) -> dict[str, Any]:
    params = {
        "model": f"{provider}/{model}",
        "api_key": f"k-{provider}",
        "api_base": emulator.url(provider),
    }
    return {"model_name": group, "litellm_params": params}


def test_a_router_has_the_same_groups_and_fallbacks(emulator: Emulator) -> None:
    router = litellm.Router(
        model_list=[
            deployment(emulator, "main", "groq", "a"),
            deployment(emulator, "backup", "openai", "b"),
        ],
        fallbacks=[{"main": ["backup"]}],
        num_retries=0,
    )
    model = ScoutRouterChatModel.from_chat_litellm(
        ChatLiteLLMRouter(router=router, temperature=0.5)
    )
    emulator.down = {"groq": Overloaded()}
    model.invoke("Hello")
    assert [exchange.body["model"] for exchange in emulator.log] == ["a", "b"]
    assert [exchange.key for exchange in emulator.log] == ["k-groq", "k-openai"]
    assert emulator.log[0].body["temperature"] == 0.5
    assert model.max_retries == 0
    model.invoke("Hello", model="backup")
    assert emulator.log[-1].body["model"] == "b"


def test_settings_of_a_live_router_without_an_equal_are_logged(
    caplog: pytest.LogCaptureFixture, emulator: Emulator
) -> None:
    deployments: Any = [deployment(emulator, "main", "groq", "a")]
    router = litellm.Router(model_list=deployments, retry_after=4, allowed_fails=10)
    ScoutRouterChatModel.from_chat_litellm(ChatLiteLLMRouter(router=router))
    assert "router_settings.retry_after: would have been" in caplog.text
    assert "router_settings.allowed_fails: would have rested" in caplog.text
    caplog.clear()
    usual = ChatLiteLLMRouter(router=litellm.Router(model_list=deployments))
    ScoutRouterChatModel.from_chat_litellm(usual)
    assert "LiteLLM's configuration" not in caplog.text


def test_a_router_of_litellm_itself_is_taken(emulator: Emulator) -> None:
    deployments: Any = [
        deployment(emulator, "main", "groq", "a"),
        deployment(emulator, "backup", "openai", "b"),
    ]
    router = litellm.Router(model_list=deployments, num_retries=0)
    model = ScoutRouterChatModel.from_chat_litellm(router, transport=emulator.transport())
    model.invoke("Hello")
    model.invoke("Hello", model="backup")
    assert [exchange.body["model"] for exchange in emulator.log] == ["a", "b"]


def test_a_model_keeps_its_options(emulator: Emulator) -> None:
    chat = ChatLiteLLM(
        model="groq/a",
        api_key="k-1",
        api_base=emulator.url("groq"),
        temperature=0.25,
        max_tokens=9,
        extra_headers={"X-Team": "a"},
        model_kwargs={"seed": 5},
    )
    model = ScoutRouterChatModel.from_chat_litellm(chat)
    model.invoke("Hello")
    (exchange,) = emulator.log
    assert exchange.key == "k-1"
    assert exchange.headers["x-team"] == "a"
    sent = {name: exchange.body.get(name) for name in ("temperature", "seed")}
    assert sent == {"temperature": 0.25, "seed": 5}
    assert exchange.output_tokens <= 9


def test_another_model_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not a FakeListChatModel"):
        ScoutRouterChatModel.from_chat_litellm(FakeListChatModel(responses=["a"]))

"""LangChain's standard suite, on routers made of langchain-litellm's models."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar

import langchain_tests.integration_tests.chat_models as suite
import litellm
import pytest
from langchain_litellm import ChatLiteLLM, ChatLiteLLMRouter
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator
from tests.system.langchain_suite.standard import download

pytestmark = pytest.mark.filterwarnings("ignore")  # of LiteLLM and langchain-litellm

OF_LITELLM = ("temperature", "max_tokens", "max_retries")
"""Options of the suite that the models of langchain-litellm have."""

EMULATOR = Emulator()


@pytest.fixture(scope="module", autouse=True)
def _serving() -> Iterator[None]:
    with EMULATOR.serve():
        yield
        shared_router.cache_clear()


@pytest.fixture(autouse=True)
def _no_clients_left() -> None:
    """Replace the fixture that frees clients of LiteLLM: none of these tests makes one."""


@pytest.fixture
def vcr() -> None:
    """Stand in for a cassette, which the suite asks for: the emulator answers."""


@pytest.fixture(autouse=True)
def _no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "httpx", type("Stub", (), {"get": staticmethod(download)}))


def chat_litellm(**options: Any) -> ChatLiteLLM:
    return ChatLiteLLM(
        model="anthropic/claude-haiku-4-5",
        api_key="k-1",
        api_base=EMULATOR.url("anthropic"),
        **options,
    )


def chat_litellm_router(**options: Any) -> ChatLiteLLMRouter:
    return ChatLiteLLMRouter(router=shared_router(), **options)


@cache
def shared_router() -> litellm.Router:
    names = ("anthropic/claude-haiku-4-5", "openai/gpt-4.1-mini", "gemini/gemini-2.5-flash")
    places = ("anthropic", "openai", "google")
    deployments = [
        {
            "model_name": f"group-{place}",
            "litellm_params": {"model": name, "api_key": "k-1", "api_base": EMULATOR.url(place)},
        }
        for name, place in zip(names, places, strict=True)
    ]
    fallbacks = [{"group-anthropic": ["group-openai"]}, {"group-openai": ["group-google"]}]
    return litellm.Router(model_list=deployments, fallbacks=fallbacks)


class Migrated:
    """Makes routers of models of langchain-litellm, in the place of a class."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, **options: Any) -> ScoutRouterChatModel:
        theirs = {name: value for name, value in options.items() if name in OF_LITELLM}
        ours = {name: value for name, value in options.items() if name not in OF_LITELLM}
        return ScoutRouterChatModel.from_chat_litellm(self._make(**theirs), **ours)

    def __getattr__(self, name: str) -> Any:
        return getattr(ScoutRouterChatModel, name)


class Suite:
    make: ClassVar[Any]

    @property
    def chat_model_class(self) -> Any:
        return Migrated(self.make)

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {}


class Abilities(Suite):
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_image_tool_message = True
    supports_pdf_tool_message = True
    supports_anthropic_inputs = True

    @property
    def model_override_value(self) -> str:
        return "claude-sonnet-4-5"


class TestUnitOfChatLiteLLM(Suite, ChatModelUnitTests):
    make = staticmethod(chat_litellm)


class TestUnitOfChatLiteLLMRouter(Suite, ChatModelUnitTests):
    make = staticmethod(chat_litellm_router)


class TestIntegrationOfChatLiteLLM(Abilities, ChatModelIntegrationTests):
    make = staticmethod(chat_litellm)


class TestIntegrationOfChatLiteLLMRouter(Abilities, ChatModelIntegrationTests):
    make = staticmethod(chat_litellm_router)

    @property
    def model_override_value(self) -> str:
        return "gpt-4.1-mini"  # of a fallback: a bare name that no route has is refused

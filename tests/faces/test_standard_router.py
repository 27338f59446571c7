"""LangChain's standard suite, on a route over three providers in three protocols."""

from typing import Any

import pytest
from langchain_core.tools import tool
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests
from pydantic import BaseModel
from standard import Integration, Unit

from scout_adapters import ScoutAnthropicChatModel, ScoutGroqChatModel, ScoutRouterChatModel

ROUTE = ("groq/openai/gpt-oss-20b", "anthropic/claude-haiku-4-5", "google/gemini-2.5-flash")


class Router:
    face = ScoutRouterChatModel
    model_name = ROUTE[0]
    other_model = "gemini-2.5-flash"

    @property
    def chat_model_params(self) -> dict[str, Any]:
        first = self.able.get(self.asked, self.asked)
        route = [first, *(model for model in ROUTE if model != first)]
        return {"models": [{"model": model, **self.network} for model in route]}


class TestUnit(Router, Unit, ChatModelUnitTests):
    @property
    def standard_chat_model_params(self) -> dict[str, Any]:
        # Keys belong to the entries of a route: one key for three providers would be a mistake.
        params = super().standard_chat_model_params
        return {name: value for name, value in params.items() if name != "api_key"}

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return {"GROQ_API_KEY": "one"}, {"models": [ROUTE[0]]}, {"candidates": [ROUTE[0]]}


class TestIntegration(Router, Integration, ChatModelIntegrationTests):
    details = ("reasoning_output",)

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return True

    @property
    def supports_audio_inputs(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_pdf_tool_message(self) -> bool:
        return True

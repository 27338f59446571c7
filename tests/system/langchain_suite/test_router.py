"""LangChain's standard suite, on a route over three providers in three protocols."""

from typing import Any

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutRouterChatModel
from tests.system.langchain_suite.standard import Integration, Unit

ROUTE = ("groq/openai/gpt-oss-20b", "anthropic/claude-haiku-4-5", "google/gemini-2.5-flash")


class Router:
    model_class = ScoutRouterChatModel
    model_name = ROUTE[0]
    other_model = "gemini-2.5-flash"

    @property
    def chat_model_params(self) -> dict[str, Any]:
        route = [self.asked, *(model for model in ROUTE if model != self.asked)]
        return {"models": [{"model": model, **self.network} for model in route]}


class TestUnit(Router, Unit, ChatModelUnitTests):
    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return {"GROQ_API_KEY": "one"}, {"models": [ROUTE[0]]}, {"candidates": [ROUTE[0]]}


class TestIntegration(Router, Integration, ChatModelIntegrationTests):
    details = ("reasoning_output",)
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_audio_inputs = True
    supports_image_tool_message = True
    supports_pdf_tool_message = True

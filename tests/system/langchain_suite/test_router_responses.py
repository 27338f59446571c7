"""LangChain's standard suite, on a route over two providers of the Responses API."""

from typing import Any, ClassVar

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutRouterChatModel
from tests.system.langchain_suite.standard import Integration, Unit

ROUTE = ("openai/gpt-5.4-mini", "xai/grok-4.3")


class ResponsesRouter:
    model_class = ScoutRouterChatModel
    model_name = ROUTE[0]
    other_model = "grok-4.3"
    able: ClassVar[dict[str, str]] = {}

    @property
    def chat_model_params(self) -> dict[str, Any]:
        route = [self.asked, *(model for model in ROUTE if model != self.asked)]
        entries = [{"model": model, "use_responses_api": True} for model in route]
        return {"models": [{**entry, **self.network} for entry in entries]}


class TestUnit(ResponsesRouter, Unit, ChatModelUnitTests):
    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return {"OPENAI_API_KEY": "one"}, {"models": [ROUTE[0]]}, {"candidates": [ROUTE[0]]}


class TestIntegration(ResponsesRouter, Integration, ChatModelIntegrationTests):
    details = ("reasoning_output", "cache_read_input")
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_image_tool_message = True
    supports_pdf_tool_message = True

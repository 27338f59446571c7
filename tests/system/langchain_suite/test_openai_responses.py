"""LangChain's standard suite, on ScoutOpenAIChatModel over the Responses API."""

from typing import Any, ClassVar

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutOpenAIChatModel
from tests.system.langchain_suite.standard import Integration, Unit


class Responses:
    model_class = ScoutOpenAIChatModel
    model_name = "gpt-5.4-mini"
    other_model = "gpt-6-luna"
    able: ClassVar[dict[str, str]] = {}

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return super().chat_model_params | {"use_responses_api": True}  # type: ignore[misc]  # a mixin


class TestUnit(Responses, Unit, ChatModelUnitTests):
    pass


class TestIntegration(Responses, Integration, ChatModelIntegrationTests):
    details = ("reasoning_output", "cache_read_input")
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_image_tool_message = True
    supports_pdf_tool_message = True

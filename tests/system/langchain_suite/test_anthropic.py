"""LangChain's standard suite, on ScoutAnthropicChatModel."""

from typing import ClassVar

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutAnthropicChatModel
from tests.system.langchain_suite.standard import Integration, Unit


class Anthropic:
    model_class = ScoutAnthropicChatModel
    model_name = "claude-haiku-4-5"
    other_model = "claude-sonnet-4-5"
    able: ClassVar = {"cache": "claude-sonnet-4-5"}


class TestUnit(Anthropic, Unit, ChatModelUnitTests):
    pass


class TestIntegration(Anthropic, Integration, ChatModelIntegrationTests):
    details = ("cache_read_input", "cache_creation_input", "reasoning_output")
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_image_tool_message = True
    supports_pdf_tool_message = True

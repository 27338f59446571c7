"""LangChain's standard suite, on ScoutBedrockChatModel with Claude."""

from typing import Any, ClassVar

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutBedrockChatModel
from tests.system.langchain_suite.standard import Integration, Unit


class Bedrock:
    model_class = ScoutBedrockChatModel
    model_name = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
    other_model = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
    able: ClassVar = {"cache": "global.anthropic.claude-sonnet-4-5-20250929-v1:0"}
    address: ClassVar[dict[str, Any]] = {"region": "us-east-1"}


class TestUnit(Bedrock, Unit, ChatModelUnitTests):
    pass


class TestIntegration(Bedrock, Integration, ChatModelIntegrationTests):
    details = ("cache_read_input", "cache_creation_input", "reasoning_output")
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_image_tool_message = True
    supports_pdf_tool_message = True

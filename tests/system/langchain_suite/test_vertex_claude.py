"""LangChain's standard suite, on ScoutVertexChatModel with Claude."""

from typing import Any, ClassVar

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutVertexChatModel
from tests.system.langchain_suite.standard import Integration, Unit


class VertexClaude:
    model_class = ScoutVertexChatModel
    model_name = "claude-haiku-4-5@20251001"
    other_model = "claude-sonnet-4-5@20250929"
    able: ClassVar = {"cache": "claude-sonnet-4-5@20250929"}
    address: ClassVar[dict[str, Any]] = {"project": "standard-suite", "location": "us-east5"}


class TestUnit(VertexClaude, Unit, ChatModelUnitTests):
    pass


class TestIntegration(VertexClaude, Integration, ChatModelIntegrationTests):
    details = ("cache_read_input", "cache_creation_input", "reasoning_output")
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_image_tool_message = True
    supports_pdf_tool_message = True

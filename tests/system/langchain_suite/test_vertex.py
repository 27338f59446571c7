"""LangChain's standard suite, on ScoutVertexChatModel with Gemini."""

from typing import Any, ClassVar

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutVertexChatModel
from tests.system.langchain_suite.standard import Integration, Unit


class Vertex:
    model_class = ScoutVertexChatModel
    model_name = "gemini-2.5-flash"
    other_model = "gemini-2.5-flash-lite"
    address: ClassVar[dict[str, Any]] = {"project": "standard-suite", "location": "us-central1"}


class TestUnit(Vertex, Unit, ChatModelUnitTests):
    pass


class TestIntegration(Vertex, Integration, ChatModelIntegrationTests):
    details = ("audio_input", "reasoning_output")
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_audio_inputs = True
    supports_video_inputs = True
    supports_image_tool_message = True
    supports_pdf_tool_message = True

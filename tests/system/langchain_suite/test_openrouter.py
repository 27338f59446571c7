"""LangChain's standard suite, on ScoutOpenRouterChatModel."""

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutOpenRouterChatModel
from tests.system.langchain_suite.standard import Integration, Unit


class OpenRouter:
    model_class = ScoutOpenRouterChatModel
    model_name = "google/gemini-2.5-flash"
    other_model = "openai/gpt-4.1-mini"


class TestUnit(OpenRouter, Unit, ChatModelUnitTests):
    pass


class TestIntegration(OpenRouter, Integration, ChatModelIntegrationTests):
    details = ("audio_input", "reasoning_output", "cache_read_input")
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_audio_inputs = True
    supports_video_inputs = True
    supports_image_tool_message = True

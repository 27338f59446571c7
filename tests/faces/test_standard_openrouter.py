"""LangChain's standard suite, on ScoutOpenRouterChatModel."""

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests
from standard import Integration, Unit

from scout_adapters import ScoutOpenRouterChatModel


class OpenRouter:
    face = ScoutOpenRouterChatModel
    model_name = "google/gemini-2.5-flash"
    other_model = "openai/gpt-4.1-mini"


class TestUnit(OpenRouter, Unit, ChatModelUnitTests):
    pass


class TestIntegration(OpenRouter, Integration, ChatModelIntegrationTests):
    details = ("audio_input", "reasoning_output", "cache_read_input")

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
    def supports_video_inputs(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

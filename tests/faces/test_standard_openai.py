"""LangChain's standard suite, on ScoutOpenAIChatModel."""

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests
from standard import Integration, Unit

from scout_adapters import ScoutOpenAIChatModel


class OpenAI:
    face = ScoutOpenAIChatModel
    model_name = "gpt-4.1-mini"
    other_model = "gpt-4.1-nano"
    able = {"test_audio_inputs": "gpt-audio-mini", "reasoning": "gpt-5-mini"}


class TestUnit(OpenAI, Unit, ChatModelUnitTests):
    pass


class TestIntegration(OpenAI, Integration, ChatModelIntegrationTests):
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

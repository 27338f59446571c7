"""LangChain's standard suite, on ScoutOpenAIChatModel."""

from typing import ClassVar

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutOpenAIChatModel
from tests.system.langchain_suite.standard import Integration, Unit


class OpenAI:
    model_class = ScoutOpenAIChatModel
    model_name = "gpt-4.1-mini"
    other_model = "gpt-4.1-nano"
    able: ClassVar = {"test_audio_inputs": "gpt-audio-mini", "reasoning": "gpt-5-mini"}


class TestUnit(OpenAI, Unit, ChatModelUnitTests):
    pass


class TestIntegration(OpenAI, Integration, ChatModelIntegrationTests):
    details = ("audio_input", "reasoning_output", "cache_read_input")
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_audio_inputs = True

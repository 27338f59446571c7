"""LangChain's standard suite, on ScoutAzureOpenAIChatModel."""

from typing import Any, ClassVar

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutAzureOpenAIChatModel
from tests.system.langchain_suite.standard import Integration, Unit


class Azure:
    model_class = ScoutAzureOpenAIChatModel
    model_name = "gpt-4.1-mini"
    other_model = "gpt-4.1-nano"
    able: ClassVar = {"test_audio_inputs": "gpt-audio-mini", "reasoning": "gpt-5-mini"}
    address: ClassVar[dict[str, Any]] = {"resource": "standard-suite"}


class TestUnit(Azure, Unit, ChatModelUnitTests):
    pass


class TestIntegration(Azure, Integration, ChatModelIntegrationTests):
    details = ("audio_input", "reasoning_output", "cache_read_input")
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_audio_inputs = True

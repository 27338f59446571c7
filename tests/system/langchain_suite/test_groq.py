"""LangChain's standard suite, on ScoutGroqChatModel."""

from typing import ClassVar

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutGroqChatModel
from tests.system.langchain_suite.standard import Integration, Unit


class Groq:
    model_class = ScoutGroqChatModel
    model_name = "openai/gpt-oss-20b"
    other_model = "openai/gpt-oss-120b"
    able: ClassVar = {
        "test_image_inputs": "qwen/qwen3.6-27b",
        "test_anthropic_inputs": "qwen/qwen3.6-27b",
    }


class TestUnit(Groq, Unit, ChatModelUnitTests):
    pass


class TestIntegration(Groq, Integration, ChatModelIntegrationTests):
    details = ("reasoning_output",)
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True

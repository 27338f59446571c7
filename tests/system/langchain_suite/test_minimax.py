"""LangChain's standard suite, on ScoutMiniMaxChatModel."""

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutMiniMaxChatModel
from tests.system.langchain_suite.standard import Integration, Unit


class MiniMax:
    model_class = ScoutMiniMaxChatModel
    model_name = "MiniMax-M3"
    other_model = "MiniMax-M2.7"


class TestUnit(MiniMax, Unit, ChatModelUnitTests):
    pass


class TestIntegration(MiniMax, Integration, ChatModelIntegrationTests):
    details = ("reasoning_output", "cache_read_input")
    supports_image_inputs = True
    supports_image_urls = True

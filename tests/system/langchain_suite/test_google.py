"""LangChain's standard suite, on ScoutGoogleChatModel."""

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from scout_adapters import ScoutGoogleChatModel
from tests.system.langchain_suite.standard import Integration, Unit


class Google:
    model_class = ScoutGoogleChatModel
    model_name = "gemini-2.5-flash"
    other_model = "gemini-2.5-flash-lite"


class TestUnit(Google, Unit, ChatModelUnitTests):
    pass


class TestIntegration(Google, Integration, ChatModelIntegrationTests):
    details = ("audio_input", "reasoning_output")
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_audio_inputs = True
    supports_video_inputs = True
    supports_image_tool_message = True
    supports_pdf_tool_message = True

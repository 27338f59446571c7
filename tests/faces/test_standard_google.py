"""LangChain's standard suite, on ScoutGoogleChatModel."""

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests
from standard import Integration, Unit

from scout_adapters import ScoutGoogleChatModel


class Google:
    face = ScoutGoogleChatModel
    model_name = "gemini-2.5-flash"
    other_model = "gemini-2.5-flash-lite"


class TestUnit(Google, Unit, ChatModelUnitTests):
    pass


class TestIntegration(Google, Integration, ChatModelIntegrationTests):
    details = ("audio_input", "reasoning_output")

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

    @property
    def supports_pdf_tool_message(self) -> bool:
        return True

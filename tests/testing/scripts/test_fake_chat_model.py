"""The chat model without HTTP: LangChain's own suites, and the answers of a script."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests
from pydantic import BaseModel
from typing_extensions import override

from scout_adapters.errors import RateLimited, StreamInterrupted
from scout_adapters.testing import AnswerScript, NotJson, ScoutFakeChatModel, UnexpectedRequest
from scout_adapters.testing import RateLimited as Limited


class TestFakeUnits(ChatModelUnitTests):
    @property
    @override
    def chat_model_class(self) -> type[BaseChatModel]:
        return ScoutFakeChatModel


class TestFakeCalls(ChatModelIntegrationTests):
    """The same suite that real models pass, answered by the emulator's rules."""

    @pytest.fixture
    def vcr(self) -> None:
        """Stand in for a fixture that one skipped test of the suite has."""

    @pytest.fixture
    def benchmark(self) -> None:
        """Stand in for another fixture of the same test."""

    @property
    @override
    def chat_model_class(self) -> type[BaseChatModel]:
        return ScoutFakeChatModel

    @property
    @override
    def supported_usage_metadata_details(self) -> Any:
        return {"invoke": [], "stream": []}


class Weather(BaseModel):
    """The weather of a place."""

    city: str


@tool
def get_weather(city: str) -> str:
    """Return the weather."""
    return city


@pytest.fixture
def script() -> AnswerScript:
    return AnswerScript()


def test_tools_are_called_and_their_results_answered(script: AnswerScript) -> None:
    script.on("groq", contains="weather").calls("get_weather", city="Paris").then_says("21 °C")
    model = ScoutFakeChatModel(script=script).bind_tools([get_weather])
    call = model.invoke("How is the weather?")
    (first,) = call.tool_calls
    assert (first["name"], first["args"]) == ("get_weather", {"city": "Paris"})
    messages = [HumanMessage("How is the weather?"), call]
    answer = model.invoke([*messages, ToolMessage("21", tool_call_id=first["id"])])
    assert answer.text == "21 °C"
    script.check()


def test_an_object_is_parsed(script: AnswerScript) -> None:
    script.on().parses(Weather(city="Paris"))
    model = ScoutFakeChatModel(script=script).with_structured_output(Weather)
    assert model.invoke("Where?") == Weather(city="Paris")


def test_a_stream_has_pieces_reasoning_and_usage(script: AnswerScript) -> None:
    rule = script.on().thinks("Hm, well.").streams(["Bl", "ue"])
    rule.costs(input_tokens=10, output_tokens=5, reasoning_tokens=2, cached_tokens=4)
    chunks = list(ScoutFakeChatModel(script=script).stream("Sky?"))
    assert [chunk.text for chunk in chunks if chunk.text] == ["Bl", "ue"]
    merged = sum(chunks[1:], chunks[0])
    assert isinstance(merged, AIMessageChunk)
    assert [block["type"] for block in merged.content_blocks] == ["reasoning", "text"]
    usage: Any = merged.usage_metadata
    assert (usage["input_tokens"], usage["output_tokens"]) == (10, 5)
    assert usage["input_token_details"] == {"cache_read": 4}


def test_faults_are_the_errors_that_they_cause(script: AnswerScript) -> None:
    script.on().fails(Limited(2)).then_says("one two").cuts_after(1).then_fails(NotJson())
    model = ScoutFakeChatModel(script=script, provider="groq")
    with pytest.raises(RateLimited) as limited:
        asyncio.run(model.ainvoke("Sky?"))
    assert limited.value.retry_after == 2
    texts = []
    with pytest.raises(StreamInterrupted):  # noqa: PT012  # what came before it counts
        for chunk in model.stream("Count"):
            texts.append(chunk.text)  # noqa: PERF401  # kept although the stream breaks
    assert texts == ["one "]
    with pytest.raises(ValueError, match="use an Emulator to play NotJson"):
        model.invoke("Sky?")


def test_a_request_without_a_rule_is_raised_at_once(script: AnswerScript) -> None:
    script.on(contains="weather").says("Fine")
    with pytest.raises(UnexpectedRequest, match="'weather' is not in 'What is the time\\?'"):
        ScoutFakeChatModel(script=script).invoke("What is the time?")


def test_without_a_script_the_emulator_answers() -> None:
    model = ScoutFakeChatModel()
    assert "emulator" in model.invoke("Hello").text
    assert [request.prompt for request in model.requests] == ["Hello"]

"""Answers that a provider stores: those that come later, and those that a next call refers to."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from scout_adapters import (
    ScoutGroqChatModel,
    ScoutOpenAIChatModel,
    ScoutRouterChatModel,
)
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.adapters.request_fixes import forget_fixes
from scout_adapters.testing import Emulator
from tests.support.verbs import STREAMS, VERBS, call_model
from tests.support.weather import get_weather


@pytest.fixture(autouse=True)
def _nothing_learnt() -> Any:
    forget_fixes()
    yield
    forget_fixes()


def openai(emulator: Emulator, **options: Any) -> ScoutOpenAIChatModel:
    options = {"model": "gpt-4.1-mini", "api_key": "k", **options}
    return ScoutOpenAIChatModel(transport=emulator.transport(), **options)


@pytest.mark.parametrize("verb", STREAMS)
async def test_a_stream_of_a_response_in_the_background_contains_the_answer(verb: str) -> None:
    emulator = Emulator()
    message = await call_model(openai(emulator, background=True), verb)
    assert message.text
    assert message.response_metadata["status"] == "completed"
    assert emulator.log[0].body["background"] is True


def texts(body: Any) -> list[str]:
    return [item["content"] for item in body["input"]]


def referring(emulator: Emulator, **options: Any) -> ScoutOpenAIChatModel:
    return openai(emulator, use_previous_response_id=True, **options)


@pytest.mark.parametrize("verb", VERBS)
async def test_a_next_turn_refers_to_the_last_answer_and_sends_what_follows_it(verb: str) -> None:
    emulator = Emulator()
    model = referring(emulator)
    history: list[Any] = [SystemMessage("be brief"), HumanMessage("one")]
    first = await call_model(model, verb, history)
    history += [first, HumanMessage("two")]
    second = await call_model(model, verb, history)
    third = await call_model(model, verb, [*history, second, HumanMessage("three")])
    assert third.text
    assert [texts(request.body) for request in emulator.log] == [
        ["be brief", "one"],
        ["two"],
        ["three"],
    ]
    ids = [request.body.get("previous_response_id") for request in emulator.log]
    assert ids == [None, *(answer.response_metadata["id"] for answer in (first, second))]
    for request in emulator.log:
        assert not {"store", "include", "use_previous_response_id"} & request.body.keys()


def test_a_result_of_a_tool_follows_the_answer_with_its_call() -> None:
    emulator = Emulator()
    model = referring(emulator).bind_tools([get_weather], tool_choice="any")
    answer = model.invoke("Weather in Paris?")
    call = answer.tool_calls[0]
    model.invoke([HumanMessage("Weather?"), answer, ToolMessage("mild", tool_call_id=call["id"])])
    output = {"type": "function_call_output", "call_id": call["id"], "output": "mild"}
    assert emulator.log[1].body["input"] == [output]


def test_a_result_of_a_custom_tool_keeps_the_kind_of_its_call() -> None:
    emulator = Emulator()
    call = {"type": "custom_tool_call", "name": "sql", "id": "ctc_1", "call_id": "call_1"}
    answer = AIMessage(
        [{**call, "input": "select 1"}],
        tool_calls=[{"name": "sql", "args": {"__arg1": "select 1"}, "id": "call_1"}],
        response_metadata={"id": "resp_e401", "model_provider": "openai"},
    )
    referring(emulator).invoke([HumanMessage("q"), answer, ToolMessage("1", tool_call_id="call_1")])
    kinds = [item["type"] for item in emulator.log[0].body["input"]]
    assert kinds == ["custom_tool_call_output"]


@pytest.mark.parametrize("verb", VERBS)
async def test_a_response_that_is_not_there_is_replaced_by_the_conversation_in_the_same_call(
    verb: str,
) -> None:
    emulator = Emulator()
    unstored = await call_model(openai(emulator, use_responses_api=True), verb, "one")
    assert emulator.log[0].body["store"] is False
    history = [HumanMessage("one"), unstored, HumanMessage("two")]
    model = referring(emulator)
    second = await call_model(model, verb, history)
    refused, whole = (request.body for request in emulator.log[1:])
    assert refused["previous_response_id"] == unstored.response_metadata["id"]
    assert texts(refused) == ["two"]
    assert texts(whole) == ["one", unstored.text, "two"]
    assert not {"previous_response_id", "store"} & whole.keys()
    assert not any("id" in item for item in whole["input"])
    assert "whole conversation sent" in second.response_metadata["scout"]["changes"][0]
    await call_model(model, verb, [*history, second, HumanMessage("three")])
    assert texts(emulator.log[-1].body) == ["three"]
    assert len(emulator.log) == 4


@pytest.mark.parametrize(
    ("metadata", "options"),
    [
        ({"id": "chatcmpl-1", "model_provider": "openai"}, {}),
        ({"id": "resp_e401", "model_provider": "xai"}, {}),
        (
            {"id": "resp_e401", "model_provider": "openai", "scout": {"provider": "openrouter"}},
            {},
        ),
        ({"id": "resp_e401", "model_provider": "openai"}, {"store": False}),
        ({"id": "resp_e401", "model_provider": "openai"}, {"use_responses_api": False}),
        ({"id": "resp_e401", "model_provider": "openai"}, {"use_previous_response_id": False}),
    ],
)
def test_an_answer_that_this_provider_has_not_stored_is_sent(metadata: Any, options: Any) -> None:
    emulator = Emulator()
    answer = AIMessage("so", response_metadata=metadata)
    model = openai(emulator, **{"use_previous_response_id": True, **options})
    model.invoke([HumanMessage("one"), answer, HumanMessage("two")])
    (request,) = emulator.log
    assert len(request.body.get("input") or request.body["messages"]) == 3
    assert not {"previous_response_id", "use_previous_response_id"} & request.body.keys()


def test_answers_of_others_since_then_are_sent_after_the_reference() -> None:
    emulator = Emulator()
    metadata = {"id": "resp_e401", "model_provider": "openai"}
    history = [HumanMessage("one"), AIMessage("so", response_metadata=metadata)]
    history += [HumanMessage("two"), AIMessage("from groq", response_metadata={"id": "chatcmpl-2"})]
    referring(emulator).invoke([*history, HumanMessage("three")])
    assert texts(emulator.log[0].body) == ["two", "from groq", "three"]


def test_another_candidate_receives_the_conversation_without_the_option() -> None:
    emulator = Emulator()
    with emulator.serve():
        keys = {"api_key": "k"}
        names = {"openai": "gpt-4.1-mini", "groq": "llama-3.3-70b-versatile"}
        models = [
            {"model": f"{name}/{model}", "base_url": emulator.url(name), **keys}
            for name, model in names.items()
        ]
        router = ScoutRouterChatModel(models=models[::-1], use_previous_response_id=True)
        metadata = {"id": "resp_e401", "model_provider": "openai"}
        answer = AIMessage("so", response_metadata=metadata)
        assert router.invoke([HumanMessage("one"), answer, HumanMessage("two")]).text
    (request,) = emulator.log
    assert len(request.body["messages"]) == 3
    assert "use_previous_response_id" not in request.body


def test_a_provider_without_stored_answers_refuses_the_option() -> None:
    with pytest.raises(ConfigurationError, match="only the Responses API stores answers"):
        ScoutGroqChatModel(use_previous_response_id=True)

"""Conversations with OpenAI's Responses API: begun there and gone on elsewhere, and the reverse."""

from __future__ import annotations

import functools
from itertools import cycle, islice
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator
from tests.system.conversations.api_rules import refused
from tests.system.conversations.histories import (
    FORMS,
    MEDIA,
    MODELS,
    QUESTION,
    SYSTEM,
    TAKES,
    TOOLS,
    Way,
    answers,
    ask,
    conversations,
    results,
    router,
    sent,
)
from tests.system.conversations.maker_data import leaks
from tests.system.conversations.sdks import complaints
from tests.system.conversations.strict_judge import Judge, judge

MODEL = "openai/gpt-6-luna"
Json = dict[str, Any]


@functools.cache
def _judge() -> Judge:
    from openai.types.responses.response_create_params import ResponseCreateParams

    return judge(ResponseCreateParams)


def over_responses(emulator: Emulator, **options: Any) -> Any:
    entry = {"model": MODEL, "api_key": "k", "transport": emulator.transport()}
    model = ScoutRouterChatModel(models=[entry], **options)
    return model.bind_tools(TOOLS)


@functools.cache
def responses_answers(way: Way, version: str) -> tuple[AIMessage, AIMessage]:
    model = over_responses(Emulator(), output_version=version, reasoning_effort="medium")
    begun = [SYSTEM, HumanMessage(QUESTION)]
    calls = ask(model, begun, way)
    return calls, ask(model, [*begun, calls, *results(calls)], way)


def sent_over_responses(messages: list[BaseMessage], **options: Any) -> Json:
    """Send a conversation on, and return the body that arrived; the emulator must accept it."""
    emulator = Emulator()
    over_responses(emulator, max_retries=0, **options).invoke(messages)
    (exchange,) = emulator.log
    assert (exchange.status, exchange.path) == (200, "/v1/responses")
    return exchange.body


@pytest.mark.parametrize("form", FORMS, ids="-".join)
@pytest.mark.parametrize("maker", MODELS)
def test_what_another_api_began_goes_on_over_responses(maker: str, form: Any) -> None:
    for name, messages in conversations(maker, "openai", *form):
        options = {} if name == "impatient" else {"reasoning_effort": "medium"}
        body = sent_over_responses(messages, **options)
        assert _judge()(body) == [], name
        assert maker == "openai" or leaks(messages, body) == [], name


@pytest.mark.parametrize("form", FORMS, ids="-".join)
@pytest.mark.parametrize("target", MODELS)
def test_what_responses_began_goes_on_over_another_api(target: str, form: Any) -> None:
    calls, answer = responses_answers(*form)
    takes = TAKES[target]
    question = HumanMessage(
        [{"type": "text", "text": QUESTION}, *(MEDIA[kind] for kind in sorted(takes))]
    )
    begun = [SYSTEM, question, calls, *results(calls, shown="image" in takes)]
    for messages in (begun, [*begun, answer, HumanMessage("And in London?")]):
        body = sent(target, messages, reasoning_effort="medium")
        assert complaints(target, body) == []
        assert refused(target, body) == []
        assert target == "openai" or leaks(messages, body) == []


@pytest.mark.parametrize("form", FORMS, ids="-".join)
def test_what_responses_began_goes_on_there_with_its_reasoning(form: Any) -> None:
    calls, answer = responses_answers(*form)
    messages = [SYSTEM, HumanMessage(QUESTION), calls, *results(calls), answer, HumanMessage("?")]
    body = sent_over_responses(messages)
    assert _judge()(body) == []
    kinds = [item["type"] for item in body["input"]]
    assert kinds.count("function_call") == kinds.count("function_call_output") == 2
    encrypted = [i["encrypted_content"] for i in body["input"] if i["type"] == "reasoning"]
    assert encrypted
    assert all(encrypted)


@pytest.mark.parametrize("way", ["whole", "streamed"])
def test_forty_turns_that_change_the_maker_each_time_are_all_taken(way: Way) -> None:
    emulator = Emulator()
    options = {"reasoning_effort": "medium", "max_retries": 0}
    models = [
        over_responses(emulator, **options),
        *(router(name, emulator, **options).bind_tools(TOOLS) for name in ("anthropic", "openai")),
        router("google", emulator, **options).bind_tools(TOOLS),
    ]
    messages: list[BaseMessage] = [SYSTEM]
    for turn, model in enumerate(islice(cycle(models), 40)):
        if turn % 2 == 0:
            messages.append(HumanMessage([{"type": "text", "text": QUESTION}, MEDIA["image"]]))
        answer = ask(model, messages, way)
        messages.append(answer)
        if answer.tool_calls:
            messages += results(answer, shown=True)
        else:
            assert answer.text
    assert {exchange.status for exchange in emulator.log} == {200}
    assert len(emulator.log) == 40


def test_answers_of_chat_completions_and_responses_mix_at_openai() -> None:
    chat = answers("openai", "whole", "v0")
    new = responses_answers("whole", "v0")
    messages: list[BaseMessage] = [SYSTEM]
    for calls, answer in (chat, new, chat):
        messages += [HumanMessage(QUESTION), calls, *results(calls), answer]
    messages.append(HumanMessage("Thanks."))
    assert _judge()(sent_over_responses(messages)) == []
    body = sent("openai", messages)
    assert complaints("openai", body) == []
    assert refused("openai", body) == []

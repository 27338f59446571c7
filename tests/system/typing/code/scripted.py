"""Limits, and tests with scripted answers, as users write them."""

from typing import assert_type

from langchain_core.messages import AIMessage

from scout_adapters import Limits, ScoutGroqChatModel
from scout_adapters.errors import LimitReached
from scout_adapters.testing import (
    AccountLimits,
    AnswerScript,
    Emulator,
    RateLimited,
    ScoutFakeChatModel,
    UnexpectedRequest,
    UnusedRule,
    block_live_calls,
    mutate,
)


def within_limits() -> str:
    emulator = Emulator(keys={"groq": {"k": AccountLimits(rpm=600)}})
    limits = Limits(rpm=30, tpm=6000, concurrency=4, per="account")
    model = ScoutGroqChatModel(api_key="k", limits=limits, transport=emulator.transport())
    try:
        return model.invoke("hello").text
    except LimitReached as error:
        return str(error)


def scripted() -> AIMessage | None:
    script = AnswerScript()
    script.on(contains="weather").calls("get_weather", city="Paris").then_says("21 °C")
    model = ScoutFakeChatModel(script=script)
    try:
        answer = model.invoke("How is the weather?")
    except (UnexpectedRequest, UnusedRule):
        return None
    assert_type(answer, AIMessage)
    return answer


def under_fire() -> int:
    with block_live_calls(), mutate("hello.yaml", RateLimited(2)) as emulator:
        ScoutGroqChatModel().invoke("hello")
        assert_type(emulator, Emulator)
    return len(emulator.log)

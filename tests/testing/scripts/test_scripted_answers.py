"""Scripted answers, over the wires of the providers, whole and streamed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel

from scout_adapters import ScoutRouterChatModel, init_scout_model
from scout_adapters.errors import InvalidRequest, StreamInterrupted
from scout_adapters.testing import Emulator, RateLimited, Revoked, Slow, UnexpectedRequest
from scout_adapters.testing import UnusedRule as Unused
from tests.support.clock import FakeTime
from tests.support.verbs import run_model

MODELS = {
    "groq": "openai/gpt-oss-120b",
    "openai": "gpt-5.4-mini",
    "anthropic": "claude-sonnet-4-6",
    "google": "gemini-3.5-flash",
    "mistral": "mistral-large-latest",
    "openrouter": "openai/gpt-oss-120b",
    "deepseek": "deepseek-reasoner",
}
providers = pytest.mark.parametrize("provider", MODELS)
verbs = pytest.mark.parametrize("verb", ["invoke", "astream"])


@tool
def get_weather(city: str) -> str:
    """Return the weather."""
    return f"21 °C in {city}"


class Weather(BaseModel):
    """The weather of a place."""

    city: str
    degrees: int


def model_of(emulator: Emulator, provider: str, **more: Any) -> Any:
    more = {"api_key": "k", "transport": emulator.transport(), "max_retries": 0, **more}
    return init_scout_model(f"{provider}/{MODELS[provider]}", **more)


@providers
@verbs
def test_a_text_arrives_as_it_was_written(emulator: Emulator, provider: str, verb: str) -> None:
    emulator.on(provider, contains="sky").says("Blue,  mostly.\nNot at night.")
    answer = run_model(model_of(emulator, provider), verb, "What colour is the sky?")
    assert answer.text == "Blue,  mostly.\nNot at night."
    emulator.check()


@providers
def test_a_stream_has_the_pieces_of_the_script(emulator: Emulator, provider: str) -> None:
    emulator.on(provider).streams(["Bl", "ue, mos", "tly"])
    texts = [chunk.text for chunk in model_of(emulator, provider).stream("Sky?")]
    assert [text for text in texts if text] == ["Bl", "ue, mos", "tly"]


@providers
@verbs
def test_a_call_is_followed_by_the_answer_to_its_result(
    emulator: Emulator, provider: str, verb: str
) -> None:
    rule = emulator.on(provider, contains="weather")
    rule.calls("get_weather", city="Paris").calls("get_weather", city="Rome").then_says("21 °C")
    model = model_of(emulator, provider).bind_tools([get_weather])
    question = HumanMessage("How is the weather?")
    first = run_model(model, verb, [question])
    assert [call["args"] for call in first.tool_calls] == [{"city": "Paris"}, {"city": "Rome"}]
    message = AIMessage(first.content, tool_calls=first.tool_calls)
    results = [ToolMessage("21", tool_call_id=call["id"]) for call in first.tool_calls]
    assert run_model(model, verb, [question, message, *results]).text == "21 °C"
    emulator.check()


@providers
@verbs
def test_usage_is_what_the_script_sets(emulator: Emulator, provider: str, verb: str) -> None:
    emulator.on(provider).says("Blue").costs(input_tokens=1000, output_tokens=70)
    usage = run_model(model_of(emulator, provider), verb, "Sky?").usage_metadata
    assert (usage["input_tokens"], usage["output_tokens"]) == (1000, 70)
    assert (emulator.log[0].input_tokens, emulator.log[0].output_tokens) == (1000, 70)


@pytest.mark.parametrize("provider", ["groq", "openai", "anthropic", "google", "deepseek"])
def test_cached_and_reasoning_tokens_are_what_the_script_sets(
    emulator: Emulator, provider: str
) -> None:
    details = {"input_token_details": {"cache_read": 600}}
    reasoning = {"output_token_details": {"reasoning": 40}}
    usage = {"input_tokens": 1000, "output_tokens": 70, **details, **reasoning}
    emulator.on(provider).thinks("Hm.").says("Blue").costs(usage)
    answer = model_of(emulator, provider).invoke("Sky?").usage_metadata
    assert answer["input_token_details"]["cache_read"] == 600
    assert answer["output_token_details"].get("reasoning", 40) == 40


@pytest.mark.parametrize("provider", ["groq", "anthropic", "google", "deepseek", "openrouter"])
@verbs
def test_reasoning_arrives_as_such(emulator: Emulator, provider: str, verb: str) -> None:
    emulator.on(provider).thinks("The sky scatters blue.").says("Blue")
    answer = run_model(model_of(emulator, provider), verb, "Sky?")
    blocks = [block for block in answer.content_blocks if block["type"] == "reasoning"]
    assert "".join(block["reasoning"] for block in blocks) == "The sky scatters blue."
    assert answer.text == "Blue"


@pytest.mark.parametrize("provider", [name for name in MODELS if name != "deepseek"])
@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_an_object_is_parsed_by_any_method(emulator: Emulator, provider: str, method: str) -> None:
    emulator.on(provider).parses(Weather(city="Paris", degrees=21))
    model = model_of(emulator, provider).with_structured_output(Weather, method=method)
    assert model.invoke("Weather in Paris?") == Weather(city="Paris", degrees=21)


@verbs
def test_a_fault_of_the_script_is_met_once(emulator: Emulator, verb: str) -> None:
    time = FakeTime()
    emulator.on("groq").fails(RateLimited(2)).then_says("Blue")
    model = model_of(emulator, "groq", clock=time.clock, max_retries=2)
    assert run_model(model, verb, "Sky?").text == "Blue"
    assert time.slept == [2.0]
    assert [exchange.fault for exchange in emulator.log] == ["RateLimited", None]
    emulator.check()


def test_a_cut_stream_has_the_beginning_of_the_text(emulator: Emulator) -> None:
    emulator.on("groq").streams(["one ", "two ", "three"]).cuts_after(2)
    with pytest.raises(StreamInterrupted) as error:
        list(model_of(emulator, "groq").stream("Count"))
    assert error.value.partial.text in {"one ", "one two "}
    emulator.check()


@verbs
def test_a_request_without_a_rule_shows_the_nearest_one(emulator: Emulator, verb: str) -> None:
    emulator.on("groq", contains="weather", model="other").says("Fine")
    emulator.on("groq", contains="rain").says("No")
    with pytest.raises(InvalidRequest, match="No rule of the script answers this request"):
        run_model(model_of(emulator, "groq"), verb, "What is the time?")
    with pytest.raises(UnexpectedRequest) as error:
        emulator.check()
    assert str(error.value).splitlines() == [
        "No rule of the script answers this request:",
        "  groq/openai/gpt-oss-120b: 'What is the time?'",
        f"Nearest rule, {nearest_line()}: on('groq', contains='rain').says('No')",
        "  contains: 'rain' is not in 'What is the time?'",
    ]


def nearest_line() -> str:
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123  # a line of this file
        lines = file.read().splitlines()
    number = next(at for at, line in enumerate(lines, 1) if 'contains="rain")' in line)
    return f"test_scripted_answers.py:{number}"


def test_a_rule_is_used_once_unless_always(emulator: Emulator) -> None:
    emulator.on("groq", contains="once").says("1")
    emulator.on("groq", contains="often").says("n").always()
    model = model_of(emulator, "groq")
    assert [model.invoke(text).text for text in ("once", "often", "often")] == ["1", "n", "n"]
    with pytest.raises(InvalidRequest, match="its only answer has been used"):
        model.invoke("once")


def test_equal_rules_are_used_in_order(emulator: Emulator) -> None:
    emulator.on(contains="hi").says("first")
    emulator.on(contains="hi").says("second").then_says("third")
    model = model_of(emulator, "groq")
    assert [model.invoke("hi").text for _ in range(3)] == ["first", "second", "third"]


def test_an_answer_that_is_not_requested_fails_the_check(emulator: Emulator) -> None:
    emulator.on("groq", contains="hi").says("first").then_says("second")
    model_of(emulator, "groq").invoke("hi")
    with pytest.raises(Unused, match=r"on\('groq', contains='hi'\): says\('second'\)"):
        emulator.check()


def test_a_function_sees_the_whole_request(emulator: Emulator) -> None:
    def is_short(request: Any) -> bool:
        return request.turns[0].text == "Be short." and request.stream is False

    emulator.on(matches=is_short, tool_result=False).says("Ok")
    model = model_of(emulator, "anthropic")
    assert model.invoke([("system", "Be short."), ("user", "Hello")]).text == "Ok"
    with pytest.raises(InvalidRequest, match="matches: is_short is false"):
        model.invoke("Hello")


def test_a_revoked_key_leaves_the_answer_to_the_next(emulator: Emulator) -> None:
    emulator.keys["groq"] = {"bad": Revoked(), "good": None}
    emulator.on("groq").says("Blue")
    model = model_of(emulator, "groq", api_key=None, api_keys=["bad", "good"], max_retries=2)
    assert model.invoke("Sky?").text == "Blue"
    emulator.check()


def test_a_slow_answer_counts_as_given(emulator: Emulator) -> None:
    emulator.script("groq", [Slow(first=0.001)])
    emulator.on("groq").says("Blue")
    assert model_of(emulator, "groq").invoke("Sky?").text == "Blue"
    emulator.check()


def test_the_emulator_may_answer_by_its_own_rules(emulator: Emulator) -> None:
    emulator.on("groq", contains="weather").says("Rain")
    emulator.on("groq").answers().always()
    model = model_of(emulator, "groq")
    assert model.invoke("weather").text == "Rain"
    assert "emulator" in model.invoke("Hello").text
    emulator.check()


def test_a_rule_without_a_provider_answers_any(emulator: Emulator) -> None:
    emulator.on("groq").fails(Revoked())
    emulator.on().says("Blue")
    transport = emulator.transport()
    entries = [
        {"model": f"{name}/{MODELS[name]}", "api_key": "k", "transport": transport}
        for name in ("groq", "google")
    ]
    assert ScoutRouterChatModel(models=entries).invoke("Sky?").text == "Blue"
    assert [exchange.provider for exchange in emulator.log] == ["groq", "google"]


def test_threads_get_one_answer_each(emulator: Emulator) -> None:
    for number in range(8):
        emulator.on("groq").says(f"{number}")
    model = model_of(emulator, "groq")
    with ThreadPoolExecutor(8) as pool:
        texts = set(pool.map(lambda _: model.invoke("hi").text, range(8)))
    assert texts == set("01234567")
    emulator.check()


def test_a_forgotten_answer_is_named(emulator: Emulator) -> None:
    emulator.on("groq")
    with pytest.raises(InvalidRequest, match="the rule has no answer"):
        model_of(emulator, "groq").invoke("hi")


def test_clear_removes_the_script(emulator: Emulator) -> None:
    emulator.on("groq").says("never")
    emulator.clear()
    emulator.check()
    assert "emulator" in model_of(emulator, "groq").invoke("hi").text

"""`with_structured_output` by every method, with every kind of schema, on every path."""

from __future__ import annotations

import os
from typing import Any

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage
from pydantic import BaseModel, Field, ValidationError

from scout_adapters import ScoutGroqChatModel
from scout_adapters.testing import ContextOverflow, Raw, Revoked
from tests.chat_models.models import IDS
from tests.chat_models.request_parts import JOKE, JOKES, Joke, OldJoke, fail, providers_of
from tests.support.verbs import VERBS, Verb, call_model

METHODS = ("json_schema", "function_calling", "json_mode")
ALL = os.environ.get("SCOUT_SCHEMAS") == "all"
"""Whether each verb is played with each value of `strict`: `make schemas`."""


def assert_joke(kind: str, parsed: Any) -> None:
    expected = {"pydantic": Joke, "pydantic v1": OldJoke}.get(kind, dict)
    assert isinstance(parsed, expected)
    fields = parsed if isinstance(parsed, dict) else parsed.__dict__
    assert set(fields) == {"setup", "punchline"}
    assert all(fields.values())


def verbs_with(strict: bool | None, kind: str, name: str) -> tuple[Verb, ...]:
    """Return the verbs to play: `strict` changes what is sent, a verb how the answer is read."""
    if strict is None or ALL:
        return VERBS
    return (VERBS[([*JOKES].index(kind) + IDS.index(name)) % len(VERBS)],)


@pytest.mark.parametrize("strict", [None, False, True])
@pytest.mark.parametrize("kind", JOKES)
@pytest.mark.parametrize("method", METHODS)
async def test_every_kind_of_schema_is_answered_by_every_method(
    method, kind, strict, name, model, emulator
) -> None:
    plain = model.with_structured_output(JOKES[kind], method=method, strict=strict)
    raw = model.with_structured_output(JOKES[kind], method=method, strict=strict, include_raw=True)
    verbs = verbs_with(strict, kind, name)
    for verb in verbs:
        assert_joke(kind, await call_model(plain, verb, JOKE))
    for verb in [verb for verb in ("invoke", "astream") if verb in verbs]:
        answer = await call_model(raw, verb, JOKE)
        assert_joke(kind, answer["parsed"])
        assert answer["parsing_error"] is None
        assert answer["raw"].response_metadata["scout"]["provider"] == providers_of(name)[0]
    assert {exchange.status for exchange in emulator.log} == {200}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", JOKES)
async def test_without_a_method_every_candidate_can_answer(
    kind, verb, name, model, emulator
) -> None:
    """The route's first candidate fails: the next one gets the schema in its own form."""
    for provider in providers_of(name)[:-1]:
        emulator.script(provider, [Revoked()])
    assert_joke(kind, await call_model(model.with_structured_output(JOKES[kind]), verb, JOKE))
    assert emulator.log[-1].provider == providers_of(name)[-1]


@pytest.mark.parametrize("verb", ["ainvoke", "stream"])
@pytest.mark.parametrize("kind", ["pydantic", "JSON schema"])
@pytest.mark.parametrize("method", METHODS)
async def test_an_answer_that_was_cut_off_is_a_parsing_error_beside_the_raw_answer(
    method, kind, verb, make
) -> None:
    """LangChain's parsers would mend it: half an object without a sign that it is incomplete."""
    cut = make(max_tokens=9).with_structured_output(JOKES[kind], method=method, include_raw=True)
    answer = await call_model(cut, verb, JOKE)
    assert isinstance(answer["parsing_error"], OutputParserException)
    assert "cut off" in str(answer["parsing_error"])
    metadata = answer["raw"].response_metadata
    finish = metadata.get("finish_reason") or metadata.get("stop_reason")
    assert finish.lower() in {"length", "max_tokens"}
    if not verb.endswith("stream"):
        assert answer["parsed"] is None


@pytest.mark.parametrize("verb", ["ainvoke", "stream"])
@pytest.mark.parametrize("kind", ["pydantic", "JSON schema"])
@pytest.mark.parametrize("method", METHODS)
async def test_an_answer_that_was_cut_off_raises_without_include_raw(
    method, kind, verb, make
) -> None:
    cut = make(max_tokens=9).with_structured_output(JOKES[kind], method=method)
    with pytest.raises(OutputParserException, match="cut off"):
        await call_model(cut, verb, JOKE)


class Strict(BaseModel):
    """A joke that no model of these tests can produce."""

    setup: str
    punchline: str = Field(max_length=2)


@pytest.mark.parametrize("verb", VERBS)
async def test_an_answer_that_does_not_fit_the_class_is_an_error_on_every_path(verb, model) -> None:
    structured = model.with_structured_output(Strict, method="json_mode")
    with pytest.raises(OutputParserException):
        await call_model(structured, verb, JOKE)
    raw = model.with_structured_output(Strict, method="json_mode", include_raw=True)
    answer = await call_model(raw, verb, JOKE)
    assert answer["parsed"] is None
    assert "punchline" in str(answer["parsing_error"])


@pytest.mark.parametrize(
    "arguments", [{"setup": "Why?", "punchline": "Because."}, {}, {"setup": None, "punchline": 1}]
)
async def test_arguments_that_do_not_fit_the_class_are_the_same_error(arguments, emulator) -> None:
    made = ScoutGroqChatModel(api_key="k", transport=emulator.transport())
    message = AIMessage("", tool_calls=[{"name": "Strict", "args": arguments, "id": "1"}])
    structured = made.with_structured_output(Strict, method="function_calling")
    with pytest.raises(OutputParserException, match="punchline") as caught:
        structured.steps[1].invoke(message)
    assert isinstance(caught.value.__cause__, ValidationError)
    raw = made.with_structured_output(Strict, method="function_calling", include_raw=True)
    answer = await raw.steps[1].ainvoke(message)
    assert answer["parsed"] is None
    assert isinstance(answer["parsing_error"], OutputParserException)


@pytest.mark.parametrize("method", METHODS)
async def test_an_object_grows_while_it_is_streamed(method, make, emulator) -> None:
    bound = make().with_structured_output(JOKES["JSON schema"], method=method)
    grown = [part async for part in bound.astream(JOKE)]
    assert set(grown[-1]) == {"setup", "punchline"}
    assert grown == list(bound.stream(JOKE))
    assert len({len(str(part)) for part in grown}) == len(grown)


@pytest.mark.parametrize("include_raw", [False, True])
async def test_a_failed_call_is_no_parsing_error(include_raw, name, make, emulator) -> None:
    from langchain_core.exceptions import ContextOverflowError

    fail(emulator, name, ContextOverflow())
    model = make(max_retries=0).with_structured_output(Joke, include_raw=include_raw)
    with pytest.raises(ContextOverflowError):
        await model.ainvoke(JOKE)


@pytest.mark.parametrize("verb", VERBS)
async def test_a_schema_without_a_name_is_answered_too(verb, model) -> None:
    nameless = {"type": "object", "properties": {"setup": {"type": "string"}}}
    answer = await call_model(
        model.with_structured_output(nameless, method="json_schema"), verb, JOKE
    )
    assert list(answer) == ["setup"]


def refusing(wire: str) -> bytes:
    """Return a whole answer by which a model refuses, as the provider's documentation shows it."""
    return {
        "anthropic": b'{"id":"msg_1","type":"message","role":"assistant","model":"claude",'
        b'"content":[],"stop_reason":"refusal","stop_sequence":null,'
        b'"usage":{"input_tokens":9,"output_tokens":1}}',
        "google": b'{"candidates":[{"finishReason":"SAFETY","index":0}],'
        b'"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9},'
        b'"modelVersion":"gemini-2.5-flash","responseId":"r1"}',
    }.get(
        wire,
        b'{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
        b'"message":{"role":"assistant","content":null,"refusal":"I cannot help with that."},'
        b'"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1,'
        b'"total_tokens":10}}',
    )


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
async def test_a_refusal_is_not_taken_for_an_answer(verb, name, make, emulator) -> None:
    """Either a refusal error, or no parsed answer with the refusal beside it."""
    for provider in providers_of(name):
        emulator.script(provider, [Raw(body=refusing(provider))] * 3)
    model = make(max_retries=0).with_structured_output(Joke, include_raw=True)
    answer = await call_model(model, verb, JOKE)
    assert answer["parsed"] is None
    refusal = answer["raw"].additional_kwargs.get("refusal") or str(answer["raw"].response_metadata)
    assert "cannot help" in refusal or "refusal" in refusal or "SAFETY" in refusal

"""Schemas in requests follow each provider's documentation, closed where that is required.

https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
https://console.groq.com/docs/structured-outputs
https://platform.claude.com/docs/en/build-with-claude/structured-outputs
https://ai.google.dev/api/generate-content#GenerationConfig (responseJsonSchema)
"""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents.structured_output import ProviderStrategy

from scout_adapters.testing import Revoked
from tests.chat_models.request_parts import (
    JOKE,
    Joke,
    Trip,
    objects_in,
    providers_of,
    sent_schema,
    sent_tools,
)
from tests.support.weather import get_weather

CLOSED = {"groq", "openai", "openrouter", "anthropic"}
"""Providers that refuse a strict schema with an open object; Anthropic refuses any such schema."""

ALL_REQUIRED = {"groq", "openai", "openrouter"}

ALREADY_STRICT: dict[str, Any] = {
    "title": "Answer",
    "type": "object",
    "properties": {"a": {"type": "string"}, "b": {"type": ["integer", "null"]}},
    "required": ["a", "b"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("strict", [None, False, True])
def test_a_schema_stands_where_the_provider_documents_it(strict, name, make, emulator) -> None:
    bound = make(max_retries=0).with_structured_output(Joke, method="json_schema", strict=strict)
    bound.invoke(JOKE)
    (exchange,) = emulator.log
    schema = sent_schema(exchange.provider, exchange.body)
    assert set(schema["properties"]) == {"setup", "punchline"}
    assert "The question that sets the joke up" in str(schema)
    if exchange.provider in {"anthropic", "google"}:
        assert "response_format" not in exchange.body
        assert "strict" not in str(exchange.body)
    else:
        form = exchange.body["response_format"]
        assert form["type"] == "json_schema"
        assert form["json_schema"].get("strict") is strict
        assert form["json_schema"]["name"] == "Joke"
    if exchange.provider == "google":
        assert exchange.body["generationConfig"]["responseMimeType"] == "application/json"


@pytest.mark.parametrize("by", ["with_structured_output", "ProviderStrategy", "dict"])
def test_a_strict_schema_is_closed_at_every_depth_where_the_provider_insists(
    by, name, model, emulator
) -> None:
    match by:
        case "with_structured_output":
            bound: Any = model.with_structured_output(Trip, method="json_schema", strict=True)
        case "ProviderStrategy":
            bound = model.bind_tools([], **ProviderStrategy(Trip, strict=True).to_model_kwargs())
        case _:
            form = {"name": "Trip", "schema": Trip.model_json_schema(), "strict": True}
            bound = model.bind(response_format={"type": "json_schema", "json_schema": form})
    bound.invoke("Plan a trip of 3 days from Paris.")
    (exchange,) = emulator.log
    schema = sent_schema(exchange.provider, exchange.body)
    objects = list(objects_in(schema))
    assert len(objects) >= 2
    if exchange.provider in CLOSED:
        assert all(each["additionalProperties"] is False for each in objects)
    if exchange.provider in ALL_REQUIRED:
        assert all(each["required"] == list(each["properties"]) for each in objects)


@pytest.mark.parametrize("provider", ["groq", "openai", "openrouter"])
def test_a_reference_in_a_strict_schema_has_nothing_beside_it(provider, emulator) -> None:
    from tests.chat_models.models import build

    form = {"name": "Trip", "schema": Trip.model_json_schema(), "strict": True}
    model = build(provider, emulator)
    model.bind(response_format={"type": "json_schema", "json_schema": form}).invoke("Plan a trip")
    sent = emulator.log[0].body["response_format"]["json_schema"]["schema"]
    assert sent["properties"]["start"]["description"] == "Where it begins"
    assert list(objects_in(sent["properties"]["start"]))
    assert sent["properties"]["stops"]["items"] == {"$ref": "#/$defs/Place"}


def test_a_schema_that_contains_itself_can_be_strict(emulator) -> None:
    from tests.chat_models.models import build

    node = {
        "type": "object",
        "properties": {
            "value": {"type": "string"},
            "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
            "best": {"anyOf": [{"$ref": "#/$defs/Node", "title": "The best"}, {"type": "null"}]},
        },
    }
    schema = {"$defs": {"Node": node}, "type": "object", "properties": {"head": node}}
    form = {"name": "List", "schema": schema, "strict": True}
    bound = build("openai", emulator).bind(
        response_format={"type": "json_schema", "json_schema": form}
    )
    bound.invoke("Make a list")
    sent = emulator.log[0].body["response_format"]["json_schema"]["schema"]
    assert all(each["additionalProperties"] is False for each in objects_in(sent))
    assert {"$ref": "#/$defs/Node"} in sent["properties"]["head"]["properties"]["next"]["anyOf"]


def test_the_caller_s_schema_is_not_changed(model) -> None:
    schema = Trip.model_json_schema()
    form = {"type": "json_schema", "json_schema": {"name": "T", "schema": schema, "strict": True}}
    model.bind(response_format=form).invoke("Plan a trip")
    assert schema == Trip.model_json_schema()
    assert form["json_schema"]["schema"] is schema


@pytest.mark.parametrize("strict", [None, False])
def test_a_schema_that_is_not_strict_stays_open(strict, name, model, emulator) -> None:
    bound = model.with_structured_output(Trip, method="json_schema", strict=strict)
    bound.invoke("Plan a trip of 3 days from Paris.")
    (exchange,) = emulator.log
    schema = sent_schema(exchange.provider, exchange.body)
    assert schema["required"] == ["start", "stops"]


def test_a_schema_that_is_strict_already_is_sent_as_it_is(name, model, emulator) -> None:
    form = {"name": "Answer", "schema": ALREADY_STRICT, "strict": True}
    model.bind(response_format={"type": "json_schema", "json_schema": form}).invoke(JOKE)
    (exchange,) = emulator.log
    assert sent_schema(exchange.provider, exchange.body) == ALREADY_STRICT


@pytest.mark.parametrize("strict", [None, False, True])
def test_by_tools_one_tool_is_offered_and_must_be_called(strict, name, model, emulator) -> None:
    bound = model.with_structured_output(Joke, method="function_calling", strict=strict)
    bound.invoke(JOKE)
    (exchange,) = emulator.log
    body, provider = exchange.body, exchange.provider
    assert list(sent_tools(provider, body)) == ["Joke"]
    if provider == "anthropic":
        assert body["tool_choice"]["type"] == "any"
        assert body["tools"][0].get("strict") is strict
    elif provider == "google":
        assert body["toolConfig"]["functionCallingConfig"]["mode"] == "ANY"
        assert "strict" not in str(body["tools"])
    else:
        assert body["tool_choice"] == "required"
        assert body["tools"][0]["function"].get("strict") is strict
    if strict:
        schema = sent_tools(provider, body)["Joke"]
        assert schema["additionalProperties"] is False
        assert schema["required"] == ["setup", "punchline"]


def test_json_mode_is_requested_by_the_provider_s_option(name, model, emulator) -> None:
    model.with_structured_output(Joke, method="json_mode").invoke(JOKE)
    (exchange,) = emulator.log
    match exchange.provider:
        case "anthropic":  # has no such mode: the prompt contains the schema
            assert not {"output_config", "response_format"} & exchange.body.keys()
        case "google":
            config = exchange.body["generationConfig"]
            assert config == {"responseMimeType": "application/json"}
        case _:
            assert exchange.body["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
def test_langchains_note_for_traces_is_not_sent(method, name, model, emulator) -> None:
    model.with_structured_output(Joke, method=method, include_raw=True).invoke(JOKE)
    assert "ls_structured_output_format" not in str(emulator.log[0].body)


def test_every_candidate_of_a_route_gets_the_schema_in_its_own_words(name, make, emulator) -> None:
    bound = make(max_retries=0).with_structured_output(Trip, method="json_schema", strict=True)
    for number, provider in enumerate(providers_of(name)):
        for before in providers_of(name)[:number]:
            emulator.script(before, [Revoked()])
        bound.invoke("Plan a trip of 3 days from Paris.")
        schema = sent_schema(provider, emulator.log[-1].body)
        assert emulator.log[-1].provider == provider
        assert set(schema["properties"]) == set(Trip.model_fields)


def test_tools_and_a_schema_go_together(name, model, emulator) -> None:
    """Gemini before 3 takes no schema beside tools: LangChain's agents use another strategy."""
    if name == "google":
        pytest.skip("Gemini 2.5 takes no schema beside tools")
    strategy = ProviderStrategy(Joke).to_model_kwargs()
    bound = model.bind_tools([get_weather], **strategy)
    bound.invoke(JOKE)
    (exchange,) = emulator.log
    assert list(sent_tools(exchange.provider, exchange.body)) == ["get_weather"]
    assert sent_schema(exchange.provider, exchange.body)["properties"]

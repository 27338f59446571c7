"""Tools, tool choice and structured output in Anthropic's form."""

from __future__ import annotations

from typing import Any

import pytest

from tests.llm.wires.anthropic_messages.requests import (
    MARK,
    WEATHER,
    build,
)

SERVER_SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}

# Tools


def test_a_function_becomes_a_tool_with_an_input_schema() -> None:
    body = build(tools=[WEATHER | {"cache_control": MARK, "defer_loading": True}])
    assert body["tools"] == [
        {
            "name": "weather",
            "description": "Tell the weather.",
            "input_schema": WEATHER["function"]["parameters"],
            "cache_control": MARK,
            "defer_loading": True,
        }
    ]
    assert "tool_choice" not in body


def test_a_function_of_no_parameters_gets_a_schema_of_an_empty_object() -> None:
    bare = {"type": "function", "function": {"name": "now", "strict": True}}
    assert build(tools=[bare])["tools"] == [
        {
            "name": "now",
            "input_schema": {"type": "object", "properties": {}, "additionalProperties": False},
            "strict": True,
        }
    ]


def test_the_providers_own_tools_pass_as_they_are() -> None:
    own = {"name": "x", "input_schema": {"type": "object"}, "cache_control": MARK}
    assert build(tools=[SERVER_SEARCH, own])["tools"] == [SERVER_SEARCH, own]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("any", {"type": "any"}),
        ("required", {"type": "any"}),
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("weather", {"type": "tool", "name": "weather"}),
        ({"type": "tool", "name": "weather"}, {"type": "tool", "name": "weather"}),
        (
            {"type": "function", "function": {"name": "weather"}},
            {"type": "tool", "name": "weather"},
        ),
    ],
)
def test_a_tool_choice_takes_anthropics_form(choice: Any, expected: dict[str, Any]) -> None:
    assert build(tools=[WEATHER], tool_choice=choice)["tool_choice"] == expected


@pytest.mark.parametrize("choice", ["auto", "none", None])
def test_without_tools_there_is_neither_an_empty_list_nor_an_idle_choice(choice: Any) -> None:
    body = build(tools=[], tool_choice=choice, parallel_tool_calls=False)
    assert not {"tools", "tool_choice"} & body.keys()


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, {"type": "auto", "disable_parallel_tool_use": True}),
        ("any", {"type": "any", "disable_parallel_tool_use": True}),
        ("none", {"type": "none"}),
    ],
)
def test_one_call_at_a_time_is_a_part_of_the_choice(
    choice: str | None, expected: dict[str, Any]
) -> None:
    body = build(tools=[WEATHER], tool_choice=choice, parallel_tool_calls=False)
    assert body["tool_choice"] == expected


def test_the_callers_own_choice_is_not_changed() -> None:
    choice = {"type": "any"}
    build(tools=[WEATHER], tool_choice=choice, parallel_tool_calls=False)
    assert choice == {"type": "any"}


# Structured output


def schema_of(**schema: Any) -> Any:
    response_format = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    return build(response_format=response_format)["output_config"]["format"]


def test_a_json_schema_is_an_output_format_with_closed_objects() -> None:
    inner = {"type": "object", "properties": {"b": {"type": "string"}}}
    assert schema_of(type="object", properties={"a": inner}, required=["a"]) == {
        "type": "json_schema",
        "schema": {
            "type": "object",
            "properties": {"a": inner | {"additionalProperties": False}},
            "required": ["a"],
            "additionalProperties": False,
        },
    }


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            {"type": "integer", "minimum": 1, "description": "A number."},
            {"type": "integer", "description": "A number.\n\n{minimum: 1}"},
        ),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
        (
            {"type": "string", "format": "phone"},
            {"type": "string", "description": "{format: phone}"},
        ),
        (
            {"type": "array", "minItems": 3, "items": {"type": "object"}},
            {
                "type": "array",
                "items": {"type": "object", "properties": {}, "additionalProperties": False},
                "description": "{minItems: 3}",
            },
        ),
        ({"type": "array", "minItems": 1}, {"type": "array", "minItems": 1}),
        ({"oneOf": [{"const": 1}, {"enum": ["a", None]}]}, None),
        (
            {"$ref": "#/$defs/a", "description": "x", "$defs": {"a": {"maxLength": 2}}},
            {"$ref": "#/$defs/a", "$defs": {"a": {"description": "{maxLength: 2}"}}},
        ),
        (
            {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
            {
                "type": ["object", "null"],
                "additionalProperties": {"type": "string"},
            },
        ),
        ({"enum": [{"a": 1}]}, {"description": "{enum: [{'a': 1}]}"}),
        ({"$schema": "x", "type": "null", "default": None}, {"type": "null", "default": None}),
        ({"allOf": [True]}, {"allOf": [True]}),
        ({"$defs": 1}, {"$defs": 1}),
    ],
)
def test_what_the_schema_dialect_lacks_is_described_in_words(
    schema: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    required = {"anyOf": [{"const": 1}, {"enum": ["a", None]}]} if expected is None else expected
    assert schema_of(**schema)["schema"] == required


def test_the_callers_schema_is_not_changed() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object"}}}
    schema_of(**schema)
    assert schema == {"type": "object", "properties": {"a": {"type": "object"}}}


def test_a_request_for_any_json_adds_nothing_because_the_api_has_no_word_for_it() -> None:
    assert build(response_format={"type": "json_object"}) == build()

"""The rest of a request: options, tools, the dialect of a card."""

from __future__ import annotations

from typing import Any

import pytest

from tests.llm.wires.openai_chat.requests import build, card, text, user

PARAMETERS = {"type": "object", "properties": {}}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}

# Rendering the rest of the body.


def test_a_bare_request_has_a_model_and_messages_and_nothing_else() -> None:
    assert build(turns=(user(text("hi")),)) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_every_option_goes_by_its_documented_name() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}
    body = build(
        temperature=0.0,
        top_p=0.5,
        max_tokens=10,
        stop=("a", "b"),
        response_format=form,
        reasoning_effort="low",
        stream=True,
        extra={"seed": 7, "user": None},
    )
    assert body == {
        "model": "m",
        "messages": [],
        "temperature": 0.0,
        "top_p": 0.5,
        "max_tokens": 10,
        "stop": ["a", "b"],
        "response_format": form,
        "reasoning_effort": "low",
        "stream": True,
        "stream_options": {"include_usage": True},
        "seed": 7,
    }


def test_the_users_own_fields_win() -> None:
    assert build(temperature=0.0, extra={"temperature": 1.0})["temperature"] == 1.0


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("any", "required"),
        ("weather", {"type": "function", "function": {"name": "weather"}}),
        ({"type": "own"}, {"type": "own"}),
    ],
)
def test_a_tool_choice_is_sent_in_the_apis_form(choice: Any, sent: Any) -> None:
    body = build(tools=(TOOL,), tool_choice=choice, parallel_tool_calls=False)
    assert body["tools"] == [TOOL]
    assert (body["tool_choice"], body["parallel_tool_calls"]) == (sent, False)


def test_a_card_has_its_own_word_for_some_tool() -> None:
    assert build(card(any_tool="any"), tools=(TOOL,), tool_choice="any")["tool_choice"] == "any"


def test_without_tools_nothing_speaks_of_tools() -> None:
    body = build(tools=(), tool_choice="auto", parallel_tool_calls=True)
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & body.keys()


def test_a_tool_keeps_strictness_and_loses_the_marker_that_is_not_taken() -> None:
    strict = {"type": "function", "function": {"name": "f", "strict": True}}
    marked = strict | {"cache_control": {"type": "ephemeral"}}
    own = {"type": "openrouter:web_search"}
    assert build(tools=(marked, own))["tools"] == [strict, own]
    assert build(card(cache_markers=True), tools=(marked,))["tools"] == [marked]


def test_the_dialect_is_applied_last() -> None:
    spec = card(
        rename={"max_tokens": "max_completion_tokens"},
        drop=frozenset({"stream_options", "seed"}),
        adjust=lambda body: body | {"reasoning_split": True},
    )
    body = build(spec, max_tokens=5, stream=True, extra={"seed": 1})
    assert body == {
        "model": "m",
        "messages": [],
        "max_completion_tokens": 5,
        "stream": True,
        "reasoning_split": True,
    }


def test_a_field_that_the_user_named_as_the_api_does_survives_the_renaming() -> None:
    spec = card(rename={"max_tokens": "max_completion_tokens"})
    assert (
        build(spec, max_tokens=5, extra={"max_completion_tokens": 9})["max_completion_tokens"] == 9
    )

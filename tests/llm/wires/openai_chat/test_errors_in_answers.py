"""Errors and nonsense where a whole answer should be."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import MalformedResponse, ProviderRefusal
from tests.llm.wires.openai_chat.answers import answer, parse, tool_call

# Errors inside answers.

NO: list[Any] = [
    {"error": {"message": "overloaded", "code": 502}},
    {"error": "model not found"},
    {"error": {"message": "late"}, "choices": []},
    {"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
    {"object": "error", "message": "no", "code": 400},
    {"type": "error", "error": {"type": "overloaded"}},
    {"detail": "Unauthorized"},
    {"choices": None, "message": "no"},
    {"code": "invalid", "msg": "no"},
]


@pytest.mark.parametrize("body", NO)
def test_an_error_where_an_answer_should_be_is_refused_with_its_payload(body: Json) -> None:
    with pytest.raises(ProviderRefusal) as refused:
        parse(body)
    assert refused.value.payload is body


@pytest.mark.parametrize(
    "more",
    [{"error": {"message": "late"}}, {"base_resp": {"status_code": 1027, "status_msg": "no"}}],
)
def test_an_error_beside_an_answer_wins(more: Json) -> None:
    with pytest.raises(ProviderRefusal):
        parse(answer(**more))


def test_a_clean_base_resp_is_no_error() -> None:
    assert parse(answer(base_resp={"status_code": 0, "status_msg": ""}, error=None)).text == "Hello"


def test_an_error_inside_a_choice_is_refused_in_the_form_of_any_other() -> None:
    broken = {"code": 502, "message": "Error processing stream"}
    with pytest.raises(ProviderRefusal) as refused:
        parse(answer(choice={"error": broken, "finish_reason": None}))
    assert refused.value.payload == {"error": broken}


def test_a_choice_that_ends_in_error_without_saying_which_is_refused() -> None:
    with pytest.raises(ProviderRefusal):
        parse(answer(choice={"finish_reason": "error"}))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "answer"),
        ({}, "choices"),
        ({"choices": "none"}, "choices"),
        ({"choices": []}, "choices"),
        ({"choices": [1]}, "choices"),
        ({"choices": [{}]}, "message"),
        (answer(choice={"message": "hi"}), "message"),
        (answer(choice={"finish_reason": 1}), "finish_reason"),
        (answer({"content": 1}), "content"),
        (answer({"content": [1]}), "content"),
        (answer({"content": [{"type": "text", "text": 1}]}), "text"),
        (answer({"reasoning": 1}), "reasoning"),
        (answer({"refusal": {"no": 1}}), "refusal"),
        (answer({"tool_calls": {"a": 1}}), "tool_calls"),
        (answer({"tool_calls": [1]}), "function"),
        (answer({"tool_calls": [{"id": "c"}]}), "function"),
        (answer({"tool_calls": [{"function": {}}]}), "name"),
        (answer({"tool_calls": [tool_call(1)]}), "arguments"),
    ],
)
def test_nonsense_is_malformed_and_names_the_field(body: Any, field: str) -> None:
    with pytest.raises(MalformedResponse, match=field):
        parse(body)

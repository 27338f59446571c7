from __future__ import annotations

from typing import Any

import pytest

from scout_adapters.testing.model.answer import Answer, answer_for
from scout_adapters.testing.model.chat_request import ReceivedRequest, ReceivedTool, count_tokens
from scout_adapters.testing.model.schema_filler import SchemaFiller, places

ADD = ReceivedTool(
    "add",
    {"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"]},
)
WEATHER = ReceivedTool("get_weather", {"properties": {"location": {"type": "string"}}})
CALLER = ReceivedTool("no_args", {"properties": {}})


def answer(prompt: str, *tools: ReceivedTool, **more: Any) -> Answer:
    return answer_for(ReceivedRequest(model="m", prompt=prompt, tools=tools, **more), "groq/m")


def calls(prompt: str, *tools: ReceivedTool, **more: Any) -> list[tuple[str, Any]]:
    return [(call.name, call.args) for call in answer(prompt, *tools, **more).calls]


def test_the_same_question_gets_the_same_answer() -> None:
    assert answer("Hello") == answer("Hello")
    assert answer("Hello").text == "This is the emulator speaking for groq/m. You asked: Hello"


def test_a_forced_tool_is_called_for_any_prompt() -> None:
    assert calls("Hello!", WEATHER, ADD, choice="=add")[0][0] == "add"


def test_any_tool_means_the_named_one_or_else_the_first() -> None:
    assert calls("Please use add.", WEATHER, ADD, choice="any")[0][0] == "add"
    assert calls("Hello!", WEATHER, ADD, choice="any")[0][0] == "get_weather"


def test_any_tool_after_a_result_means_one_that_was_not_called_yet() -> None:
    options = {"choice": "any", "results": "sunny", "called": ("get_weather",)}
    assert calls("The weather in Paris?", WEATHER, ADD, **options)[0][0] == "add"


def test_auto_calls_a_tool_that_shares_a_word_with_the_prompt() -> None:
    assert calls("What is the weather in Paris?", ADD, WEATHER) == [
        ("get_weather", {"location": "Paris"})
    ]
    assert calls("How are you?", ADD, WEATHER) == []


def test_no_tool_is_called_where_none_is_wanted_or_the_result_is_there() -> None:
    assert calls("The weather in Paris?", WEATHER, choice="none") == []
    after = answer("The weather in Paris?", WEATHER, results="It's sunny.")
    assert after.calls == ()
    assert "It's sunny." in after.text


def test_arguments_come_from_the_brackets_in_the_prompt() -> None:
    tool = ReceivedTool("magic_function", {"properties": {"input": {"type": "integer"}}})
    prompt = "What is the value of magic_function(3)? Use the tool."
    assert calls(prompt, tool) == [("magic_function", {"input": 3})]


def test_a_tool_without_arguments_gets_none() -> None:
    assert calls("Call no_args() now", CALLER) == [("no_args", {})]


def test_numbers_are_taken_in_the_order_of_the_prompt() -> None:
    assert calls("What is 3 + 4", ADD, choice="any") == [("add", {"a": 3, "b": 4})]


@pytest.mark.parametrize("name", ["你好啊集团", "こんにちは株式会社"])
def test_quoted_names_are_taken_letter_for_letter(name: str) -> None:
    tool = ReceivedTool("make", {"properties": {"customer_name": {"type": "string"}}})
    reply = answer(f"Create a customer named '{name}' (Hello)", tool, choice="any")
    assert reply.calls[0].args == {"customer_name": name}
    assert name in reply.calls[0].arguments


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("What is the weather in San Francisco, CA?", ["San Francisco, CA"]),
        ("weather in Paris and in London", ["Paris", "London"]),
        ("the weather in Paris, London and New York please", ["Paris", "London", "New York"]),
        ("Hello there", []),
    ],
)
def test_places_are_found(prompt: str, expected: list[str]) -> None:
    assert places(prompt) == expected


def test_several_places_make_parallel_calls_unless_they_are_forbidden() -> None:
    prompt = "What is the weather in Paris and in London?"
    both = [("get_weather", {"location": "Paris"}), ("get_weather", {"location": "London"})]
    assert calls(prompt, WEATHER) == both
    assert calls(prompt, WEATHER, parallel=False) == both[:1]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "INTEGER", "minimum": 5}, 5),
        ({"type": "integer", "exclusiveMinimum": 5, "maximum": 9}, 6),
        ({"type": "number", "maximum": 0.5}, 0.5),
        ({"type": "integer", "multipleOf": 4, "minimum": 8}, 8),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"enum": ["red", "blue"]}, "blue"),
        ({"const": 7}, 7),
        ({"type": ["string", "null"], "default": "x"}, "x"),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ({"$ref": "#/$defs/Count"}, 2),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [True, True]),
        ({"type": "string", "format": "date"}, "2026-01-31"),
        ({"type": "string", "maxLength": 3}, "som"),
        ({"type": "number", "exclusiveMaximum": True, "maximum": 1}, 0.999999),
        ({"type": ["null", "integer"]}, 1),
        ({"prefixItems": [{"type": "boolean"}, {"type": "null"}], "type": "array"}, [True, None]),
        ({"properties": {"query": {"type": "string"}}}, {"query": "I like blue"}),
        ({"$ref": "#/$defs/Missing"}, "something"),
        ({"$ref": "#/$defs/Loop"}, None),
        ({"properties": {"email": {"type": "string"}}}, {"email": "ada@example.com"}),
    ],
)
def test_every_kind_of_schema_is_filled(schema: dict[str, Any], expected: Any) -> None:
    loop = {"$ref": "#/$defs/Loop"}
    root = {"$defs": {"Count": {"type": "integer", "minimum": 2}, "Loop": loop}}
    assert SchemaFiller("I like blue", root=root).fill(schema) == expected


def test_a_recursive_schema_ends() -> None:
    node = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}},
        "required": ["next"],
    }
    filled = SchemaFiller("", root={"$defs": {"Node": node}}).fill(node)
    depth = 0
    while filled["next"] is not None:
        filled, depth = filled["next"], depth + 1
    assert 1 < depth < 20


def test_json_mode_uses_the_keys_that_the_prompt_quotes() -> None:
    reply = answer("A joke as a JSON with 'setup' and 'punchline' keys.", json_mode=True)
    assert reply.text.startswith('{"setup":"')
    assert '"punchline":"' in reply.text


def test_a_prompt_that_asks_for_json_gets_json() -> None:
    prompt = "A joke. Return the result as a JSON with 'setup' and 'punchline' keys."
    assert answer(prompt).text == answer(prompt, json_mode=True).text
    assert "emulator" in answer("What is JSON?").text


def test_text_ends_before_a_stop_sequence() -> None:
    reply = answer("Hello", stop=("xyz", "emulator"))
    assert reply.text == "This is the "
    assert (reply.finish, reply.stopped_by) == ("stop_sequence", "emulator")


@pytest.mark.parametrize("thinks", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 5, 10, 20])
def test_no_answer_is_longer_than_it_may_be(limit: int, *, thinks: bool) -> None:
    reply = answer("Hello", max_tokens=limit, thinks=thinks)
    whole = answer("Hello", thinks=thinks)
    assert reply.output_tokens <= limit
    assert reply.finish == ("length" if limit < whole.output_tokens else "stop")


def test_a_call_that_is_cut_has_broken_arguments() -> None:
    reply = answer("The weather in Paris?", WEATHER, max_tokens=6)
    assert reply.finish == "length"
    assert reply.calls[0].arguments == '{"location":"'
    assert reply.calls[0].args == {}


def test_tokens_are_four_characters_each() -> None:
    assert [count_tokens(text) for text in ("", "abcd", "abcde")] == [1, 1, 2]

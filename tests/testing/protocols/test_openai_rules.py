"""What APIs in the protocol of Chat Completions refuse in a request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testing.protocols.requests import USER, calling, result

PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}

STRICT = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}

OPENAI = [
    ({"model": ""}, "you must provide a model parameter"),
    ({"messages": None}, "Missing required parameter: 'messages'."),
    ({"tools": []}, "Invalid 'tools': empty array."),
    ({"messages": []}, "Invalid 'messages': empty array."),
    ({"messages": [USER, result("c1")]}, "must be a response to a preceeding message"),
    (
        {"messages": [USER, calling("c1"), {"role": "tool", "content": "x"}]},
        "Missing parameter 'tool_call_id'",
    ),
    ({"messages": [USER, calling("c1", "c2"), result("c1")]}, "response messages: c2"),
    ({"messages": [USER, calling("c1"), USER]}, "response messages: c1"),
    ({"messages": [USER, calling("c1"), result("c1"), result("c1")]}, "must be a response to"),
    ({"messages": [USER, calling()]}, "Invalid value for 'content'"),
    ({"messages": [USER, {"role": "assistant", "content": None}]}, "Invalid value for 'content'"),
    ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "does not match pattern"),
]


@pytest.mark.parametrize(
    ("provider", "status"),
    [("openai", 400), ("groq", 400), ("vllm", 400), ("acme", 400), ("mistral", 200)],
)
def test_an_empty_list_of_calls_is_refused_but_at_mistral(
    client: Any, provider: str, status: int
) -> None:
    answer = client.chat(provider, messages=[USER, {**calling(), "content": "x"}, USER])
    assert answer.status_code == status
    assert ("Invalid 'messages[1].tool_calls': empty array." in answer.text) is (status == 400)


@pytest.mark.parametrize("provider", ["openai", "groq", "mistral", "vllm", "acme"])
@pytest.mark.parametrize(("body", "text"), OPENAI)
def test_openai_s_protocol_refuses(client: Any, provider: str, body: Any, text: str) -> None:
    answer = client.chat(provider, **body)
    assert answer.status_code == 400
    assert text in answer.text
    assert client.emulator.log[0].fault is None
    assert not client.emulator.log[0].billed


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"tool_choice": "auto"}, "'tool_choice' is only allowed when 'tools' are specified."),
        ({"model": "gpt-5-mini", "max_tokens": 9}, "Use 'max_completion_tokens' instead."),
        ({"response_format": {"type": "json_object"}}, "must contain the word 'json'"),
        (
            {"messages": [USER, calling("c" * 41), result("c" * 41)]},
            "string too long. Expected a string with maximum length 40",
        ),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "J", "strict": True, "schema": {"type": "object"}},
                }
            },
            "Invalid schema for response_format 'J': In context=(), 'additionalProperties' is",
        ),
        (
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {"name": "f", "strict": True, "parameters": STRICT},
                    }
                ]
            },
            "Invalid schema for function 'f': In context=(), 'required' is required",
        ),
    ],
)
def test_openai_itself_refuses(client: Any, body: Any, text: str) -> None:
    answer = client.chat("openai", **body)
    assert answer.status_code == 400
    assert text in answer.json()["error"]["message"]


def test_openai_s_strict_schemas_are_strict_all_the_way_down(client: Any) -> None:
    closed = {"type": "object", "additionalProperties": False}
    inner = {**closed, "properties": {"b": {"type": "array", "items": {"type": "object"}}}}
    outer = {**closed, "properties": {"a": {**inner, "required": ["b"]}}, "required": ["a"]}
    form = {"name": "J", "strict": True, "schema": outer}
    answer = client.chat("openai", response_format={"type": "json_schema", "json_schema": form})
    assert "In context=('properties', 'a', 'properties', 'b', 'items')" in answer.text


@pytest.mark.parametrize(
    ("messages", "code", "text"),
    [
        (
            [USER, calling("call_12345"), result("call_12345")],
            "3280",
            "Tool call id was call_12345 but must be a-z, A-Z, 0-9, with a length of 9.",
        ),
        (
            [USER, calling("abcdefgh1"), result("abcdefgh1"), USER],
            "3230",
            "Unexpected role 'user' after role 'tool'",
        ),
        ([USER, {"role": "assistant", "content": "x"}], "3230", "Expected last role User or Tool"),
        (
            [USER, {"role": "assistant", "content": ""}, USER],
            "3240",
            "either content or tool_calls",
        ),
    ],
)
def test_mistral_refuses(client: Any, messages: Any, code: str, text: str) -> None:
    body = client.chat("mistral", messages=messages).json()
    assert (body["object"], body["code"], body["raw_status_code"]) == ("error", code, 400)
    assert text in body["message"]


def test_deepseek_refuses_a_forced_tool_while_it_thinks(client: Any, weather: Any) -> None:
    forced = {"tools": [weather("openai")], "tool_choice": "required"}
    thinking = client.chat("deepseek", thinking={"type": "enabled"}, **forced)
    assert thinking.json()["error"]["message"] == "Thinking mode does not support this tool_choice"
    assert client.chat("deepseek", **forced).status_code == 200


def test_openai_refuses_pictures_that_no_user_sends(client: Any) -> None:
    seen = {**result("c1"), "content": [PICTURE]}
    answer = client.chat("openai", messages=[USER, calling("c1"), seen])
    assert "only allowed for messages with role 'user'" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([{"role": "user", "content": [PICTURE]}], "unknown variant `image_url`, expected `text`"),
        ([USER, calling("c1"), result("c1")], "must be passed back to the API"),
    ],
    ids=["picture", "calls without a thought"],
)
def test_deepseek_refuses_while_it_thinks(client: Any, messages: Any, text: str) -> None:
    answer = client.chat("deepseek", thinking={"type": "enabled"}, messages=messages)
    assert answer.status_code == 400
    assert text in answer.json()["error"]["message"]


PARAMETERS = {"type": "object", "properties": {}}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": PARAMETERS}}]


@pytest.mark.parametrize(
    ("model", "effort", "status"),
    [
        ("gpt-5", "low", 200),
        ("gpt-5.4", None, 200),
        ("gpt-5.4", "low", 400),
        ("gpt-5.6-terra", None, 400),
        ("gpt-5.6-terra", "none", 200),
        ("gpt-6-astra", "none", 400),
        ("gpt-6.1-sol", None, 400),
        ("gpt-5-pro", None, 404),
        ("gpt-5.1-codex", None, 404),
    ],
)
def test_openai_s_newer_models_take_tools_only_without_reasoning(
    client: Any, model: str, effort: str | None, status: int
) -> None:
    more = {} if effort is None else {"reasoning_effort": effort}
    answer = client.chat("openai", model=model, tools=TOOLS, **more)
    assert answer.status_code == status
    if status == 400:
        error = answer.json()["error"]
        assert error["message"].startswith(
            f"Function tools with reasoning_effort are not supported for {model} in "
            "/v1/chat/completions."
        )
        assert "/v1/responses" in error["message"]
        assert error["param"] == "reasoning_effort"


@pytest.mark.parametrize(
    ("model", "status"),
    [("openai/gpt-oss-120b", 200), ("qwen/qwen3-32b", 200), ("llama-3.3-70b-versatile", 400)],
)
def test_groq_takes_reasoning_for_models_that_reason(client: Any, model: str, status: int) -> None:
    thought = {"role": "assistant", "content": "Hi.", "reasoning": "A greeting."}
    answer = client.chat("groq", model=model, messages=[USER, thought, USER])
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["message"] == (
        "property 'messages[1].reasoning' is unsupported"
    )


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({}, "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."),
        ({"type": "object"}, "In context=(), object schema missing properties."),
        (PARAMETERS | {"anyOf": []}, "not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top"),
        (
            {"type": "object", "properties": {"a": {"type": "array"}}},
            "In context=('properties', 'a'), array schema missing items.",
        ),
    ],
)
def test_openai_s_functions_take_whole_schemas_of_objects(
    client: Any, schema: Any, fault: str
) -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": schema}}]
    answer = client.chat("openai", tools=tools)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_function_parameters")
    assert error["message"].startswith("Invalid schema for function 'f': ")
    assert fault in error["message"]


def test_options_of_streams_are_refused_for_whole_answers(client: Any) -> None:
    options = {"stream_options": {"include_usage": True}}
    answer = client.chat("openai", **options)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        "The 'stream_options' parameter is only allowed when 'stream' is enabled."
    )
    assert client.chat("openai", stream=True, **options).status_code == 200

"""What the real APIs refuse for what a request says."""

from __future__ import annotations

from typing import Any

import pytest

USER = {"role": "user", "content": "Hi"}
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


def call(made: str, name: str = "f") -> dict[str, Any]:
    return {"id": made, "type": "function", "function": {"name": name, "arguments": "{}"}}


def calling(*made: str) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": [call(one) for one in made]}


def result(made: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": made, "content": "ok"}


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
    (
        {"messages": [USER, {**calling(), "content": "x"}]},
        "Invalid 'messages[1].tool_calls': empty array.",
    ),
    ({"messages": [USER, {"role": "assistant", "content": None}]}, "Invalid value for 'content'"),
    ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "does not match pattern"),
]


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


def test_adaptive_thinking_needs_no_thought_before_a_call(client: Any) -> None:
    body = {"thinking": {"type": "adaptive"}, "messages": [USER, use(), used()]}
    assert client.messages(**body).status_code == 200


def test_a_conversation_in_order_passes_everywhere(client: Any) -> None:
    messages = [USER, calling("abcdefgh1"), result("abcdefgh1")]
    for provider in ("openai", "groq", "mistral", "deepseek", "vllm"):
        assert client.chat(provider, messages=messages).status_code == 200


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


def use(made: str = "t1", **more: Any) -> dict[str, Any]:
    block = {"type": "tool_use", "id": made, "name": "f", "input": {}, **more}
    return {"role": "assistant", "content": [block]}


def used(made: str = "t1") -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": made, "content": "ok"}
    return {"role": "user", "content": [block]}


def said(**block: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": [block]}


THINK = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
MARK = {"cache_control": {"type": "ephemeral"}}
ANTHROPIC = [
    ({"max_tokens": None}, "max_tokens: Field required"),
    ({"messages": []}, "messages: at least one message is required"),
    ({"messages": [{"role": "system", "content": "x"}]}, 'Unexpected role "system"'),
    ({"messages": [{"role": "user", "content": ""}]}, "messages.0: all messages must have non-"),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
        "messages: text content blocks must be non-empty",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": " \n"}]}]},
        "messages: text content blocks must contain non-whitespace text",
    ),
    ({"system": [{"type": "text", "text": ""}]}, "system: text content blocks must be non-empty"),
    (
        {"messages": [USER, {"role": "assistant", "content": "So "}]},
        "final assistant content cannot end with trailing whitespace",
    ),
    (
        {"messages": [USER, use("a.b"), used("a.b")]},
        "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ),
    ({"messages": [USER, use(), used("a.b")]}, "messages.2.content.0.tool_result.tool_use_id: Str"),
    ({"messages": [USER, use(), used(), use(), used()]}, "`tool_use` ids must be unique"),
    (
        {"messages": [USER, use(input="{}"), used()]},
        "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
    ),
    (
        {"messages": [USER, use(), USER]},
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1.",
    ),
    ({"messages": [USER, use()]}, "`tool_use` ids were found without `tool_result` blocks"),
    (
        {"messages": [USER, {"role": "assistant", "content": "x"}, used()]},
        "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: t1.",
    ),
    (
        {"messages": [USER, said(type="thinking", thinking="x", signature="forged"), USER]},
        "messages.1.content.0: Invalid `signature` in `thinking` block",
    ),
    (
        {"messages": [USER, said(type="thinking", thinking="x"), USER]},
        "messages.1.content.0.thinking.signature: Field required",
    ),
    ({**THINK, "max_tokens": 1024}, "`max_tokens` must be greater than"),
    ({"thinking": {"type": "enabled"}}, "thinking.enabled.budget_tokens: Field required"),
    ({"thinking": {"type": "adaptive"}, "temperature": 0}, "`temperature` may only be set to 1"),
    ({"thinking": {"type": "enabled", "budget_tokens": 9}}, "greater than or equal to 1024"),
    ({**THINK, "temperature": 0}, "`temperature` may only be set to 1 when thinking is enabled"),
    (
        {**THINK, "tool_choice": {"type": "any"}, "tools": [{"name": "f"}]},
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    (
        {**THINK, "messages": [USER, use(), used()]},
        "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found",
    ),
    (
        {"tools": [{"name": "f", "input_schema": {}}]},
        "tools.0.custom.input_schema.type: Field required",
    ),
    (
        {"system": [{"type": "text", "text": "x", **MARK}] * 5},
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
]


@pytest.mark.parametrize(("body", "text"), ANTHROPIC)
def test_anthropic_refuses(client: Any, body: Any, text: str) -> None:
    answer = client.messages(**body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert text in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "messages",
    [
        [USER, USER, {"role": "assistant", "content": "x"}, {"role": "assistant", "content": "y"}],
        [USER, use("t1"), use("t2"), used("t1"), used("t2")],
        [
            USER,
            use(),
            {"role": "user", "content": [*used()["content"], {"type": "text", "text": "x"}]},
        ],
    ],
)
def test_anthropic_joins_neighbours_of_one_role(client: Any, messages: Any) -> None:
    assert client.messages(messages=messages).status_code == 200


def test_anthropic_wants_its_version_named(client: Any) -> None:
    url = client.emulator.url("anthropic") + "/v1/messages"
    answer = client.http.post(url, json={}, headers={"x-api-key": "k"})
    assert answer.json()["error"]["message"] == "anthropic-version: header is required"


def turn(role: str, *parts: Any) -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}


ASK = turn("user", {"text": "Hi"})
CALL = {"functionCall": {"name": "f", "args": {}}}
REPLY = {"functionResponse": {"name": "f", "response": {"output": "ok"}}}
GEMINI = [
    ({"contents": []}, "contents is not specified"),
    ({"contents": [turn("assistant", {"text": "x"})]}, "Please use a valid role: user, model."),
    ({"contents": [turn("user")]}, "contents.parts must not be empty"),
    (
        {
            "contents": [
                ASK,
                turn("model", CALL),
                turn("user", {"functionResponse": {"response": {}}}),
            ]
        },
        "contents[2].parts[0].function_response.name: Name cannot be empty.",
    ),
    (
        {"contents": [ASK, turn("model", CALL, CALL), turn("user", REPLY)]},
        "number of function response parts is equal to the number of function call parts",
    ),
    (
        {"contents": [ASK, turn("model", CALL, CALL), turn("user", REPLY), turn("user", REPLY)]},
        "number of function response parts is equal to the number of function call parts",
    ),
    (
        {"contents": [ASK, turn("user", REPLY)]},
        "function response turn comes immediately after a function call turn",
    ),
    (
        {"contents": [ASK, turn("model", {"text": "x"}), turn("model", CALL), turn("user", REPLY)]},
        "function call turn comes immediately after a user turn or after a function response turn",
    ),
    (
        {
            "tools": [
                {
                    "functionDeclarations": [
                        {"name": "f", "parameters": {"additionalProperties": False}}
                    ]
                }
            ]
        },
        "Unknown name \"additionalProperties\" at 'tools[0].function_declarations[0].parameters'",
    ),
    (
        {"generationConfig": {"responseSchema": {"anyOf": [{"items": {"const": 1}}]}}},
        "Unknown name \"const\" at 'generation_config.response_schema.any_of[0].items'",
    ),
    (
        {"generationConfig": {"responseSchema": {"properties": {"a": {"$ref": "#"}}}}},
        "Unknown name \"$ref\" at 'generation_config.response_schema.properties[0].value'",
    ),
    (
        {
            "generationConfig": {"responseMimeType": "application/json"},
            "tools": [{"functionDeclarations": [{"name": "f"}]}],
        },
        "Function calling with a response mime type: 'application/json' is unsupported",
    ),
]


@pytest.mark.parametrize(("body", "text"), GEMINI)
def test_gemini_refuses(client: Any, body: Any, text: str) -> None:
    answer = client.gemini(**body)
    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert text in answer.json()["error"]["message"]


def test_gemini_3_wants_the_signature_of_the_current_step(client: Any, weather: Any) -> None:
    def answer(**signed: str) -> Any:
        contents = [ASK, turn("model", {**CALL, **signed}), turn("user", REPLY)]
        return client.gemini(model="gemini-3-pro", contents=contents)

    made = client.gemini(
        model="gemini-3-pro", contents=[turn("user", {"text": "call f"})], tools=[FUNCTION]
    ).json()["candidates"][0]["content"]["parts"][0]["thoughtSignature"]
    assert "missing a thought_signature" in answer().json()["error"]["message"]
    forged = answer(thoughtSignature="forged")
    assert forged.json()["error"]["message"] == "Corrupted thought signature."
    assert answer(thoughtSignature=made).status_code == 200
    assert answer(thoughtSignature=made.replace("+", "-").replace("/", "_")).status_code == 200
    assert answer(thoughtSignature="skip_thought_signature_validator").status_code == 200


FUNCTION = {"functionDeclarations": [{"name": "f"}]}


def test_gemini_3_forgets_the_signatures_of_earlier_questions(client: Any) -> None:
    contents = [ASK, turn("model", CALL), turn("user", REPLY), turn("model", {"text": "x"}), ASK]
    assert client.gemini(model="gemini-3-pro", contents=contents).status_code == 200
    assert client.gemini(model="gemini-2.5-pro", contents=contents).status_code == 200


@pytest.mark.parametrize("provider", ["groq", "anthropic", "google"])
def test_a_body_that_is_no_json_object_is_refused(client: Any, provider: str) -> None:
    paths = {"groq": "/chat/completions", "anthropic": "/v1/messages"}
    path = paths.get(provider, "/v1beta/models/gemini-x:generateContent")
    headers = {"authorization": "Bearer k", "x-api-key": "k", "x-goog-api-key": "k"}
    for content in (b"{", b"[]", b""):
        url = client.emulator.url(provider) + path
        answer = client.http.post(url, content=content, headers=headers)
        assert answer.status_code == 400


@pytest.mark.parametrize("provider", ["groq", "openai", "anthropic", "google", "openrouter"])
def test_a_key_in_the_query_string_is_refused(client: Any, provider: str) -> None:
    path = (
        "/v1beta/models/gemini-x:generateContent" if provider == "google" else "/chat/completions"
    )
    url = f"{client.emulator.url(provider)}{path}?key=secret"
    answer = client.http.post(url, json={}, headers={"x-goog-api-key": "k"})
    assert answer.status_code == 400
    assert "query string" in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/groq/v1/chat/completions", "/groq/openai/v1/models", "/anthropic/v1/chat/completions", "/x"],
)
def test_a_path_that_the_provider_does_not_have_is_not_found(client: Any, path: str) -> None:
    answer = client.http.post(client.emulator.base + path, json={})
    assert answer.status_code == 404
    assert client.emulator.log[0].fault == "NoSuchPath"


@pytest.mark.parametrize("model", ["../x", "a%2fb", "gemini x", "gemini:x"])
def test_a_model_s_name_cannot_leave_its_place_in_gemini_s_path(client: Any, model: str) -> None:
    assert client.gemini(model=model).status_code == 404

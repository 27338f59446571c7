"""Requests for Gemini: a `ChatRequest` in; tools, schemas and `generationConfig` out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.gemini import WIRE

SPEC = ProviderSpec(
    name="google",
    docs="https://ai.google.dev/api/generate-content",
    wire=WIRE,
    base_url="https://generativelanguage.googleapis.com",
    model_provider="google_genai",
)
HELLO = Turn(role="user", blocks=[{"type": "text", "text": "hi"}], at=0)
ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds.",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}},
    },
}


def body(model: str = "gemini-2.5-flash", **options: Any) -> Json:
    return WIRE.build_body(ChatRequest(model=model, messages=[], **options), [HELLO], SPEC)


def config(**options: Any) -> Json:
    return body(**options)["generationConfig"]


def test_functions_are_gathered_and_googles_tools_stay_as_they_are() -> None:
    request_body = body(tools=[ADD, {"google_search": {}}, {"codeExecution": {}}])
    assert request_body["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "add",
                    "description": "Adds.",
                    "parametersJsonSchema": {
                        "type": "object",
                        "properties": {"a": {"type": "integer"}},
                    },
                }
            ]
        },
        {"google_search": {}},
        {"codeExecution": {}},
    ]


def test_no_tools_are_no_field() -> None:
    assert body(tools=[], tool_choice="any").keys() == {"contents"}


@pytest.mark.parametrize(
    ("choice", "calling"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("any", {"mode": "ANY"}),
        ("add", {"mode": "ANY", "allowedFunctionNames": ["add"]}),
        (["add", "sub"], {"mode": "ANY", "allowedFunctionNames": ["add", "sub"]}),
        (
            {"type": "function", "function": {"name": "add"}},
            {"mode": "ANY", "allowedFunctionNames": ["add"]},
        ),
        ({"mode": "VALIDATED"}, {"mode": "VALIDATED"}),
        ({"function_calling_config": {"mode": "ANY"}}, {"mode": "ANY"}),
    ],
)
def test_the_choice_of_a_tool_is_the_calling_mode(choice: Any, calling: Json) -> None:
    request_body = body(tools=[ADD], tool_choice=choice)
    assert request_body["toolConfig"] == {"functionCallingConfig": calling}


def test_a_choice_among_googles_own_tools_is_not_sent() -> None:
    assert "toolConfig" not in body(tools=[{"google_search": {}}], tool_choice="any")


def test_a_choice_joins_the_tool_config_that_was_given() -> None:
    options = {"tool_config": {"include_server_side_tool_invocations": True}}
    assert body(tools=[ADD], tool_choice="any", extra=options)["toolConfig"] == {
        "includeServerSideToolInvocations": True,
        "functionCallingConfig": {"mode": "ANY"},
    }


def test_the_neutral_fields_have_geminis_names() -> None:
    assert config(temperature=0.0, top_p=0.5, max_tokens=9, stop=["a", "b"]) == {
        "temperature": 0.0,
        "topP": 0.5,
        "maxOutputTokens": 9,
        "stopSequences": ["a", "b"],
    }


def test_a_schema_for_the_answer_makes_it_json() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    form = {
        "type": "json_schema",
        "json_schema": {"name": "x", "schema": schema, "strict": True},
    }
    assert config(response_format=form) == {
        "responseMimeType": "application/json",
        "responseJsonSchema": schema,
    }
    assert config(response_format={"type": "json_object"}) == {
        "responseMimeType": "application/json"
    }
    assert "generationConfig" not in body(response_format={"type": "text"})


@pytest.mark.parametrize(
    ("model", "effort", "thinking"),
    [
        ("gemini-2.5-flash", "none", {"includeThoughts": False, "thinkingBudget": 0}),
        ("gemini-2.5-pro", "none", {"includeThoughts": False, "thinkingBudget": 128}),
        ("gemini-2.5-flash", "low", {"includeThoughts": True, "thinkingBudget": 1024}),
        ("gemini-2.5-flash", "medium", {"includeThoughts": True, "thinkingBudget": 8192}),
        ("gemini-2.5-flash", "high", {"includeThoughts": True, "thinkingBudget": 24576}),
        ("gemini-3-flash-preview", "none", {"includeThoughts": False, "thinkingLevel": "minimal"}),
        ("gemini-3-flash-preview", "medium", {"includeThoughts": True, "thinkingLevel": "medium"}),
        ("gemini-3.1-pro-preview", "minimal", {"includeThoughts": True, "thinkingLevel": "low"}),
        ("gemini-4-argon", "none", {"includeThoughts": False, "thinkingLevel": "low"}),
        ("gemini-flash-latest", "xhigh", {"includeThoughts": True, "thinkingLevel": "high"}),
    ],
)
def test_an_effort_is_a_level_since_gemini_3_and_a_budget_before(
    model: str, effort: str, thinking: Json
) -> None:
    assert config(model=model, reasoning_effort=effort) == {"thinkingConfig": thinking}


@pytest.mark.parametrize(
    ("extra", "thinking"),
    [
        ({"thinking_budget": 7}, {"includeThoughts": True, "thinkingBudget": 7}),
        ({"include_thoughts": False}, {"includeThoughts": False, "thinkingBudget": 1024}),
        (
            {"thinking_config": {"thinking_level": "low"}},
            {"includeThoughts": True, "thinkingLevel": "low"},
        ),
        (
            {"generation_config": {"thinkingConfig": {"thinkingBudget": 1}}},
            {"includeThoughts": True, "thinkingBudget": 1},
        ),
    ],
)
def test_geminis_own_words_for_thinking_win_over_the_effort(extra: Json, thinking: Json) -> None:
    assert config(reasoning_effort="low", extra=extra) == {"thinkingConfig": thinking}


def test_extra_fields_go_where_the_api_wants_them() -> None:
    request_body = body(
        extra={
            "seed": 1,
            "topK": 2,
            "n": 3,
            "presence_penalty": 0.1,
            "response_modalities": ["TEXT"],
            "speech_config": {"voice_config": {}},
            "safety_settings": {"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE"},
            "cached_content": "cachedContents/x",
            "labels": {"my_team": "a_b"},
            "seed_of_doubt": None,
        }
    )
    assert request_body["generationConfig"] == {
        "seed": 1,
        "topK": 2,
        "candidateCount": 3,
        "presencePenalty": 0.1,
        "responseModalities": ["TEXT"],
        "speechConfig": {"voice_config": {}},
    }
    assert request_body["safetySettings"] == [
        {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}
    ]
    assert request_body["cachedContent"] == "cachedContents/x"
    assert request_body["labels"] == {"my_team": "a_b"}
    assert "seedOfDoubt" not in request_body


@pytest.mark.parametrize(
    ("extra", "sent"),
    [
        ({"logprobs": True, "top_logprobs": 5}, {"responseLogprobs": True, "logprobs": 5}),
        ({"response_logprobs": True, "logprobs": 5}, {"responseLogprobs": True, "logprobs": 5}),
        ({"logprobs": True}, {"responseLogprobs": True}),
        ({"logprobs": False}, {"responseLogprobs": False}),
    ],
)
def test_log_probabilities_are_asked_for_in_openais_words_or_geminis(
    extra: Json, sent: Json
) -> None:
    assert config(extra=extra) == sent


def test_the_card_renames_drops_and_adjusts() -> None:
    spec = replace(
        SPEC,
        rename={"topP": "nucleus", "labels": "tags"},
        drop=frozenset({"temperature", "cachedContent"}),
        adjust=lambda request_body: request_body | {"adjusted": True},
    )
    extra = {"labels": {"a": "b"}, "cached_content": "x"}
    request = ChatRequest(model="m", messages=[], temperature=1.0, top_p=0.5, extra=extra)
    request_body = WIRE.build_body(request, [HELLO], spec)
    assert request_body["generationConfig"] == {"nucleus": 0.5}
    assert request_body["tags"] == {"a": "b"}
    assert request_body["adjusted"] is True
    assert request_body.keys() == {"contents", "generationConfig", "tags", "adjusted"}


def parameters(schema: Json) -> Json:
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    return body(tools=[tool])["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"]


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        ({"$schema": "http://json-schema.org/x", "type": "object"}, {"type": "object"}),
        ({"const": "a"}, {"enum": ["a"], "type": "string"}),
        ({"const": True}, {"type": "boolean"}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        (
            {"allOf": [{"type": "string"}], "description": "d"},
            {"type": "string", "description": "d"},
        ),
        (
            {"properties": {"const": {"const": 1}, "$schema": {"type": "string"}}},
            {
                "properties": {
                    "const": {"enum": [1], "type": "integer"},
                    "$schema": {"type": "string"},
                }
            },
        ),
        (
            {"anyOf": [{"const": None}, {"type": "array", "items": {"const": 0.5}}]},
            {
                "anyOf": [
                    {"type": "null"},
                    {"type": "array", "items": {"enum": [0.5], "type": "number"}},
                ]
            },
        ),
        ({"default": {"const": 1}}, {"default": {"const": 1}}),
        ({"items": {"$ref": "#/$defs/A"}}, {"items": {"$ref": "#/$defs/A"}}),
        ({"$ref": "https://example.com/x", "description": "d"}, {"$ref": "https://example.com/x"}),
    ],
)
def test_a_schema_is_brought_into_geminis_part_of_the_language(schema: Json, sent: Json) -> None:
    assert parameters(schema) == sent


def test_a_reference_with_neighbours_is_replaced_by_what_it_means() -> None:
    schema = {
        "type": "object",
        "properties": {"home": {"$ref": "#/$defs/Place", "description": "where"}},
        "$defs": {"Place": {"type": "object", "properties": {"town": {"type": "string"}}}},
    }
    assert parameters(schema)["properties"]["home"] == {
        "type": "object",
        "properties": {"town": {"type": "string"}},
        "description": "where",
    }


def test_a_schema_that_contains_itself_comes_to_an_end() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node", "description": "d"}}}
    sent = parameters({"$defs": {"Node": node}, "$ref": "#/$defs/Node", "type": "object"})
    inner = sent["properties"]["next"]
    assert inner == {"$ref": "#/$defs/Node"}


def test_the_schema_that_was_given_is_not_changed() -> None:
    schema: Json = {"properties": {"a": {"const": 1}}}
    parameters(schema)
    assert schema == {"properties": {"a": {"const": 1}}}

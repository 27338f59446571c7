"""Options, schemas and tools of a request to the Responses API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from openai.types.responses.response_create_params import ResponseCreateParamsBase

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.wires.openai_responses import BODY_FIELDS, ResponsesDialect
from tests.llm.wires.openai_responses.bodies import build
from tests.llm.wires.openai_responses.examples import (
    SPEC,
)


def test_a_request_is_stateless_and_includes_encrypted_reasoning() -> None:
    assert build() == {
        "model": "gpt-5",
        "input": [{"type": "message", "role": "user", "content": "hi"}],
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }


@pytest.mark.parametrize("model", ["gpt-4o-mini", "openai/gpt-4.1", "gpt-5.1-chat-latest"])
def test_a_model_that_does_not_reason_is_not_asked_for_reasoning(model: str) -> None:
    assert "include" not in build(model=model)


@pytest.mark.parametrize(
    "extra",
    [
        {"store": True},
        {"previous_response_id": "resp_1"},
        {"background": True},
        {"conversation": "conv_1"},
    ],
)
def test_what_needs_the_servers_memory_is_stored_there(extra: Json) -> None:
    body = build(extra=extra)
    assert body.get("store") in (None, True)
    assert "include" not in body
    assert body.items() >= extra.items()


def test_a_card_may_let_its_provider_store() -> None:
    assert "store" not in build(spec=replace(SPEC, dialect=ResponsesDialect(stores=True)))


def test_a_card_may_say_that_reasoning_is_not_encrypted() -> None:
    dialect = ResponsesDialect(encrypts_reasoning=False)
    assert "include" not in build(spec=replace(SPEC, dialect=dialect))


def test_options_have_the_names_of_this_api() -> None:
    body = build(
        temperature=0.5,
        top_p=0.9,
        max_tokens=99,
        stop=("x",),
        stream=True,
        reasoning_effort="low",
        extra={
            "reasoning": {"summary": "auto"},
            "verbosity": "low",
            "stream_options": {"include_usage": True, "include_obfuscation": False},
            "include": ["web_search_call.action.sources"],
            "logprobs": True,
            "top_logprobs": 3,
            "truncation": "auto",
            "metadata": {"a": "b"},
            "service_tier": "flex",
            "prompt_cache_key": "k",
            "safety_identifier": None,
        },
    )
    del body["input"], body["model"]
    assert body == {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_output_tokens": 99,
        "stream": True,
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"verbosity": "low"},
        "stream_options": {"include_obfuscation": False},
        "store": False,
        "include": [
            "web_search_call.action.sources",
            "reasoning.encrypted_content",
            "message.output_text.logprobs",
        ],
        "top_logprobs": 3,
        "truncation": "auto",
        "metadata": {"a": "b"},
        "service_tier": "flex",
        "prompt_cache_key": "k",
    }


def test_an_effort_of_the_body_wins() -> None:
    body = build(reasoning_effort="low", extra={"reasoning": {"effort": "high"}})
    assert body["reasoning"] == {"effort": "high"}


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}


def test_a_schema_is_closed_where_it_is_strict() -> None:
    response_format = {
        "type": "json_schema",
        "json_schema": {"name": "A", "schema": SCHEMA, "strict": True},
    }
    body = build(response_format=response_format, extra={"text": {"verbosity": "low"}})
    closed = SCHEMA | {"required": ["a", "b"], "additionalProperties": False}
    form = {"type": "json_schema", "name": "A", "schema": closed, "strict": True}
    assert body["text"] == {"format": form, "verbosity": "low"}
    assert "required" not in SCHEMA


def test_a_schema_that_is_not_strict_stays_as_it_is() -> None:
    response_format = {"type": "json_schema", "json_schema": {"name": "A", "schema": SCHEMA}}
    form = {"type": "json_schema", "name": "A", "schema": SCHEMA}
    assert build(response_format=response_format)["text"] == {"format": form}


def test_json_without_a_schema() -> None:
    assert build(response_format={"type": "json_object"})["text"] == {
        "format": {"type": "json_object"}
    }


FUNCTION = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}


def test_functions_are_flat_and_not_strict_unless_asked() -> None:
    strict = {"type": "function", "function": {"name": "g", "strict": True, "description": "G"}}
    body = build(tools=[FUNCTION | {"cache_control": {"type": "ephemeral"}}, strict])
    assert body["tools"] == [
        {"type": "function", "name": "f", "parameters": SCHEMA, "strict": False},
        {
            "type": "function",
            "name": "g",
            "description": "G",
            "strict": True,
            "parameters": {"type": "object", "properties": {}},
        },
    ]


HOSTED: list[Json] = [
    {"type": "web_search"},
    {"type": "file_search", "vector_store_ids": ["vs_1"]},
    {"type": "code_interpreter", "container": {"type": "auto"}},
    {"type": "mcp", "server_label": "s", "server_url": "https://s", "require_approval": "always"},
    {"type": "image_generation", "partial_images": 2},
    {"type": "computer_use_preview", "display_height": 1, "display_width": 1, "environment": "mac"},
    {"type": "shell"},
    {"type": "apply_patch"},
    {"type": "tool_search"},
    {"type": "custom", "name": "c", "format": {"type": "text"}},
]


def test_hosted_tools_pass_through() -> None:
    assert build(tools=HOSTED)["tools"] == HOSTED


def test_a_custom_tool_of_chat_completions_is_flat_here() -> None:
    grammar = {"syntax": "lark", "definition": "start: X"}
    nested = {"name": "c", "format": {"type": "grammar", "grammar": grammar}}
    assert build(tools=[{"type": "custom", "custom": nested}])["tools"] == [
        {"type": "custom", "name": "c", "format": {"type": "grammar", **grammar}}
    ]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("any", "required"),
        ("required", "required"),
        ("f", {"type": "function", "name": "f"}),
        ("c", {"type": "custom", "name": "c"}),
        ("web_search", {"type": "web_search"}),
        ({"type": "function", "function": {"name": "f"}}, {"type": "function", "name": "f"}),
        ({"type": "function", "name": "f"}, {"type": "function", "name": "f"}),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "auto",
                    "tools": [{"type": "function", "function": {"name": "f"}}],
                },
            },
            {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "function", "name": "f"}],
            },
        ),
        ({"type": "mcp", "server_label": "s"}, {"type": "mcp", "server_label": "s"}),
    ],
)
def test_the_choice_of_a_tool(choice: Any, sent: Any) -> None:
    declared = choice != "web_search"  # the package declares its older names only
    options = {"tool_choice": choice, "parallel_tool_calls": False, "check": declared}
    body = build(tools=[FUNCTION, *HOSTED], **options)
    assert body["tool_choice"] == sent
    assert body["parallel_tool_calls"] is False


def test_there_is_no_choice_without_tools() -> None:
    body = build(tool_choice="any", parallel_tool_calls=True)
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & body.keys()


def test_every_option_of_openais_package_is_one_of_this_wire() -> None:
    built = {"model", "input", "stream", "tools", "tool_choice", "parallel_tool_calls"}
    built |= {"temperature", "top_p", "max_output_tokens"}
    assert set(ResponseCreateParamsBase.__annotations__) - built <= BODY_FIELDS

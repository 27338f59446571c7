"""Whole answers of Chat Completions: dicts in, messages out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE

PLAIN = ProviderSpec(
    name="openai",
    docs="https://platform.openai.com/docs",
    wire=WIRE,
    base_url="https://api.openai.com",
)


ID = "chatcmpl-9xYz012345"
USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 10,
    "total_tokens": 30,
    "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 2, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 4, "audio_tokens": 0},
}
COUNTED = {
    "input_tokens": 20,
    "output_tokens": 10,
    "total_tokens": 30,
    "input_token_details": {"cache_read": 8, "cache_creation": 2, "audio": 0},
    "output_token_details": {"reasoning": 4, "audio": 0},
}


def answer(said: Json | None = None, *, choice: Json | None = None, **body: Any) -> Json:
    return {
        "id": ID,
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-5-2026",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello"} | (said or {}),
                "finish_reason": "stop",
            }
            | (choice or {})
        ],
        **body,
    }


def parse(body: Any, maker: str = "") -> AIMessage:
    return WIRE.parse_response(body, replace(PLAIN, model_provider=maker))


def test_a_whole_answer_becomes_a_message_with_all_that_was_said_about_it() -> None:
    logprobs = {"content": [{"token": "Hello", "logprob": -0.1}], "refusal": None}
    body = answer(
        choice={"logprobs": logprobs},
        usage=USAGE,
        system_fingerprint="fp_1",
        service_tier="flex",
        provider="Azure",
    )
    assert parse(body, maker="maker") == AIMessage(
        content="Hello",
        id=ID,
        usage_metadata=COUNTED,
        response_metadata={
            "model_name": "gpt-5-2026",
            "model_provider": "maker",
            "id": ID,
            "finish_reason": "stop",
            "system_fingerprint": "fp_1",
            "service_tier": "flex",
            "upstream": "Azure",
            "logprobs": logprobs,
            "token_usage": USAGE,
        },
    )


@pytest.mark.parametrize(
    ("content", "words", "kept"),
    [
        (None, "", {}),
        ("", "", {}),
        (["a", {"type": "text", "text": "b"}], "ab", {}),
        (
            [
                {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                {"type": "thinking", "thinking": " So."},
                {"type": "text", "text": "4"},
                {"type": "reference", "reference_ids": [1]},
            ],
            "4",
            {
                "reasoning_content": "Hm. So.",
                "content_chunks": [{"type": "reference", "reference_ids": [1]}],
            },
        ),
        ({"city": "Zürich"}, '{"city": "Zürich"}', {}),
    ],
)
def test_content_is_text_in_whatever_form_it_came(content: Any, words: str, kept: Json) -> None:
    read = parse(answer({"content": content}))
    assert (read.content, read.additional_kwargs) == (words, kept)


@pytest.mark.parametrize(
    "said",
    [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        {"reasoning_content": "Hm.", "reasoning": "Hm."},
        {"reasoning_content": None, "reasoning": "Hm."},
    ],
)
def test_thoughts_are_read_once_under_any_name(said: Json) -> None:
    assert parse(answer(said)).additional_kwargs == {"reasoning_content": "Hm."}


def test_what_is_not_text_is_kept_under_its_own_name() -> None:
    kept = {
        "reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "signature": "s"}],
        "refusal": "No.",
        "audio": {"id": "audio_1", "transcript": "Hello"},
        "annotations": [{"type": "url_citation"}],
        "executed_tools": [{"index": 0, "type": "search"}],
        "images": [{"type": "image_url"}],
        "function_call": {"name": "f", "arguments": "{}"},
    }
    listed = {"citations": ["https://example.com"], "search_results": [{"title": "t"}]}
    read = parse(answer(kept | {"reasoning": "Hm."}, **listed))
    assert read.additional_kwargs == kept | listed | {"reasoning_content": "Hm."}


def test_things_with_nothing_in_them_are_not_kept() -> None:
    empty = {
        "audio": {"id": "", "data": "", "expires_at": 0},
        "function_call": {"name": "", "arguments": ""},
        "annotations": [],
        "refusal": "",
        "tool_calls": None,
    }
    assert parse(answer(empty)).additional_kwargs == {}


def asked(arguments: Any, **more: Any) -> Json:
    return {"type": "function", "function": {"name": "f", "arguments": arguments}, **more}


@pytest.mark.parametrize(
    ("arguments", "args"),
    [
        ('{"a": 1}', {"a": 1}),
        ('{"a": "1\n2"}', {"a": "1\n2"}),
        ("", {}),
        (None, {}),
        ("null", {}),
        ({"a": 1}, {"a": 1}),
    ],
)
def test_arguments_are_read_in_every_form_seen(arguments: Any, args: Json) -> None:
    read = parse(answer({"tool_calls": [asked(arguments, id="c1")]}))
    assert read.tool_calls == [{"type": "tool_call", "name": "f", "args": args, "id": "c1"}]


def test_a_call_with_broken_arguments_is_invalid_and_keeps_them() -> None:
    read = parse(answer({"tool_calls": [asked('{"a": ', id="c1"), asked("{}", id="c2")]}))
    assert [call["args"] for call in read.invalid_tool_calls] == ['{"a": ']
    assert [call["id"] for call in read.tool_calls] == ["c2"]


def test_a_call_without_an_id_gets_one_by_its_place() -> None:
    read = parse(answer({"tool_calls": [asked("{}", id="c1"), asked("{}", id="")]}))
    assert [call["id"] for call in read.tool_calls] == ["c1", "call_1"]


def test_an_answer_that_a_filter_withheld_is_an_empty_message() -> None:
    body = answer(choice={"finish_reason": "content_filter"})
    del body["choices"][0]["message"]
    read = parse(body)
    assert (read.content, read.response_metadata["finish_reason"]) == ("", "content_filter")


def test_an_id_that_comes_round_again_is_not_the_messages_id() -> None:
    read = parse(answer() | {"id": "chatcmpl-507"})
    assert (read.id, read.response_metadata["id"]) == (None, "chatcmpl-507")


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        (None, None),
        ({"total_tokens": 0}, None),
        (
            {"prompt_tokens": 3, "completion_tokens": 4},
            {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
        ),
        (
            {"prompt_tokens": 3.0, "completion_tokens": None, "total_tokens": None},
            {"input_tokens": 3, "output_tokens": 0, "total_tokens": 3},
        ),
        # DeepSeek
        (
            {"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 8},
            {
                "input_tokens": 9,
                "output_tokens": 1,
                "total_tokens": 10,
                "input_token_details": {"cache_read": 8},
            },
        ),
        # Together; and a cache cannot hold more than was asked
        (
            {"prompt_tokens": 9, "completion_tokens": 1, "cached_tokens": 12},
            {
                "input_tokens": 9,
                "output_tokens": 1,
                "total_tokens": 10,
                "input_token_details": {"cache_read": 9},
            },
        ),
        # xAI counts thoughts apart
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 1,
                "total_tokens": 15,
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
            {
                "input_tokens": 9,
                "output_tokens": 6,
                "total_tokens": 15,
                "output_token_details": {"reasoning": 5},
            },
        ),
        # Mistral counts audio apart
        (
            {
                "prompt_tokens": 11,
                "completion_tokens": 15,
                "total_tokens": 401,
                "prompt_tokens_details": {"audio_tokens": 375},
            },
            {
                "input_tokens": 386,
                "output_tokens": 15,
                "total_tokens": 401,
                "input_token_details": {"audio": 375},
            },
        ),
    ],
)
def test_tokens_are_counted_as_langchain_counts_them(usage: Any, counted: Any) -> None:
    assert parse(answer(usage=usage)).usage_metadata == counted


COUNTS = {"prompt_tokens": 1, "completion_tokens": 1}
BYOK = {"cost": 0.01, "is_byok": True}


@pytest.mark.parametrize(
    ("body", "usd"),
    [
        ({"usage": COUNTS | {"cost": 0.25}}, 0.25),
        ({"usage": COUNTS | {"cost": 0}}, 0.0),
        ({"usage": COUNTS | BYOK | {"cost_details": {"upstream_inference_cost": 0.5}}}, 0.51),
        ({"usage": COUNTS | BYOK | {"cost_details": {"upstream_inference_cost": None}}}, None),
        ({"usage": COUNTS | {"cost_in_usd_ticks": 37_756_000}}, 0.0037756),
        ({"usage": COUNTS | {"cost_in_usd_ticks": 0}}, None),
        ({"usage": COUNTS | {"cost": {"total_cost": 0.006}}}, 0.006),
        ({"usage": COUNTS, "cost": {"usd": 0.5, "diem": 0}}, 0.5),
        ({"usage": COUNTS | {"cost": "cheap"}}, None),
        ({"usage": COUNTS}, None),
    ],
)
def test_the_providers_own_dollars_are_read_and_never_guessed(body: Json, usd: Any) -> None:
    known = parse(answer(**body)).response_metadata
    assert ("provider_cost_usd" in known) == (usd is not None)
    assert known.get("provider_cost_usd") == pytest.approx(usd)


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
        (answer({"tool_calls": [asked(1)]}), "arguments"),
    ],
)
def test_nonsense_is_malformed_and_says_which_field(body: Any, field: str) -> None:
    with pytest.raises(MalformedResponse, match=field):
        parse(body)

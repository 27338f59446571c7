"""Whole answers of Chat Completions: dicts in, messages out."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json
from tests.llm.wires.openai_chat.answers import ID, answer, parse, tool_call

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


def test_a_whole_answer_becomes_a_message_with_all_its_metadata() -> None:
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
    ("content", "words", "blocks"),
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
def test_content_is_text_in_whatever_form_it_came(content: Any, words: str, blocks: Json) -> None:
    read = parse(answer({"content": content}))
    assert (read.content, read.additional_kwargs) == (words, blocks)


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        {"reasoning_content": "Hm.", "reasoning": "Hm."},
        {"reasoning_content": None, "reasoning": "Hm."},
    ],
)
def test_thoughts_are_read_once_under_any_name(fields: Json) -> None:
    assert parse(answer(fields)).additional_kwargs == {"reasoning_content": "Hm."}


def test_what_is_not_text_is_kept_under_its_own_name() -> None:
    blocks = {
        "reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "signature": "s"}],
        "refusal": "No.",
        "audio": {"id": "audio_1", "transcript": "Hello"},
        "annotations": [{"type": "url_citation"}],
        "executed_tools": [{"index": 0, "type": "search"}],
        "images": [{"type": "image_url"}],
        "function_call": {"name": "f", "arguments": "{}"},
    }
    listed = {"citations": ["https://example.com"], "search_results": [{"title": "t"}]}
    read = parse(answer(blocks | {"reasoning": "Hm."}, **listed))
    assert read.additional_kwargs == blocks | listed | {"reasoning_content": "Hm."}


def test_things_with_nothing_in_them_are_not_kept() -> None:
    empty = {
        "audio": {"id": "", "data": "", "expires_at": 0},
        "function_call": {"name": "", "arguments": ""},
        "annotations": [],
        "refusal": "",
        "tool_calls": None,
    }
    assert parse(answer(empty)).additional_kwargs == {}


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
    read = parse(answer({"tool_calls": [tool_call(arguments, id="c1")]}))
    assert read.tool_calls == [{"type": "tool_call", "name": "f", "args": args, "id": "c1"}]


def test_a_call_with_broken_arguments_is_invalid_and_keeps_them() -> None:
    read = parse(answer({"tool_calls": [tool_call('{"a": ', id="c1"), tool_call("{}", id="c2")]}))
    assert [call["args"] for call in read.invalid_tool_calls] == ['{"a": ']
    assert [call["id"] for call in read.tool_calls] == ["c2"]


def test_a_call_without_an_id_gets_one_by_its_place() -> None:
    read = parse(answer({"tool_calls": [tool_call("{}", id="c1"), tool_call("{}", id="")]}))
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
        # Together; and a cache cannot hold more than the prompt
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
    metadata = parse(answer(**body)).response_metadata
    assert ("provider_cost_usd" in metadata) == (usd is not None)
    assert metadata.get("provider_cost_usd") == pytest.approx(usd)


@pytest.mark.parametrize("stated", [None, "OpenRouter's"])
def test_the_provider_behind_vercels_gateway_is_the_upstream(stated: str | None) -> None:
    gateway = {"gateway": {"routing": {"finalProvider": "bedrock"}}}
    body = answer({"provider_metadata": gateway}, provider=stated)
    assert parse(body).response_metadata["upstream"] == (stated or "bedrock")
    nothing = answer({"provider_metadata": {"gateway": None}})
    assert "upstream" not in parse(nothing).response_metadata

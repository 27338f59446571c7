"""Requests in Anthropic's form: canonical turns in, JSON bodies out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.anthropic_messages import WIRE

SPEC = ProviderSpec(
    name="anthropic",
    docs="https://platform.claude.com/docs/en/api/messages",
    wire=WIRE,
    base_url="https://api.anthropic.com",
)
MARK = {"type": "ephemeral"}
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tell the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
SERVER_SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def call(name: str = "weather", call_id: str = "toolu_1", **args: Any) -> dict[str, Any]:
    return {"type": "tool_call", "id": call_id, "name": name, "args": args}


def turn(role: Any, *blocks: Any, **more: Any) -> Turn:
    said = [text(block) if isinstance(block, str) else block for block in blocks]
    return Turn(role=role, blocks=said, at=more.pop("at", 0), **more)


def answer(call_id: str, *blocks: Any, **more: Any) -> Turn:
    return turn("tool", *blocks, tool_call_id=call_id, **more)


def build(*turns: Turn, spec: ProviderSpec = SPEC, **request: Any) -> dict[str, Any]:
    request = {"model": "claude-sonnet-4-6", **request}
    return WIRE.build_body(ChatRequest(messages=[], **request), turns or [turn("user", "hi")], spec)


def messages(*turns: Turn, **request: Any) -> list[dict[str, Any]]:
    return build(*turns, **request)["messages"]


# The envelope


def test_a_plain_request_holds_model_limit_and_message_and_nothing_else() -> None:
    assert build(max_tokens=100) == {
        "model": "claude-sonnet-4-6",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_the_key_is_in_a_header_beside_the_version() -> None:
    assert WIRE.auth_headers("sk-1") == {"x-api-key": "sk-1", "anthropic-version": "2023-06-01"}
    assert WIRE.endpoint("claude-opus-5", stream=True) == "/messages"


def test_options_take_their_anthropic_names() -> None:
    body = build(temperature=0.5, stop=["END", " \n"], stream=True, extra={"top_k": 5})
    assert body["temperature"] == 0.5
    assert body["stop_sequences"] == ["END"]
    assert body["stream"] is True
    assert body["top_k"] == 5


def test_stop_words_of_nothing_but_white_space_are_left_out() -> None:
    assert "stop_sequences" not in build(stop=["\n", ""])


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        ("claude-3-haiku-20240307", 4096),
        ("claude-2.1", 4096),
        ("claude-3-5-sonnet-20241022", 8192),
        ("claude-3-7-sonnet-latest", 16_384),
        ("claude-opus-4-20250514", 16_384),
        ("claude-4-opus-20250514", 16_384),
        ("claude-opus-4-1@20250805", 16_384),
        ("claude-sonnet-4-5-20250929", 32_000),
        ("anthropic/claude-haiku-4.5", 32_000),
        ("us.anthropic.claude-opus-4-6-v1:0", 32_000),
        ("claude-opus-5-5", 32_000),
        ("claude-mythos-preview", 32_000),
        ("MiniMax-M2", 16_384),
    ],
)
def test_without_a_limit_every_model_gets_one_that_it_accepts(model: str, limit: int) -> None:
    assert build(model=model)["max_tokens"] == limit


def test_a_limit_of_zero_is_sent_because_it_warms_the_cache() -> None:
    assert build(max_tokens=0)["max_tokens"] == 0


def test_a_default_limit_leaves_room_behind_the_callers_thinking_budget() -> None:
    thinking = {"type": "enabled", "budget_tokens": 20_000}
    body = build(model="claude-3-7-sonnet-latest", extra={"thinking": thinking})
    assert body["max_tokens"] > 20_000


def test_extra_fields_come_last_and_nulls_and_betas_stay_out() -> None:
    extra = {"metadata": {"user_id": "u"}, "service_tier": None, "betas": ["b"], "max_tokens": 7}
    body = build(max_tokens=100, extra=extra)
    assert body["metadata"] == {"user_id": "u"}
    assert body["max_tokens"] == 7
    assert not {"service_tier", "betas"} & body.keys()


def test_a_card_renames_drops_and_adjusts_fields() -> None:
    spec = ProviderSpec(
        name="other",
        docs="https://example.com",
        wire=WIRE,
        base_url="https://example.com",
        rename={"max_tokens": "limit"},
        drop=frozenset({"temperature"}),
        adjust=lambda body: body | {"adjusted": True},
    )
    body = build(spec=spec, max_tokens=5, temperature=0.1)
    assert body["limit"] == 5
    assert body["adjusted"] is True
    assert not {"max_tokens", "temperature"} & body.keys()


# Beta features


def test_beta_features_are_named_in_a_header_once_each() -> None:
    request = ChatRequest(
        model="claude-opus-5",
        messages=[],
        tools=[{"type": "mcp_toolset", "mcp_server_name": "x"}],
        extra={"betas": ["compact-2026-01-12"], "mcp_servers": [{"name": "x"}]},
    )
    header = WIRE.extra_headers(request)
    assert header == {"anthropic-beta": "compact-2026-01-12,mcp-client-2025-11-20"}


def test_beta_features_may_be_named_in_one_string_as_in_the_header() -> None:
    request = ChatRequest(
        model="claude-opus-5", messages=[], tools=[WEATHER], extra={"betas": "a,b"}
    )
    assert WIRE.extra_headers(request) == {"anthropic-beta": "a,b"}


def test_a_request_without_beta_features_adds_no_header() -> None:
    assert WIRE.extra_headers(ChatRequest(model="claude-opus-5", messages=[])) == {}


# The system


def test_one_plain_system_text_is_a_string_on_top() -> None:
    body = build(turn("system", "Be brief."), turn("user", "hi"))
    assert body["system"] == "Be brief."
    assert body["messages"] == [{"role": "user", "content": "hi"}]


def test_a_marked_or_second_system_text_makes_blocks() -> None:
    body = build(
        turn("system", text("Be brief.", cache_control=MARK)),
        turn("system", "Be kind."),
        turn("user", "hi"),
    )
    assert body["system"] == [text("Be brief.", cache_control=MARK), text("Be kind.")]


INTERRUPTED = (
    turn("system", "Be brief."),
    turn("user", "hi"),
    turn("system", "Now in Spanish."),
)


def test_a_late_system_turn_keeps_its_place_where_the_model_hears_it_there() -> None:
    body = build(*INTERRUPTED, turn("assistant", "Hola"), turn("user", "?"), model="claude-opus-5")
    assert [message["role"] for message in body["messages"]] == [
        "user",
        "system",
        "assistant",
        "user",
    ]
    assert body["system"] == "Be brief."


def test_a_late_system_turn_may_be_the_last() -> None:
    body = build(*INTERRUPTED, model="claude-opus-4-8")
    assert body["messages"][-1] == {"role": "system", "content": "Now in Spanish."}


@pytest.mark.parametrize("model", ["claude-sonnet-4-6", "claude-sonnet-5", "MiniMax-M2"])
def test_a_late_system_turn_goes_on_top_for_models_that_hear_it_only_there(model: str) -> None:
    body = build(*INTERRUPTED, turn("assistant", "Hola"), turn("user", "?"), model=model)
    assert body["system"] == [text("Be brief."), text("Now in Spanish.")]
    assert {message["role"] for message in body["messages"]} == {"user", "assistant"}


def test_a_late_system_turn_goes_on_top_where_no_answer_follows_it() -> None:
    body = build(*INTERRUPTED, turn("user", "what now?"), model="claude-opus-5")
    assert body["system"] == [text("Be brief."), text("Now in Spanish.")]
    assert body["messages"] == [{"role": "user", "content": [text("hi"), text("what now?")]}]


def test_a_late_system_turn_goes_on_top_where_an_answer_precedes_it() -> None:
    body = build(
        turn("user", "hi"),
        turn("assistant", "hello"),
        turn("system", "Now in Spanish."),
        turn("user", "?"),
        model="claude-opus-5",
    )
    assert body["system"] == "Now in Spanish."


def test_an_image_in_a_system_turn_is_refused_by_name() -> None:
    image = {"type": "image", "url": "https://example.com/a.png"}
    with pytest.raises(UnsupportedContent, match=r"message 0 \(system\).*'image'"):
        build(turn("system", image), turn("user", "hi"))


# Turns


def test_turns_of_the_same_role_become_one_message() -> None:
    assert messages(
        turn("user", "a"),
        turn("user", "b"),
        turn("assistant", "c"),
        turn("assistant", "d"),
        turn("user", "e"),
    ) == [
        {"role": "user", "content": [text("a"), text("b")]},
        {"role": "assistant", "content": [text("c"), text("d")]},
        {"role": "user", "content": "e"},
    ]


def test_blank_texts_are_left_out_and_turns_without_anything_else_too() -> None:
    assert messages(
        turn("user", "a", " \n"),
        turn("assistant"),
        turn("user", "b"),
    ) == [{"role": "user", "content": [text("a"), text("b")]}]


def test_an_answer_to_go_on_from_does_not_end_in_white_space() -> None:
    sent = messages(turn("user", "a"), turn("assistant", "Sure: \n"))
    assert sent[-1] == {"role": "assistant", "content": "Sure:"}


def test_an_earlier_answer_keeps_its_white_space() -> None:
    sent = messages(turn("user", "a"), turn("assistant", "b\n"), turn("user", "c"))
    assert sent[1] == {"role": "assistant", "content": "b\n"}


def test_parallel_results_share_the_next_user_message_and_stand_first_in_it() -> None:
    sent = messages(
        turn("user", "weather?"),
        turn("assistant", "Let me see.", call(call_id="a"), call(call_id="b")),
        answer("a", "sunny"),
        turn("user", "and hurry"),
        answer("b", "rainy"),
    )
    assert sent[1]["content"][1] == {
        "type": "tool_use",
        "id": "a",
        "name": "weather",
        "input": {},
    }
    assert sent[2:] == [
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "sunny"},
                {"type": "tool_result", "tool_use_id": "b", "content": "rainy"},
                text("and hurry"),
            ],
        }
    ]


def test_a_failed_result_says_so() -> None:
    sent = messages(turn("assistant", call()), answer("toolu_1", "no network", failed=True))
    assert sent[-1]["content"] == [
        {
            "type": "tool_result",
            "tool_use_id": "toolu_1",
            "content": "no network",
            "is_error": True,
        }
    ]


def test_a_result_without_words_has_no_content() -> None:
    sent = messages(turn("assistant", call()), answer("toolu_1", ""))
    assert sent[-1]["content"] == [{"type": "tool_result", "tool_use_id": "toolu_1"}]


def test_a_result_may_hold_an_image_and_its_cache_marker_is_lifted() -> None:
    image = {"type": "image", "base64": "iVBORw0", "cache_control": MARK}
    sent = messages(turn("assistant", call()), answer("toolu_1", "look", image))
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0"}
    assert sent[-1]["content"] == [
        {
            "type": "tool_result",
            "tool_use_id": "toolu_1",
            "cache_control": MARK,
            "content": [text("look"), {"type": "image", "source": source}],
        }
    ]


# Ids of tool calls


def test_a_foreign_call_id_is_replaced_alike_on_call_and_result() -> None:
    sent = messages(
        turn("assistant", call(call_id="functions.f:0"), call(call_id="functions.f:1")),
        answer("functions.f:0", "a"),
        answer("functions.f:1", "b"),
    )
    calls = [block["id"] for block in sent[0]["content"]]
    assert [block["tool_use_id"] for block in sent[1]["content"]] == calls
    assert len(set(calls)) == 2
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]+", call_id) for call_id in calls)


def test_a_foreign_call_id_is_replaced_alike_in_every_request() -> None:
    turns = [turn("assistant", call(call_id="a.b")), answer("a.b", "x")]
    assert build(*turns) == build(*turns)


def test_an_id_that_a_server_uses_for_every_first_call_is_told_apart() -> None:
    sent = messages(
        turn("assistant", call(call_id="call_0")),
        answer("call_0", "one"),
        turn("assistant", call(call_id="call_0")),
        answer("call_0", "two"),
    )
    assert [message["content"][0].get("id") for message in sent[::2]] == ["call_0", "call_0_2"]
    assert [message["content"][0]["tool_use_id"] for message in sent[1::2]] == [
        "call_0",
        "call_0_2",
    ]


def test_a_call_without_an_id_gets_one_that_its_result_shares() -> None:
    sent = messages(turn("assistant", call(call_id="")), answer("", "x"))
    assert sent[0]["content"][0]["id"] == sent[1]["content"][0]["tool_use_id"] != ""


def test_a_card_may_map_call_ids_itself() -> None:
    spec = ProviderSpec(
        name="other",
        docs="https://example.com",
        wire=WIRE,
        base_url="https://example.com",
        tool_call_id=str.upper,
    )
    sent = messages(turn("assistant", call(call_id="ab")), answer("ab", "x"), spec=spec)
    assert sent[0]["content"][0]["id"] == sent[1]["content"][0]["tool_use_id"] == "AB"


# Thinking and native blocks


def test_signed_thinking_goes_back_in_its_place_and_unsigned_thinking_does_not() -> None:
    sent = messages(
        turn("user", "a"),
        turn(
            "assistant",
            {"type": "reasoning", "reasoning": "hm", "signature": "sig", "cache_control": MARK},
            {"type": "reasoning", "reasoning": "unsigned"},
            text("b"),
        ),
        turn("user", "c"),
    )
    assert sent[1]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        text("b"),
    ]


def test_native_blocks_go_back_as_they_are_without_what_streams_left_on_them() -> None:
    redacted = {"type": "redacted_thinking", "data": "xyz"}
    search = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}
    streamed = search | {"index": 1, "partial_json": '{"query": "x"}'}
    sent = messages(
        turn("user", "a"),
        turn(
            "assistant",
            {"type": "native", "value": redacted | {"index": 0}},
            {"type": "native", "value": streamed},
        ),
        turn("user", "c"),
    )
    assert sent[1]["content"] == [redacted, search | {"input": {"query": "x"}}]


def test_a_server_tools_broken_input_goes_back_as_nothing() -> None:
    streamed = {"type": "server_tool_use", "input": {}, "partial_json": '{"query'}
    sent = messages(turn("assistant", {"type": "native", "value": streamed}), turn("user", "c"))
    assert sent[0]["content"] == [{"type": "server_tool_use", "input": {}}]


def test_citations_go_back_in_answers_without_null_file_ids() -> None:
    cited = {"type": "char_location", "cited_text": "x", "document_index": 0, "file_id": None}
    block = text("b", citations=[cited, {"type": "foreign"}])
    sent = messages(turn("user", block), turn("assistant", block), turn("user", "c"))
    assert sent[0]["content"] == "b"
    assert sent[1]["content"] == [
        text("b", citations=[{"type": "char_location", "cited_text": "x", "document_index": 0}])
    ]


def test_what_the_api_put_on_a_tool_call_goes_back_with_it() -> None:
    caller = {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}
    sent = messages(turn("assistant", call() | {"caller": caller}), answer("toolu_1", "x"))
    assert sent[0]["content"][0]["caller"] == caller


# Media


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {"type": "image", "base64": "AAAA", "mime_type": "image/webp"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/webp", "data": "AAAA"},
            },
        ),
        (
            {"type": "image", "base64": "/9j/4AAQ"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/4AAQ"},
            },
        ),
        (
            {"type": "image", "url": "https://example.com/a.png"},
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        ),
        (
            {"type": "image", "file_id": "file_1"},
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        ),
        (
            {"type": "file", "base64": "JVBE", "filename": "a.pdf"},
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                "title": "a.pdf",
            },
        ),
        (
            {"type": "file", "url": "https://example.com/a.pdf", "cache_control": MARK},
            {
                "type": "document",
                "source": {"type": "url", "url": "https://example.com/a.pdf"},
                "cache_control": MARK,
            },
        ),
        (
            {"type": "file", "file_id": "file_1", "mime_type": "application/pdf"},
            {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        ),
        (
            {"type": "file", "base64": "w6k=", "mime_type": "text/csv; charset=utf-8"},
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "é"},
            },
        ),
        (
            {"type": "file", "base64": "R0lGOD", "mime_type": "image/gif"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/gif", "data": "R0lGOD"},
            },
        ),
    ],
)
def test_images_and_documents_take_anthropics_form(
    block: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert messages(turn("user", "look", block))[0]["content"] == [text("look"), expected]


@pytest.mark.parametrize(
    ("role", "block", "named"),
    [
        ("user", {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"}, "'audio'"),
        ("user", {"type": "video", "url": "https://example.com/a.mp4"}, "'video'"),
        ("user", {"type": "file", "base64": "AA==", "mime_type": "application/zip"}, "zip"),
        ("user", {"type": "file", "base64": "/w==", "mime_type": "text/plain"}, "utf-8"),
        ("user", {"type": "file", "base64": "!", "mime_type": "text/plain"}, "text file"),
        ("user", {"type": "image", "url": "gs://bucket/a.png"}, "http"),
        ("assistant", {"type": "image", "url": "https://example.com/a.png"}, "answers"),
    ],
)
def test_what_the_api_cannot_carry_is_refused_by_place_and_name(
    role: str, block: dict[str, Any], named: str
) -> None:
    with pytest.raises(UnsupportedContent, match=rf"message 3 \({role}\).*{named}"):
        build(turn(role, block, at=3))


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
            "input_schema": {"type": "object", "properties": {}},
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
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    return build(response_format=wanted)["output_config"]["format"]


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
    ("given", "expected"),
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
                "properties": {},
                "additionalProperties": False,
                "description": "{additionalProperties: {'type': 'string'}}",
            },
        ),
        ({"enum": [{"a": 1}]}, {"description": "{enum: [{'a': 1}]}"}),
        ({"$schema": "x", "type": "null", "default": None}, {"type": "null", "default": None}),
        ({"allOf": [True]}, {"allOf": [True]}),
        ({"$defs": 1}, {"$defs": 1}),
    ],
)
def test_what_the_schema_dialect_lacks_is_said_in_words(
    given: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    wanted = {"anyOf": [{"const": 1}, {"enum": ["a", None]}]} if expected is None else expected
    assert schema_of(**given)["schema"] == wanted


def test_the_callers_schema_is_not_changed() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object"}}}
    schema_of(**schema)
    assert schema == {"type": "object", "properties": {"a": {"type": "object"}}}


def test_a_request_for_any_json_adds_nothing_because_the_api_has_no_word_for_it() -> None:
    assert build(response_format={"type": "json_object"}) == build()


# Reasoning


@pytest.mark.parametrize(
    ("model", "effort", "thinking", "word"),
    [
        (
            "claude-opus-5",
            "high",
            {"type": "adaptive", "display": "summarized"},
            "high",
        ),
        ("claude-opus-4-7", "minimal", {"type": "adaptive", "display": "summarized"}, "low"),
        ("claude-sonnet-4-6", "medium", {"type": "adaptive"}, "medium"),
        ("claude-opus-4-6", "xhigh", {"type": "adaptive"}, "high"),
        ("claude-opus-4-5", "max", {"type": "enabled", "budget_tokens": 16_000}, "high"),
        ("claude-haiku-4-5", "low", {"type": "enabled", "budget_tokens": 2048}, None),
        ("claude-3-7-sonnet-latest", "high", {"type": "enabled", "budget_tokens": 8192}, None),
        ("claude-3-5-haiku-latest", "high", None, None),
        ("MiniMax-M2", "medium", {"type": "enabled", "budget_tokens": 8192}, None),
        ("claude-opus-4-6", "none", None, None),
        ("claude-haiku-4-5", "none", None, None),
        ("claude-opus-5", "none", {"type": "disabled"}, None),
        ("claude-sonnet-5-5", "none", {"type": "between_tools"}, None),
        ("claude-opus-5-5", "none", None, "low"),
        ("claude-fable-5-1", "none", None, "low"),
        ("MiniMax-M2", "none", {"type": "disabled"}, None),
    ],
)
def test_reasoning_effort_is_said_in_each_generations_words(
    model: str, effort: str, thinking: dict[str, Any] | None, word: str | None
) -> None:
    body = build(model=model, reasoning_effort=effort)
    assert body.get("thinking") == thinking
    assert body.get("output_config", {}).get("effort") == word


def test_there_is_no_thinking_where_the_limit_leaves_no_room_for_it() -> None:
    body = build(model="claude-haiku-4-5", reasoning_effort="high", max_tokens=2000)
    assert "thinking" not in body


def test_the_callers_own_thinking_wins_over_the_effort() -> None:
    own = {"type": "adaptive", "display": "omitted"}
    body = build(model="claude-opus-5", reasoning_effort="low", extra={"thinking": own})
    assert body["thinking"] == own
    assert body["output_config"] == {"effort": "low"}


def test_format_effort_and_the_callers_output_config_stand_together() -> None:
    body = build(
        model="claude-opus-5",
        reasoning_effort="low",
        response_format={"type": "json_schema", "json_schema": {"schema": {"type": "string"}}},
        extra={"output_config": {"effort": "max", "task_budget": {"total": 1}}},
    )
    assert body["output_config"] == {
        "format": {"type": "json_schema", "schema": {"type": "string"}},
        "effort": "max",
        "task_budget": {"total": 1},
    }


def test_a_forced_tool_goes_before_a_thinking_budget_which_it_excludes() -> None:
    body = build(
        model="claude-sonnet-4-5", reasoning_effort="high", tools=[WEATHER], tool_choice="any"
    )
    assert "thinking" not in body
    assert body["tool_choice"] == {"type": "any"}


def test_adaptive_thinking_and_a_forced_tool_go_together() -> None:
    body = build(
        model="claude-opus-4-6", reasoning_effort="high", tools=[WEATHER], tool_choice="any"
    )
    assert body["thinking"] == {"type": "adaptive"}


LOOP = (
    turn("user", "weather?"),
    turn("assistant", text("Let me see."), call()),
    answer("toolu_1", "sunny"),
)


def test_a_thinking_budget_waits_until_calls_made_without_thinking_are_over() -> None:
    thinking = {"type": "enabled", "budget_tokens": 2048}
    ask = {"model": "claude-sonnet-4-5", "extra": {"thinking": thinking}}
    assert "thinking" not in build(*LOOP, **ask)
    over = (*LOOP, turn("assistant", "It is sunny."), turn("user", "And tomorrow?"))
    assert build(*over, **ask)["thinking"] == thinking


def test_a_thinking_budget_stays_where_the_calls_were_thought_about() -> None:
    thought = {"type": "reasoning", "reasoning": "hm", "signature": "sig"}
    loop = (LOOP[0], turn("assistant", thought, call()), LOOP[2])
    body = build(*loop, model="claude-sonnet-4-5", reasoning_effort="low")
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2048}


# Sampling


SAMPLING = {"temperature": 0.2, "top_p": 0.9, "extra": {"top_k": 4}}


@pytest.mark.parametrize(
    ("request_", "kept"),
    [
        ({"model": "claude-3-haiku-20240307"}, {"temperature": 0.2, "top_p": 0.9, "top_k": 4}),
        ({"model": "claude-sonnet-4-6"}, {"temperature": 0.2, "top_k": 4}),
        ({"model": "claude-opus-4-7"}, {}),
        ({"model": "claude-sonnet-4-6", "reasoning_effort": "low"}, {}),
        ({"model": "claude-haiku-4-5", "reasoning_effort": "low", "top_p": 0.97}, {"top_p": 0.97}),
        (
            {"model": "claude-haiku-4-5", "reasoning_effort": "low", "temperature": 1},
            {"temperature": 1},
        ),
        ({"model": "MiniMax-M2"}, {"temperature": 0.2, "top_p": 0.9, "top_k": 4}),
    ],
)
def test_sampling_fields_that_the_model_refuses_are_left_out(
    request_: dict[str, Any], kept: dict[str, Any]
) -> None:
    body = build(**(SAMPLING | request_))
    assert {k: body[k] for k in ("temperature", "top_p", "top_k") if k in body} == kept

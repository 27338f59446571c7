"""Requests: turns and options in, a body out that OpenAI's own package declares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from openai.types.responses.response_create_params import ResponseCreateParams

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.types import ChatRequest, ProviderSpec
from scout_adapters.llm.wires.openai_responses import WIRE, ResponsesDialect
from tests.llm.wires.openai_responses.examples import (
    CUSTOM,
    NOTE,
    RICH,
    SEARCH,
    SPEC,
    function_call,
    message,
    reasoning,
    response,
    streamed,
    text_part,
)
from tests.llm.wires.openai_responses.examples import merged as merge
from tests.system.conversations.strict_judge import judge

departures = judge(ResponseCreateParams)
HI = HumanMessage("hi")


def build(
    *messages: BaseMessage, spec: ProviderSpec = SPEC, check: bool = True, **fields: Any
) -> Json:
    conversation = build_turns(messages or [HI], spec)
    request = ChatRequest(**{"model": "gpt-5", "messages": messages, **fields})
    body = WIRE.build_body(request, conversation.turns, spec)
    assert not check or departures(body) == []
    return body


def items(*messages: BaseMessage, **fields: Any) -> list[Json]:
    built: list[Json] = build(*messages, **fields)["input"]
    return built


def answer(*output: Json) -> AIMessage:
    return WIRE.parse_response(response(*output), SPEC)


def test_a_request_is_stateless_and_asks_for_encrypted_reasoning() -> None:
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
    wanted = {"type": "json_schema", "json_schema": {"name": "A", "schema": SCHEMA, "strict": True}}
    body = build(response_format=wanted, extra={"text": {"verbosity": "low"}})
    closed = SCHEMA | {"required": ["a", "b"], "additionalProperties": False}
    form = {"type": "json_schema", "name": "A", "schema": closed, "strict": True}
    assert body["text"] == {"format": form, "verbosity": "low"}
    assert "required" not in SCHEMA


def test_a_schema_that_is_not_strict_stays_as_it_is() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "A", "schema": SCHEMA}}
    form = {"type": "json_schema", "name": "A", "schema": SCHEMA}
    assert build(response_format=wanted)["text"] == {"format": form}


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
    declared = choice != "web_search"  # the package knows its older names only
    options = {"tool_choice": choice, "parallel_tool_calls": False, "check": declared}
    body = build(tools=[FUNCTION, *HOSTED], **options)
    assert body["tool_choice"] == sent
    assert body["parallel_tool_calls"] is False


def test_there_is_no_choice_without_tools() -> None:
    body = build(tool_choice="any", parallel_tool_calls=True)
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & body.keys()


def test_system_and_user_messages() -> None:
    assert items(SystemMessage("be brief"), HumanMessage("hi", name="ann")) == [
        {"type": "message", "role": "system", "content": "be brief"},
        {"type": "message", "role": "user", "content": "hi"},
    ]


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (
            {"type": "image", "base64": "QUJD", "mime_type": "image/png"},
            {
                "type": "input_image",
                "image_url": "data:image/png;base64,QUJD",
                "detail": "auto",
            },
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://a/b.png", "detail": "low"}},
            {"type": "input_image", "image_url": "https://a/b.png", "detail": "low"},
        ),
        (
            {"type": "image", "file_id": "file-1"},
            {"type": "input_image", "file_id": "file-1", "detail": "auto"},
        ),
        (
            {"type": "file", "base64": "QUJD", "mime_type": "application/pdf"},
            {
                "type": "input_file",
                "filename": "document.pdf",
                "file_data": "data:application/pdf;base64,QUJD",
            },
        ),
        (
            {"type": "file", "url": "https://a/b.pdf"},
            {"type": "input_file", "file_url": "https://a/b.pdf"},
        ),
        ({"type": "file", "file_id": "file-1"}, {"type": "input_file", "file_id": "file-1"}),
        (
            {"type": "input_file", "file_url": "https://a/b.pdf"},
            {"type": "input_file", "file_url": "https://a/b.pdf"},
        ),
    ],
)
def test_media_of_a_user_and_of_a_tool(block: Json, part: Json) -> None:
    text = {"type": "text", "text": "look"}
    (sent,) = items(HumanMessage([text, block]))
    assert sent["content"] == [{"type": "input_text", "text": "look"}, part]
    call = answer(function_call("f", "{}"))
    *_, result = items(HI, call, ToolMessage([block], tool_call_id="call_a"))
    assert result == {"type": "function_call_output", "call_id": "call_a", "output": [part]}


SOUND = {"type": "audio", "base64": "QUJD", "mime_type": "audio/x-wav"}


def test_audio_goes_only_where_it_is_taken() -> None:
    with pytest.raises(UnsupportedContent, match="audio"):
        build(HumanMessage([SOUND]))
    spec = replace(SPEC, dialect=ResponsesDialect(takes=frozenset({"audio"})))
    (sent,) = items(HumanMessage([SOUND]), spec=spec, check=False)
    part = {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}}
    assert sent["content"] == [part]
    assert WIRE.unsupported_media(SPEC) == {"audio", "video"}
    assert WIRE.unsupported_media(spec) == {"video"}


@pytest.mark.parametrize(
    "block",
    [{"type": "video", "url": "https://a/b.mp4"}, {"type": "audio", "url": "https://a/b.wav"}],
)
def test_media_that_no_message_carries_are_named(block: Json) -> None:
    with pytest.raises(UnsupportedContent, match=block["type"]):
        build(HumanMessage([block]))


def test_items_of_a_user_stand_between_the_parts_of_a_message() -> None:
    approval = {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True}
    text = {"type": "text", "text": "go"}
    assert items(HumanMessage([text, approval, text])) == [
        {"type": "message", "role": "user", "content": "go"},
        approval,
        {"type": "message", "role": "user", "content": "go"},
    ]


RESULTS = (
    ToolMessage("1", tool_call_id="call_a"),
    ToolMessage("2", tool_call_id="call_b"),
    ToolMessage("3", tool_call_id="call_c"),
)
SENT: list[Json] = [
    reasoning("Two and two", "make four.", encrypted_content="gAAAA"),
    SEARCH,
    {
        "type": "message",
        "role": "assistant",
        "content": "The answer is 4.But no more.",
        "phase": "final_answer",
    },
    reasoning(item_id="rs_2", content=[{"type": "reasoning_text", "text": "Ask f."}]),
    {
        "type": "function_call",
        "call_id": "call_a",
        "name": "f",
        "arguments": '{"a": 1, "text": "ä\\n"}',
    },
    {"type": "function_call", "call_id": "call_b", "name": "g", "arguments": "{}"},
    {name: value for name, value in CUSTOM.items() if name != "id"},
    {"type": "function_call_output", "call_id": "call_a", "output": "1"},
    {"type": "function_call_output", "call_id": "call_b", "output": "2"},
    {"type": "custom_tool_call_output", "call_id": "call_c", "output": "3"},
]


@pytest.mark.parametrize("made", [WIRE.parse_response(RICH, SPEC), merge(streamed(RICH, [3, 8]))])
def test_an_answer_goes_back_as_it_came(made: AIMessage) -> None:
    """All but the ids, which a server without memory does not know, and reasoning at the end."""
    assert items(HI, made, *RESULTS)[1:] == SENT


def test_an_answer_goes_back_with_its_ids_where_it_was_stored() -> None:
    made = answer(
        reasoning(item_id="rs_9"),
        message(
            text_part("Hi", {"type": "file_citation", "file_id": "f", "filename": "n", "index": 7}),
            {"type": "refusal", "refusal": "No."},
        ),
        function_call("f", "{}", namespace="n"),
    )
    sent = items(HI, made, RESULTS[0], extra={"store": True})
    assert sent[1:-1] == [
        reasoning(item_id="rs_9"),
        made_message(
            text_part("Hi", {"type": "file_citation", "file_id": "f", "filename": "n", "index": 7}),
            {"type": "refusal", "refusal": "No."},
        ),
        {
            "type": "function_call",
            "id": "fc_call_a",
            "call_id": "call_a",
            "name": "f",
            "arguments": "{}",
            "namespace": "n",
        },
    ]


def made_message(*parts: Json) -> Json:
    return message(*parts)


def test_reasoning_that_is_not_encrypted_stays_behind() -> None:
    made = answer(reasoning("Hm."), message(text_part("Hi")))
    assert [item["type"] for item in items(HI, made, HI)] == ["message"] * 3


def test_reasoning_that_nothing_follows_stays_behind() -> None:
    made = answer(message(text_part("Hi")), reasoning(encrypted_content="g"))
    assert [item["type"] for item in items(HI, made, HI)] == ["message"] * 3


def test_two_messages_of_an_answer_stay_two() -> None:
    made = answer(
        message(text_part("Wait"), phase="commentary"),
        message(text_part("Done"), item_id="msg_2", phase="final_answer"),
    )
    assert [(item["content"], item["phase"]) for item in items(HI, made)[1:]] == [
        ("Wait", "commentary"),
        ("Done", "final_answer"),
    ]


def test_unknown_items_go_back_unchanged() -> None:
    unknown = {"type": "yet_to_come", "id": "x_1", "data": [1, {"a": None, "index": 3}]}
    whole = answer(unknown, message(text_part("Hi")))
    parts = merge(streamed(response(unknown, message(text_part("Hi")))))
    assert items(HI, whole, check=False)[1] == unknown
    assert items(HI, parts, check=False)[1] == unknown


def test_an_edited_call_goes_back_as_edited() -> None:
    made = answer(function_call("f", '{"a": 1}'))
    made.tool_calls[0]["args"] = {"a": 2}
    assert items(HI, made, RESULTS[0])[1]["arguments"] == '{"a": 2}'


def test_a_broken_call_that_was_not_answered_stays_behind() -> None:
    made = answer(message(text_part("Hi")), function_call("f", '{"a": '))
    assert [item["type"] for item in items(HI, made, HI)] == ["message"] * 3
    *_, call, result = items(HI, made, RESULTS[0])
    assert (call["arguments"], result["output"]) == ('{"a": ', "1")


def test_a_result_names_the_program_that_called() -> None:
    caller = {"type": "program", "caller_id": "call_p"}
    *_, call, result = items(HI, answer(function_call("f", "{}", caller=caller)), RESULTS[0])
    assert call["caller"] == result["caller"] == caller


@pytest.mark.parametrize(
    ("call", "content", "result"),
    [
        (
            {"type": "computer_call", "id": "cu_1", "status": "completed",
             "pending_safety_checks": [], "action": {"type": "screenshot"}},
            [{"type": "image", "base64": "QUJD", "mime_type": "image/png"}],
            {"output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,QUJD"}},
        ),
        (
            {"type": "computer_call", "id": "cu_1", "status": "completed",
             "pending_safety_checks": [], "action": {"type": "screenshot"}},
            "data:image/png;base64,QUJD",
            {"output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,QUJD"}},
        ),
        (
            {"type": "apply_patch_call", "status": "completed",
             "operation": {"type": "delete_file", "path": "a"}},
            "gone",
            {"status": "completed", "output": "gone"},
        ),
        (
            {"type": "shell_call", "action": {"commands": ["ls"]}},
            "a b",
            {"output": [{"stdout": "a b", "stderr": "",
                         "outcome": {"type": "exit", "exit_code": 0}}]},
        ),
    ],
)  # fmt: skip
def test_results_of_tools_with_items_of_their_own(call: Json, content: Any, result: Json) -> None:
    *_, sent = items(
        HI, answer(call | {"call_id": "call_a"}), ToolMessage(content, tool_call_id="call_a")
    )
    assert sent == {"type": f"{call['type']}_output", "call_id": "call_a", **result}


def test_a_result_in_the_form_of_this_api_is_sent_as_it_is() -> None:
    own = {"type": "custom_tool_call_output", "output": "3"}
    *_, sent = items(HI, answer(CUSTOM), ToolMessage([own], tool_call_id="call_c"))
    assert sent == own | {"call_id": "call_c"}


def test_ids_of_calls_take_the_form_that_the_card_wants() -> None:
    spec = replace(SPEC, tool_call_id=lambda call_id: call_id.upper())
    *_, call, result = items(HI, answer(function_call("f", "{}")), RESULTS[0], spec=spec)
    assert call["call_id"] == result["call_id"] == "CALL_A"


def test_answers_of_another_maker_go_as_text_and_calls() -> None:
    made = AIMessage(
        [
            {"type": "thinking", "thinking": "Hm.", "signature": "s"},
            {"type": "text", "text": "Hi", "id": "lc_1"},
        ],
        tool_calls=[{"name": "f", "args": {"a": 1}, "id": "call_a"}],
        response_metadata={"model_provider": "anthropic"},
    )
    assert items(HI, made, RESULTS[0])[1:3] == [
        {"type": "message", "role": "assistant", "content": "Hi"},
        {"type": "function_call", "call_id": "call_a", "name": "f", "arguments": '{"a": 1}'},
    ]


def test_answers_of_the_same_maker_over_another_wire() -> None:
    made = AIMessage(
        "Hi",
        additional_kwargs={"reasoning_content": "Hm.", "refusal": None},
        tool_calls=[{"name": "f", "args": {}, "id": "call_a"}],
        response_metadata={"model_provider": "openai"},
    )
    assert [item["type"] for item in items(HI, made, RESULTS[0])] == [
        "message",
        "message",
        "function_call",
        "function_call_output",
    ]


def test_items_without_a_maker_are_recognised() -> None:
    made = answer(reasoning(encrypted_content="g"), message(text_part("Hi", NOTE)))
    del made.response_metadata["model_provider"]
    assert WIRE.recognises(made)
    assert items(HI, made)[1] == reasoning(encrypted_content="g")
    assert not WIRE.recognises(AIMessage([{"type": "text", "text": "Hi"}]))


def test_what_chatopenai_keeps_beside_the_content_in_its_old_form_goes_back() -> None:
    made = AIMessage(
        [{"type": "text", "text": "Hi"}],
        id="msg_1",
        additional_kwargs={
            "reasoning": {"id": "rs_1", "summary": [], "encrypted_content": "g"},
            "tool_outputs": [SEARCH],
        },
        response_metadata={"model_provider": "openai"},
    )
    assert items(HI, made)[1:] == [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "g"},
        SEARCH,
        {"type": "message", "role": "assistant", "content": "Hi"},
    ]


def test_limits_of_a_body_are_read_where_this_api_has_them() -> None:
    assert WIRE.output_limit({"max_output_tokens": 7, "max_tokens": 9}) == 7

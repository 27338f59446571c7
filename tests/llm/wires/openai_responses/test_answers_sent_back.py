"""Answers and results of tools go back to the Responses API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    ToolMessage,
)

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.wires.openai_responses import WIRE
from scout_adapters.llm.wires.openai_responses.v1_blocks import standard_blocks
from tests.llm.wires.openai_responses.bodies import HI, answer, items
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
    unindexed,
)
from tests.llm.wires.openai_responses.examples import merged as merge

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


@pytest.mark.parametrize("first", [WIRE.parse_response(RICH, SPEC), merge(streamed(RICH, [3, 8]))])
def test_an_answer_goes_back_as_it_came(first: AIMessage) -> None:
    """All but the ids, which a server that stores nothing rejects, and reasoning at the end."""
    assert items(HI, first, *RESULTS)[1:] == SENT


def test_an_answer_goes_back_with_its_ids_where_it_was_stored() -> None:
    stored = answer(
        reasoning(item_id="rs_9"),
        message(
            text_part("Hi", {"type": "file_citation", "file_id": "f", "filename": "n", "index": 7}),
            {"type": "refusal", "refusal": "No."},
        ),
        function_call("f", "{}", namespace="n"),
    )
    sent = items(HI, stored, RESULTS[0], extra={"store": True})
    assert sent[1:-1] == [
        reasoning(item_id="rs_9"),
        sent_message(
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


def sent_message(*parts: Json) -> Json:
    return message(*parts)


def test_reasoning_that_is_not_encrypted_stays_behind() -> None:
    first = answer(reasoning("Hm."), message(text_part("Hi")))
    assert [item["type"] for item in items(HI, first, HI)] == ["message"] * 3


def test_reasoning_of_a_stream_is_as_it_began_and_goes_back_as_completed() -> None:
    thought = reasoning("Hm.", encrypted_content="gAAA", content=[], status="completed")
    body = response(thought, message(text_part("Hi")))
    events = streamed(body)
    events[2]["item"]["content"] = []
    first = merge(events)
    block = unindexed(first.content)[0]
    assert block == thought | {"status": "in_progress"}
    assert items(HI, first)[1] == thought
    standard = first.model_copy(update={"content": standard_blocks(first)})
    assert items(HI, standard)[1] == thought


def test_reasoning_that_nothing_follows_stays_behind() -> None:
    first = answer(message(text_part("Hi")), reasoning(encrypted_content="g"))
    assert [item["type"] for item in items(HI, first, HI)] == ["message"] * 3


def test_two_messages_of_an_answer_stay_two() -> None:
    first = answer(
        message(text_part("Wait"), phase="commentary"),
        message(text_part("Done"), item_id="msg_2", phase="final_answer"),
    )
    assert [(item["content"], item["phase"]) for item in items(HI, first)[1:]] == [
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
    first = answer(function_call("f", '{"a": 1}'))
    first.tool_calls[0]["args"] = {"a": 2}
    assert items(HI, first, RESULTS[0])[1]["arguments"] == '{"a": 2}'


def test_a_broken_call_that_was_not_answered_stays_behind() -> None:
    first = answer(message(text_part("Hi")), function_call("f", '{"a": '))
    assert [item["type"] for item in items(HI, first, HI)] == ["message"] * 3
    *_, call, result = items(HI, first, RESULTS[0])
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
    first = AIMessage(
        [
            {"type": "thinking", "thinking": "Hm.", "signature": "s"},
            {"type": "text", "text": "Hi", "id": "lc_1"},
        ],
        tool_calls=[{"name": "f", "args": {"a": 1}, "id": "call_a"}],
        response_metadata={"model_provider": "anthropic"},
    )
    assert items(HI, first, RESULTS[0])[1:3] == [
        {"type": "message", "role": "assistant", "content": "Hi"},
        {"type": "function_call", "call_id": "call_a", "name": "f", "arguments": '{"a": 1}'},
    ]


def test_answers_of_the_same_maker_over_another_wire() -> None:
    first = AIMessage(
        "Hi",
        additional_kwargs={"reasoning_content": "Hm.", "refusal": None},
        tool_calls=[{"name": "f", "args": {}, "id": "call_a"}],
        response_metadata={"model_provider": "openai"},
    )
    assert [item["type"] for item in items(HI, first, RESULTS[0])] == [
        "message",
        "message",
        "function_call",
        "function_call_output",
    ]


def test_items_without_a_maker_are_recognised() -> None:
    first = answer(reasoning(encrypted_content="g"), message(text_part("Hi", NOTE)))
    del first.response_metadata["model_provider"]
    assert WIRE.recognises(first)
    assert items(HI, first)[1] == reasoning(encrypted_content="g")
    assert not WIRE.recognises(AIMessage([{"type": "text", "text": "Hi"}]))


def test_what_chatopenai_keeps_beside_the_content_in_its_old_form_goes_back() -> None:
    first = AIMessage(
        [{"type": "text", "text": "Hi"}],
        id="msg_1",
        additional_kwargs={
            "reasoning": {"id": "rs_1", "summary": [], "encrypted_content": "g"},
            "tool_outputs": [SEARCH],
        },
        response_metadata={"model_provider": "openai"},
    )
    assert items(HI, first)[1:] == [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "g"},
        SEARCH,
        {"type": "message", "role": "assistant", "content": "Hi"},
    ]


def test_limits_of_a_body_are_read_where_this_api_has_them() -> None:
    assert WIRE.output_limit({"max_output_tokens": 7, "max_tokens": 9}) == 7

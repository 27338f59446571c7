"""Streamed responses: events in, chunks out that LangChain can add up."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.wires.openai_responses import WIRE
from tests.llm.wires.openai_responses.examples import (
    COUNTED,
    CUSTOM,
    ID,
    NOTE,
    RICH,
    SEARCH,
    SPEC,
    function_call,
    merged,
    message,
    read,
    reasoning,
    response,
    streamed,
    text_part,
    unindexed,
)

HELLO = response(message(text_part("Hello"), phase="final_answer"))


def test_a_stream_is_chunks_of_content_and_a_last_one_with_the_rest() -> None:
    first, second, last = read(streamed(HELLO, [3]))[0]
    names = {"model_name": "gpt-5-2026", "id": ID, "model_provider": "openai"}
    labels = {"id": "msg_1", "phase": "final_answer"}
    assert first == AIMessageChunk(
        content=[{"type": "text", "text": "Hel", "index": 0, **labels}],
        id=ID,
        response_metadata=names,
    )
    assert second == AIMessageChunk(
        content=[{"type": "text", "text": "lo", "index": 0}],
        id=ID,
        response_metadata={"model_provider": "openai"},
    )
    assert last.content == []
    assert last.chunk_position == "last"
    assert last.usage_metadata == COUNTED
    assert last.response_metadata["finish_reason"] == "stop"
    assert last.response_metadata["status"] == "completed"


def test_a_stream_makes_the_message_of_the_whole_response() -> None:
    whole, total = WIRE.parse_response(RICH, SPEC), merged(streamed(RICH, [1, 7]))
    for block in whole.content:  # the status of a call is not known when it begins
        if isinstance(block, dict) and block["type"] == "function_call":
            del block["status"]
        if isinstance(block, dict) and block.get("annotations") == []:
            del block["annotations"]
    assert unindexed(total.content) == whole.content
    for aspect in ("tool_calls", "usage_metadata", "response_metadata", "id", "text"):
        assert getattr(total, aspect) == getattr(whole, aspect), aspect


def test_blocks_have_numbers_of_their_own_also_side_by_side() -> None:
    events = streamed(response(message(text_part("one")), message(text_part("two"), item_id="m2")))
    kinds = [event["type"] for event in events]
    first, second = (at for at, kind in enumerate(kinds) if kind == "response.output_item.added")
    ends = [at for at, kind in enumerate(kinds) if kind == "response.output_item.done"]
    mixed = [*events[:first], events[first], events[second], *events[second + 1 : ends[1]]]
    mixed += [*events[first + 1 : ends[0]], events[ends[0]], events[ends[1]], events[-1]]
    for number, event in enumerate(mixed):
        event["sequence_number"] = number
    assert {block["text"] for block in merged(mixed).content if isinstance(block, dict)} == {
        "one",
        "two",
    }


def test_reasoning_without_text_waits_for_content() -> None:
    """It shows a reader nothing, so the call may still go to another provider."""
    body = response(reasoning(encrypted_content="gAAAA"), message(text_part("Hi")))
    reader = WIRE.reader(SPEC)
    *before, _delta_done, _item_done, _end = streamed(body)
    shown = [chunk for event in before if (chunk := reader.feed(event)) is not None]
    assert [unindexed(chunk.content) for chunk in shown] == [
        [
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"},
            {"type": "text", "text": "Hi", "id": "msg_1"},
        ]
    ]


def test_reasoning_that_ends_a_stream_is_in_the_last_chunk() -> None:
    chunks, _ = read(streamed(response(reasoning(encrypted_content="gAAAA"))))
    assert [block["type"] for chunk in chunks for block in chunk.content] == ["reasoning"]  # type: ignore[index]  # they are dicts
    assert chunks[-1].content


def test_arguments_come_as_they_are_written() -> None:
    chunks, _ = read(streamed(response(function_call("f", '{"a": 1}')), [4]))
    calls = [call for chunk in chunks for call in chunk.tool_call_chunks]
    assert [(c["name"], c["args"], c["id"], c["index"]) for c in calls] == [
        ("f", "", "call_a", 0),
        (None, '{"a"', None, 0),
        (None, ": 1}", None, 0),
    ]


def test_the_input_of_a_custom_tool_comes_as_it_is_written() -> None:
    chunks, _ = read(streamed(response(CUSTOM), [3]))
    pieces = [call["args"] for chunk in chunks for call in chunk.tool_call_chunks]
    assert pieces == ['{"__arg1": "', "1 +", ' \\"1\\"\\n', '"}']
    assert merged(streamed(response(CUSTOM), [3])).tool_calls[0]["args"] == {
        "__arg1": CUSTOM["input"]
    }


def without(events: list[Json], *kinds: str) -> list[Json]:
    return [event for event in events if event["type"] not in kinds]


@pytest.mark.parametrize(
    "left_out",
    [
        ["response.output_text.delta"],
        ["response.output_text.annotation.added"],
        ["response.refusal.delta"],
        ["response.function_call_arguments.delta", "response.custom_tool_call_input.delta"],
        ["response.reasoning_summary_text.delta", "response.reasoning_text.delta"],
    ],
)
def test_what_did_not_come_in_pieces_comes_with_the_end_of_its_item(left_out: list[str]) -> None:
    complete, lacking = streamed(RICH, [5]), without(streamed(RICH, [5]), *left_out)
    total, whole = merged(lacking), merged(complete)
    assert unindexed(total.content) == unindexed(whole.content)
    assert total.tool_calls == whole.tool_calls


def test_a_response_without_events_of_its_items_is_read_from_its_end() -> None:
    total = merged([streamed(RICH)[0], streamed(RICH)[-1]])
    assert unindexed(total.content) == unindexed(merged(streamed(RICH)).content)
    assert total.tool_calls == merged(streamed(RICH)).tool_calls


def test_an_item_without_an_end_is_completed_from_the_end_of_the_response() -> None:
    events = without(streamed(RICH, [4]), "response.output_item.done")
    late, whole = (unindexed(merged(each).content) for each in (events, streamed(RICH, [4])))
    assert sorted(late, key=str) == sorted(whole, key=str)


def test_an_end_without_output_loses_nothing() -> None:
    """As the servers of Codex send it, which store nothing."""
    total = merged(streamed(RICH, output=[]))
    assert unindexed(total.content) == unindexed(merged(streamed(RICH)).content)


def test_ids_that_change_with_every_event_do_no_harm() -> None:
    """As Copilot sends them."""
    events = [copy.deepcopy(event) for event in streamed(HELLO, [2])]
    for number, event in enumerate(events):
        for holder in (event, event.get("item", {}), event.get("response", {})):
            for name in ("id", "item_id"):
                if name in holder:
                    holder[name] = f"id_{number}"
    total = merged(events)
    assert total.text == "Hello"
    assert total.id == "id_0"


def test_the_place_of_an_item_may_change_until_its_end() -> None:
    """After several tools of its own OpenAI ends an item at a later place than it began."""
    events = streamed(response(SEARCH, message(text_part("Hi"))))
    for event in events:
        if event["type"] == "response.output_item.done":
            event["output_index"] += 3
    assert [block["type"] for block in merged(events).content] == ["web_search_call", "text"]  # type: ignore[index]  # they are dicts


def test_an_image_shows_as_far_as_it_is_drawn() -> None:
    image = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "QUJD"}
    events = streamed(response(image))
    partial = {"partial_image_index": 0, "partial_image_b64": "QQ==", "item_id": "ig_1"}
    kind = {"type": "response.image_generation_call.partial_image", "output_index": 0}
    events.insert(3, {**kind, **partial})
    assert unindexed(merged(events).content) == [{"type": "partial_image", **partial}, image]


@pytest.mark.parametrize("event", [
    {"type": "keepalive"},
    {"type": "response.web_search_call.searching", "item_id": "ws_1", "output_index": 0},
    {"type": "response.yet_to_come", "error": None},
    {"no": "type"},
    None,
])  # fmt: skip
def test_events_without_content_are_passed_over(event: Any) -> None:
    events = streamed(HELLO)
    assert merged([*events[:3], event, *events[3:]]).text == "Hello"


def test_an_incomplete_response_is_an_answer() -> None:
    body = HELLO | {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    total = merged(streamed(body))
    assert total.text == "Hello"
    assert total.response_metadata["finish_reason"] == "length"


def test_a_stream_without_a_terminal_event_is_not_finished() -> None:
    _, reader = read(streamed(HELLO)[:-1])
    assert not reader.finished
    assert read(streamed(HELLO))[1].finished


ERROR = {"code": "server_error", "message": "no"}


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "error": ERROR},
        {"type": "error", "param": None, "sequence_number": 9, **ERROR},
        {"type": "response.failed", "response": response(status="failed", error=ERROR)},
        {"type": "response.failed", "response": {}},
        {"type": "response.failed", "error": ERROR},
        {"type": "response.cancelled", "response": {"id": ID}},
        {"type": "response.completed", "response": response(status="failed")},
        {"error": ERROR},
    ],
)
def test_an_error_in_a_stream_is_refused(event: Json) -> None:
    reader = WIRE.reader(SPEC)
    for before in streamed(HELLO)[:4]:
        reader.feed(before)
    with pytest.raises(ProviderRefusal) as refused:
        reader.feed(event)
    assert not reader.finished
    assert set(refused.value.payload) == {"error"}


def test_what_a_failed_response_used_is_counted() -> None:
    reader = WIRE.reader(SPEC)
    with pytest.raises(ProviderRefusal):
        reader.feed({"type": "response.failed", "response": response(error=ERROR)})
    assert reader.usage == COUNTED


def test_an_error_after_the_end_is_still_one_and_nothing_else_is() -> None:
    reader = WIRE.reader(SPEC)
    for event in streamed(HELLO):
        reader.feed(event)
    assert reader.feed(streamed(HELLO)[0]) is None
    with pytest.raises(ProviderRefusal):
        reader.feed({"type": "error", "error": ERROR})


def ended_with(item: Any) -> Json:
    """Return the last event of a response whose whole output is this item."""
    return {"type": "response.completed", "response": {**response(), "output": [item]}}


DEEP: Any = []
for _ in range(3000):
    DEEP = [DEEP]
TEXT = {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "delta": "x"}


@pytest.mark.parametrize(
    ("events", "error"),
    [
        ([TEXT], "never added"),
        ([{**TEXT, "item_id": "other", "output_index": 7}], "never added"),
        ([*streamed(HELLO)[2:3], {**TEXT, "content_index": "a"}], "has no place"),
        ([*streamed(HELLO)[2:3], {**TEXT, "delta": 7}], "'delta'"),
        ([*streamed(HELLO)[2:-1], {**TEXT, "content_index": 0}], "after the end"),
        ([streamed(HELLO)[2], streamed(HELLO)[2]], "added twice"),
        ([streamed(HELLO)[-2]], "never added"),
        ([{**streamed(HELLO)[-2], "output_index": DEEP}], "an item of the response ends"),
        ([{**streamed(HELLO)[2], "output_index": DEEP}], "has no place"),
        ([*streamed(HELLO)[2:-1], streamed(HELLO)[-2]], "ends twice"),
        ([{"type": "response.created"}], "'response'"),
        ([streamed(HELLO)[3], streamed(HELLO)[2]], "never added"),
        ([streamed(HELLO)[2], {**streamed(HELLO)[1], "sequence_number": 0}], "comes after"),
        (["text"], "an object"),
        ([*streamed(HELLO)[:3], ended_with([])], "'type'"),
        ([*streamed(HELLO)[:3], ended_with(function_call("f", "{}"))], "as another type"),
        (
            [
                streamed(response(SEARCH))[2],
                {"type": "response.function_call_arguments.delta", "delta": "{", "output_index": 0},
            ],
            "arguments in an item",
        ),
        (
            [
                streamed(HELLO)[2],
                {
                    "type": "response.reasoning_summary_text.delta",
                    "delta": "x",
                    "output_index": 0,
                    "summary_index": 0,
                },
            ],
            "reasoning in an item",
        ),
    ],
)
def test_events_out_of_order_are_malformed(events: list[Any], error: str) -> None:
    with pytest.raises(MalformedResponse, match=error):
        read(events)


def test_annotations_are_added_to_their_text() -> None:
    total = merged(streamed(response(message(text_part("Hi", NOTE, {**NOTE, "start_index": 1})))))
    (block,) = total.content
    assert isinstance(block, dict)
    assert block["annotations"] == [NOTE, {**NOTE, "start_index": 1}]

"""Streams of servers that count places differently, state none, or send nulls and other errors."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import pytest

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.wires.openai_responses import WIRE
from tests.llm.wires.openai_responses.examples import (
    SPEC,
    function_call,
    merged,
    message,
    read,
    response,
    text_part,
    unindexed,
)

THOUGHT: Json = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [],
    "content": [{"type": "reasoning_text", "text": "Let me see."}],
}
SAID = message(text_part("It is 4 now."))
CALL = function_call("f", '{"a": 1}')
PIECES = {
    "reasoning": ("reasoning_text", ["Let ", "me ", "see."]),
    "message": ("output_text", ["It ", "is ", "4 now."]),
    "function_call": ("function_call_arguments", ['{"a"', ": 1}"]),
}


def begun(item: Json) -> Json:
    empty = {"arguments": ""} if item["type"] == "function_call" else {"content": []}
    return {**item, **empty, "status": "in_progress"}


def item_events(item: Json, deltas: list[Json], **place: Any) -> list[Json]:
    name, _ = PIECES[item["type"]]
    if "item_id" not in place:
        place = {"item_id": item["id"], **place}
    beginning = {"type": "response.output_item.added", "item": begun(item), **place}
    ending = {"type": "response.output_item.done", "item": item, **place}
    return [beginning, *({"type": f"response.{name}.delta", **place, **d} for d in deltas), ending]


def stream(*events: list[Json], **more: Any) -> list[Json]:
    body = response(THOUGHT, SAID, CALL, **more)
    head = {**body, "status": "in_progress", "output": []}
    between = [event for each in events for event in each]
    created = {"type": "response.created", "response": head}
    return [created, *between, {"type": "response.completed", "response": body}]


def pieces(item: Json, **each: Any) -> list[Json]:
    return [{"delta": delta, **each} for delta in PIECES[item["type"]][1]]


def counted(item: Json, first: int) -> list[Json]:
    return [piece | {"content_index": first + at} for at, piece in enumerate(pieces(item))]


def llamacpp() -> list[Json]:
    """Return a stream without places; its calls have no id, and are named by `call_id`.

    https://github.com/ggml-org/llama.cpp/issues/20607
    """
    call = {name: value for name, value in CALL.items() if name != "id"}
    body = response(THOUGHT, SAID, call)
    events = stream(
        item_events(THOUGHT, pieces(THOUGHT)),
        item_events(SAID, pieces(SAID)),
        item_events(call, pieces(call), item_id=call["call_id"]),
    )
    return [*events[:-1], {"type": "response.completed", "response": body}]


def counting(first: int, *, ends: bool) -> list[Json]:
    """Return a stream in which each piece has a place of its own, as vLLM sends it.

    https://github.com/vllm-project/vllm/pull/35184
    """
    texts = []
    for at, item in enumerate((THOUGHT, SAID)):
        events = item_events(item, counted(item, first), output_index=at)
        if ends:
            name, words = PIECES[item["type"]]
            place = {"item_id": item["id"], "output_index": at, "content_index": first + 3}
            done = {"type": f"response.{name}.done", "text": "".join(words), **place}
            part = {"type": "response.content_part.done", **place}
            events[-1:-1] = [done, part]
        texts.append(events)
    return stream(*texts, item_events(CALL, pieces(CALL), output_index=2))


def continuing() -> list[Json]:
    """Return a stream whose places go on from item to item, as vLLM sends gpt-oss.

    https://github.com/vllm-project/vllm/issues/45742
    """
    thought = item_events(THOUGHT, pieces(THOUGHT, content_index=0), output_index=0)
    said = item_events(SAID, pieces(SAID, content_index=1), output_index=1)
    return stream(thought, said, item_events(CALL, pieces(CALL), output_index=2))


def from_one() -> list[Json]:
    """Return a stream that counts items from one: https://github.com/sgl-project/sglang/issues/12644."""
    items = enumerate((THOUGHT, SAID, CALL), start=1)
    events = (item_events(i, pieces(i, content_index=0), output_index=at) for at, i in items)
    return stream(*events)


STREAMS = {
    "llama.cpp": llamacpp,
    "each piece counted": lambda: counting(0, ends=False),
    "each piece counted, with ends": lambda: counting(0, ends=True),
    "each piece counted from one": lambda: counting(1, ends=False),
    "places go on": continuing,
    "items from one": from_one,
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_with_places_of_its_own_adds_up_to_the_whole_answer(name: str) -> None:
    total = merged(STREAMS[name]())
    whole = WIRE.parse_response(response(THOUGHT, SAID, CALL), SPEC)
    assert total.text == whole.text == "It is 4 now."
    thoughts, text, call = unindexed(total.content)
    assert "".join(part["text"] for part in thoughts["content"]) == "Let me see."
    assert (text["type"], call["type"]) == ("text", "function_call")
    assert total.tool_calls == whole.tool_calls
    assert total.usage_metadata == whole.usage_metadata


def test_two_texts_whose_ends_came_stay_two_where_each_piece_is_counted() -> None:
    texts = message(text_part("ab"), text_part("cd"))
    place: Json = {"item_id": "msg_1", "output_index": 0}
    events: list[Json] = [{"type": "response.output_item.added", **place, "item": begun(texts)}]
    for at, letter in enumerate("abcd"):
        delta = {"type": "response.output_text.delta", "delta": letter, "content_index": at}
        events.append(delta | place)
        if at == 1:
            events.append({"type": "response.content_part.done", **place, "content_index": 1})
    body = response(texts)
    events += [
        {"type": "response.output_item.done", **place, "item": texts},
        {"type": "response.completed", "response": body},
    ]
    total = merged([{"type": "response.created", "response": body}, *events])
    assert [block["text"] for block in total.content if isinstance(block, dict)] == ["ab", "cd"]


def test_summaries_without_beginnings_are_shown_as_they_come() -> None:
    """Ollama sends none: https://github.com/can1357/oh-my-pi/issues/8696."""
    thought = {**THOUGHT, "summary": [{"type": "summary_text", "text": "Let me see."}]}
    thought.pop("content")
    body = response(thought, SAID)
    place: Json = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
    kind = "response.reasoning_summary_text.delta"
    events = [
        {"type": "response.created", "response": body | {"output": []}},
        {"type": "response.output_item.added", **place, "item": {**thought, "summary": []}},
        *({"type": kind, "delta": word, **place} for word in ("Let ", "me ", "see.")),
        {"type": "response.output_item.done", **place, "item": thought},
        *item_events(SAID, pieces(SAID, content_index=0), output_index=1),
        {"type": "response.completed", "response": body},
    ]
    assert unindexed(merged(events).content)[0]["summary"] == thought["summary"]


def test_nulls_in_place_of_lists_and_items_are_empty() -> None:
    """As gateways send them: https://github.com/openai/openai-python/pull/3426, .../issues/3314."""
    nulled = message({"type": "output_text", "text": "Hi", "annotations": None, "logprobs": None})
    thought = {**THOUGHT, "summary": None}
    body = response(thought, nulled)
    place: Json = {"output_index": 1, "item_id": "msg_1"}
    events: list[Json] = [
        {"type": "response.created", "response": {**body, "output": None}},
        {"type": "response.output_item.added", "output_index": 0, "item": None},
        {"type": "response.output_item.added", **place, "item": {**nulled, "content": None}},
        {"type": "response.output_text.delta", **place, "content_index": 0, "delta": "Hi"},
        {"type": "response.output_item.done", **place, "item": nulled},
        {"type": "response.completed", "response": {**body, "output": None}},
    ]
    assert merged(events).text == "Hi"
    silent = message({"type": "output_text", "text": None, "annotations": None})
    items: list[Any] = [None, thought, nulled, {**message(), "content": None}, silent]
    whole = response(*items, tools=None, metadata=None)
    events[-1] = {"type": "response.completed", "response": whole | {"output": [None]}}
    assert merged(events).text == "Hi"
    assert WIRE.parse_response(whole, SPEC).text == "Hi"


def ends_only() -> list[Json]:
    """Return a stream of whole items, as servers for Codex send it.

    https://github.com/Soju06/codex-lb/pull/504
    """
    ends = [
        {"type": "response.output_item.done", "item": item, "output_index": at}
        for at, item in enumerate((THOUGHT, SAID, CALL))
    ]
    return stream(ends)


def without_places() -> list[Json]:
    return [
        {name: value for name, value in event.items() if name != "output_index"}
        for event in ends_only()
    ]


def ended_as_in_realtime() -> list[Json]:
    *events, last = llamacpp()
    return [*events, {**last, "type": "response.done"}]


def without_status() -> list[Json]:
    *events, last = llamacpp()
    body = {name: value for name, value in last["response"].items() if name != "status"}
    return [*events, {**last, "response": body}]


@pytest.mark.parametrize("make", [ends_only, without_places, ended_as_in_realtime, without_status])
def test_a_stream_with_fewer_or_other_events_is_the_whole_answer(
    make: Callable[[], list[Json]],
) -> None:
    chunks, reader = read(make())
    total, whole = reduce(add, chunks), WIRE.parse_response(response(THOUGHT, SAID, CALL), SPEC)
    assert reader.finished
    assert total.text == whole.text
    assert total.tool_calls == whole.tool_calls
    assert [block["type"] for block in total.content] == ["reasoning", "text", "function_call"]  # type: ignore[index]  # they are dicts
    assert total.usage_metadata == whole.usage_metadata
    assert total.response_metadata["finish_reason"] == "tool_calls"
    assert total.response_metadata["status"] == "completed"


def test_an_end_without_a_beginning_beside_an_open_item_is_malformed() -> None:
    """It may be that item under another id, whose text would come twice."""
    events = item_events(SAID, pieces(SAID, content_index=0), output_index=0)
    with pytest.raises(MalformedResponse, match="never added"):
        read([ends_only()[0], *events[:-1], {**events[-1], "output_index": 5, "item": CALL}])


def test_counts_under_the_names_of_chat_completions_are_counted() -> None:
    usage = {
        "prompt_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 8},
        "completion_tokens": 10,
        "completion_tokens_details": {"reasoning_tokens": 4},
        "total_tokens": 30,
    }
    assert WIRE.parse_response(response(SAID, usage=usage), SPEC).usage_metadata == {
        "input_tokens": 20,
        "output_tokens": 10,
        "total_tokens": 30,
        "input_token_details": {"cache_read": 8},
        "output_token_details": {"reasoning": 4},
    }


ERRORS: list[Json] = [
    {"type": "error", "code": "server_error", "message": "It broke.", "param": None},
    {"type": "error", "error": {"type": "server_error", "code": "x", "message": "It broke."}},
    {"type": "error", "message": "It broke."},
    {"type": "response.error", "error": {"message": "It broke."}},
    {"error": {"message": "It broke.", "code": 502}},
    {"error": "It broke."},
    {"object": "error", "message": "It broke.", "type": "InternalServerError", "code": 500},
    {"detail": "It broke."},
    {"message": "It broke.", "code": 500},
    {"type": "response.failed", "error": {"message": "It broke."}},
    {
        "type": "response.failed",
        "response": {"status": "failed", "error": {"message": "It broke."}},
    },
    {"type": "response.incomplete", "response": {"error": {"code": "x", "message": "It broke."}}},
    {"type": "response.completed", "response": {"status": "failed", "error": "It broke."}},
]


@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_an_error_of_any_shape_in_a_stream_is_a_refusal_with_its_words(error: Json) -> None:
    events = stream(item_events(SAID, pieces(SAID, content_index=0), output_index=1))
    with pytest.raises(ProviderRefusal) as caught:
        read([*events[:-1], error])
    assert "It broke." in str(caught.value.payload)


@pytest.mark.parametrize("place", ["0", 0.5, [0]], ids=str)
def test_a_place_that_is_no_number_is_malformed(place: Any) -> None:
    events = item_events(SAID, pieces(SAID, content_index=place), output_index=0)
    with pytest.raises(MalformedResponse):
        merged(stream(events))

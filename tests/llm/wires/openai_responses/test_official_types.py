"""Output items of every type that the openai package declares: read whole, streamed, sent back."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.types import ChatRequest
from scout_adapters.llm.wires.openai_responses import WIRE
from tests.llm.wires.openai_responses.examples import SPEC, merged, unindexed
from tests.llm.wires.openai_responses.official_types import ITEMS, item_of, kind_of

EXAMPLES = range(8)
EMPTY: Json = {"content": [], "summary": [], "arguments": "", "input": ""}
ONLY_WHOLE = {"function_call": {"status"}, "custom_tool_call": {"status"}, "reasoning": {"content"}}
"""Fields that a stream leaves out, as in ChatOpenAI's: of a call its status, and an empty list."""

each_type = pytest.mark.parametrize("model", ITEMS, ids=kind_of)


def response(item: Json) -> Json:
    frame = {"id": "resp_1", "object": "response", "model": "gpt-6", "error": None}
    return {**frame, "status": "completed", "output": [item]}


def streams(item: Json) -> list[list[Json]]:
    """Return streams with the item's beginning and end, without its end, and without either."""
    head = item | {name: EMPTY[name] for name in EMPTY if isinstance(item.get(name), str | list)}
    whole = response(item)
    created = {"type": "response.created", "response": {**whole, "output": []}}
    added = {"type": "response.output_item.added", "output_index": 0, "item": head}
    done = {"type": "response.output_item.done", "output_index": 0, "item": item}
    completed = {"type": "response.completed", "response": whole}
    return [
        [created, added, done, completed],
        [created, added, completed],
        [created, completed],
    ]


def invalid(message: AIMessage) -> Any:
    """Return the invalid calls without the words of the error."""
    return [(call["name"], call["args"], call["id"]) for call in message.invalid_tool_calls]


def comparable(message: AIMessage, kind: str) -> Any:
    """Return the blocks without what a stream leaves out."""
    left_out = ONLY_WHOLE.get(kind, set()) | {"annotations"}
    return [
        {n: v for n, v in block.items() if n not in left_out or (v and n != "status")}
        for block in unindexed(message.content)
    ]


@each_type
def test_an_item_is_the_same_whole_and_streamed(model: Any) -> None:
    kind = kind_of(model)
    for number in EXAMPLES:
        item = item_of(model, number)
        whole = WIRE.parse_response(response(item), SPEC)
        for events in streams(item):
            streamed = merged(events, SPEC)
            assert comparable(streamed, kind) == comparable(whole, kind), item
            assert streamed.tool_calls == whole.tool_calls
            assert invalid(streamed) == invalid(whole)


@each_type
def test_an_item_goes_back_with_all_its_fields_but_those_of_answers(model: Any) -> None:
    kind = kind_of(model)
    for number in EXAMPLES:
        item = item_of(model, number)
        answer = WIRE.parse_response(response(item), SPEC)
        results = [ToolMessage("ok", tool_call_id=call["id"]) for call in answer.tool_calls]
        messages = [HumanMessage("hi"), answer, *results, HumanMessage("go on")]
        turns = build_turns(messages, SPEC).turns
        request = ChatRequest(model="gpt-6", messages=messages, extra={"store": True})
        sent = WIRE.build_body(request, turns, SPEC)["input"]
        assert "created_by" not in {name for each in sent for name in each}
        back = [each for each in sent if each["type"] == kind]
        if kind not in {"message", "reasoning", "image_generation_call", *CALLS}:
            lost = item.keys() - back[0].keys()
            assert lost <= {"created_by"}, item


CALLS = ("function_call", "custom_tool_call")
ENDS = {
    "response.output_text.done": ("message", "text"),
    "response.refusal.done": ("message", "refusal"),
    "response.reasoning_summary_text.done": ("reasoning", "text"),
    "response.reasoning_text.done": ("reasoning", "text"),
    "response.function_call_arguments.done": ("function_call", "arguments"),
    "response.custom_tool_call_input.done": ("custom_tool_call", "input"),
}


@pytest.mark.parametrize("event", ENDS)
@pytest.mark.parametrize("pieces", [(), ('{"a"',), ('{"a"', ": 1}")], ids=str)
def test_a_text_without_all_its_pieces_is_complete_at_its_end(event: str, pieces: Any) -> None:
    """Some servers send no deltas, and an empty list of items at the end."""
    kind, field = ENDS[event]
    head = {"type": kind, "id": "it_1", "name": "f", "call_id": "call_1", **EMPTY}
    place = {"item_id": "it_1", "output_index": 0, "content_index": 0, "summary_index": 0}
    delta = event.replace(".done", ".delta")
    whole = {**response(head), "output": []}
    total = merged(
        [
            {"type": "response.created", "response": whole},
            {"type": "response.output_item.added", "output_index": 0, "item": head},
            *({"type": delta, "delta": piece, **place} for piece in pieces),
            {"type": event, field: '{"a": 1}', **place},
            {"type": event, field: '{"a": 1}', **place},
            {"type": "response.completed", "response": whole},
        ],
        SPEC,
    )
    if kind == "function_call":
        assert [call["args"] for call in total.tool_calls] == [{"a": 1}]
    elif kind == "custom_tool_call":
        assert '\\"a\\": 1}' in str(total.tool_call_chunks[0]["args"])
    else:
        assert str(total.content).count('{"a": 1}') == 1

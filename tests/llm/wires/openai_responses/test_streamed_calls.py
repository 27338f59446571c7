"""Tool calls in streams that end at a limit, or that servers write in ways of their own."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import MalformedResponse
from scout_adapters.llm.wires.openai_responses import WIRE
from tests.llm.wires.openai_responses.examples import SPEC
from tests.support.verbs import merge_chunks

CUT = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}


def function(arguments: Any, **more: Any) -> Json:
    call = {"type": "function_call", "id": "fc", "call_id": "c", "name": "rm"}
    return call | {"arguments": arguments, **more}


def custom(text: str, **more: Any) -> Json:
    return {"type": "custom_tool_call", "id": "fc", "call_id": "c", "name": "rm", "input": text} | (
        more
    )


def added(item: Json, **place: Any) -> Json:
    return {"type": "response.output_item.added", "item": item, **place}


def done(item: Json, **place: Any) -> Json:
    return {"type": "response.output_item.done", "item": item, **place}


def piece(text: str, kind: str = "function_call_arguments", **place: Any) -> Json:
    return {"type": f"response.{kind}.delta", "delta": text, **place}


def end(*output: Json, **more: Any) -> Json:
    kind = more.get("status", "completed")
    body = {"id": "r", "model": "gpt", "status": kind, "output": [*output], **more}
    return {"type": f"response.{kind}", "response": body}


def read(*events: Json) -> Any:
    reader = WIRE.reader(SPEC)
    chunks = [chunk for event in events if (chunk := reader.feed(event)) is not None]
    assert reader.finished
    return merge_chunks([*chunks, reader.close()])


@pytest.mark.parametrize("arguments", ['{"path": "/data', '{"a": [1', '{"a": 1', '{"a": "\\', ""])
def test_a_call_that_was_cut_off_is_invalid(arguments: str) -> None:
    at = {"output_index": 0}
    begun = [added(function(""), **at), *([piece(arguments, **at)] if arguments else [])]
    item = function(arguments, status="incomplete")
    whole = WIRE.parse_response(end(item, **CUT)["response"], SPEC)
    for message in (
        whole,
        read(*begun, end(**CUT)),
        read(*begun, done(item, **at), end(item, **CUT)),
        read(end(item, **CUT)),
    ):
        assert message.tool_calls == []
        assert [call["name"] for call in message.invalid_tool_calls] == ["rm"]


def test_the_input_of_a_custom_tool_that_was_cut_off_is_invalid() -> None:
    at = {"output_index": 0}
    begun = [added(custom(""), **at), piece("rm /da", "custom_tool_call_input", **at)]
    item = custom("rm /da", status="incomplete")
    whole = WIRE.parse_response(end(item, **CUT)["response"], SPEC)
    for message in (
        whole,
        read(*begun, end(**CUT)),
        read(*begun, done(item, **at), end(item, **CUT)),
        read(end(item, **CUT)),
    ):
        assert message.tool_calls == []
        assert [call["name"] for call in message.invalid_tool_calls] == ["rm"]


def test_a_call_that_was_complete_before_the_limit_is_valid() -> None:
    at = {"output_index": 0}
    item = function('{"q": 1}', status="completed")
    message = read(added(function(""), **at), piece('{"q": 1}', **at), done(item, **at), end(**CUT))
    assert [call["args"] for call in message.tool_calls] == [{"q": 1}]


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(
            [added(function("")), piece('{"q": 1}'), done(function('{"q": 1}'))],
            id="neither index nor id of the item",
        ),
        pytest.param(
            [added(function(""), output_index=0), piece('{"q": 1}', item_id="c")],
            id="the call's id as that of the item",
        ),
        pytest.param(
            [
                added(function("{}"), output_index=0),
                piece('{"q": 1}', output_index=0),
                done(function('{"q": 1}'), output_index=0),
            ],
            id="empty arguments at the beginning",
        ),
        pytest.param(
            [added(function('{"q": 1}'), output_index=0), piece('{"q": 1}', output_index=0)],
            id="all arguments twice",
        ),
        pytest.param(
            [
                added(function('{"q": 1}'), output_index=0),
                piece('{"q"', output_index=0),
                piece(": 1}", output_index=0),
                done(function('{"q": 1}'), output_index=0),
            ],
            id="all arguments, and then in pieces",
        ),
    ],
)
def test_every_piece_reaches_its_call(events: list[Json]) -> None:
    message = read(*events, end())
    assert [(c["name"], c["args"], c["id"]) for c in message.tool_calls] == [("rm", {"q": 1}, "c")]
    assert message.invalid_tool_calls == []


def test_a_call_that_ends_with_empty_arguments_has_none() -> None:
    at = {"output_index": 0}
    message = read(added(function("{}"), **at), done(function("{}"), **at), end())
    assert [call["args"] for call in message.tool_calls] == [{}]


PIECES = ('{"path": "', "/data", '/old"}')
WHOLE = '{"path": "/data/old"}'


@pytest.mark.parametrize("kept", [(0, 2), (0, 1, 1, 2), (1, 0, 2)], ids=["lost", "twice", "moved"])
@pytest.mark.parametrize("kind", ["function_call_arguments", "custom_tool_call_input"])
def test_pieces_that_are_not_the_arguments_at_the_end_are_malformed(
    kind: str, kept: tuple[int, ...]
) -> None:
    """A proxy that loses a piece would let an agent remove another folder."""
    make, at = (function if kind.startswith("function") else custom), {"output_index": 0}
    events = [added(make(""), **at), *(piece(PIECES[number], kind, **at) for number in kept)]
    for ending in (done(make(WHOLE), **at), end(make(WHOLE))):
        with pytest.raises(MalformedResponse, match="are not the arguments at its end"):
            read(*events, ending)


def test_arguments_in_another_form_at_the_end_are_the_same() -> None:
    at = {"output_index": 0}
    begun = [added(function(""), **at), piece('{"q":1}', **at)]
    for text in ('{ "q": 1 }', "{}", "", None, {"q": 1}):
        message = read(*begun, done(function(text), **at), end())
        assert [call["args"] for call in message.tool_calls] == [{"q": 1}]


def test_a_piece_that_comes_twice_counts_once_where_events_have_numbers() -> None:
    at = {"output_index": 0}
    events = [added(function(""), **at), *(piece(letter, **at) for letter in '{"q": 11}')]
    numbered = [event | {"sequence_number": number} for number, event in enumerate(events)]
    twice = [event for event in numbered[1:] for _ in range(2)]
    assert read(numbered[0], *twice, end()).tool_calls[0]["args"] == {"q": 11}


@pytest.mark.parametrize("number", [-1, 0, 7, None])
def test_equal_pieces_of_a_server_that_does_not_count_all_count(number: int | None) -> None:
    at = {"output_index": 0, "sequence_number": number}
    events = [added(function(""), **at), *(piece(letter, **at) for letter in '{"q": 11}')]
    assert read(*events, end()).tool_calls[0]["args"] == {"q": 11}

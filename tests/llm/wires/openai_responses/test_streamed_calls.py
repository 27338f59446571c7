"""Tool calls in streams that end at a limit, or that servers write in ways of their own."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import MalformedResponse
from scout_adapters.llm.wires.openai_responses import WIRE
from scout_adapters.llm.wires.openai_responses.item_parts import Part
from tests.llm.wires.openai_responses.examples import SPEC
from tests.support.verbs import merge_chunks

INPUT = "custom_tool_call_input"
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


def check_cut(begun: list[Json], item: Json) -> None:
    """Check that a call `rm` is invalid, however much of it comes before the response is cut."""
    whole = WIRE.parse_response(end(item, **CUT)["response"], SPEC)
    for message in (
        whole,
        read(*begun, end(**CUT)),
        read(*begun, done(item, output_index=0), end(item, **CUT)),
        read(end(item, **CUT)),
    ):
        assert message.tool_calls == []
        assert [call["name"] for call in message.invalid_tool_calls] == ["rm"]


@pytest.mark.parametrize("arguments", ['{"path": "/data', '{"a": [1', '{"a": 1', '{"a": "\\', ""])
def test_a_call_that_was_cut_off_is_invalid(arguments: str) -> None:
    at = {"output_index": 0}
    begun = [added(function(""), **at), *([piece(arguments, **at)] if arguments else [])]
    item = function(arguments, status="incomplete")
    check_cut(begun, item)


def test_the_input_of_a_custom_tool_that_was_cut_off_is_invalid() -> None:
    at = {"output_index": 0}
    begun = [added(custom(""), **at), piece("rm /da", "custom_tool_call_input", **at)]
    item = custom("rm /da", status="incomplete")
    check_cut(begun, item)


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
    begun = [{"type": f"response.{kind}", "response": {}} for kind in ("created", "in_progress")]
    events = [*begun, added(function(""), **at), *(piece(letter, **at) for letter in '{"q": 11}')]
    numbered = [event | {"sequence_number": number} for number, event in enumerate(events)]
    twice = [event for event in numbered[3:] for _ in range(2)]
    assert read(*numbered[:3], *twice, end()).tool_calls[0]["args"] == {"q": 11}


@pytest.mark.parametrize("number", [-1, 0, 7, None])
def test_equal_pieces_of_a_server_that_does_not_count_all_count(number: int | None) -> None:
    at = {"output_index": 0, "sequence_number": number}
    events = [added(function(""), **at), *(piece(letter, **at) for letter in '{"q": 11}')]
    assert read(*events, end()).tool_calls[0]["args"] == {"q": 11}


@pytest.mark.parametrize(
    "numbers",
    [(0, *[1] * 9), (0, 1, 2, *[2] * 7), (0, 0, 1, 1, 2, 3, 4, 5, 6, 6)],
    ids=["two numbers", "three numbers", "a number for each network chunk"],
)
def test_equal_pieces_count_where_numbers_do_not_rise_with_each_event(
    numbers: tuple[int, ...],
) -> None:
    at = {"output_index": 0}
    events = [added(function(""), **at), *(piece(letter, **at) for letter in '{"q": 11}')]
    numbered = [
        event | {"sequence_number": number} for event, number in zip(events, numbers, strict=True)
    ]
    assert read(*numbered, end()).tool_calls[0]["args"] == {"q": 11}
    equal = [numbered[0], *(piece("ha", **at) | {"sequence_number": n} for n in numbers[1:4])]
    equal[0] = added(custom(""), **at) | {"sequence_number": numbers[0]}
    message = read(*equal, done(custom("ha" * 3), **at), end())
    assert message.tool_calls[0]["args"] == {"__arg1": "ha" * 3}


def test_equal_pieces_of_plain_text_all_count() -> None:
    at = {"output_index": 0}
    begun = [added(custom(""), **at), *(piece(p, INPUT, **at) for p in ("{}", "{}", "x"))]
    message = read(*begun, done(custom("{}{}x"), **at), end())
    assert message.tool_calls[0]["args"] == {"__arg1": "{}{}x"}


@pytest.mark.parametrize(
    ("shown", "whole"), [("ls -l\n", "ls -l"), ("a\r\nb", "a\nb"), ("a  \nb", "a\nb\n")]
)
def test_plain_text_may_end_with_other_white_space(shown: str, whole: str) -> None:
    at = {"output_index": 0}
    ended = {"type": "response.custom_tool_call_input.done", "input": whole, **at}
    begun = [added(custom(""), **at), piece(shown, INPUT, **at)]
    for events in ([done(custom(whole), **at)], [ended, done(custom(whole), **at)], []):
        message = read(*begun, *events, end(custom(whole)))
        assert message.tool_calls[0]["args"] == {"__arg1": shown}


def test_white_space_within_the_lines_of_plain_text_counts() -> None:
    at = {"output_index": 0}
    with pytest.raises(MalformedResponse, match="are not the arguments at its end"):
        read(added(custom(""), **at), piece("a\nb", INPUT, **at), done(custom("a\n  b"), **at))


@pytest.mark.parametrize("kind", ["function_call_arguments", INPUT])
def test_the_end_of_a_call_that_was_cut_may_be_shorter_than_its_pieces(kind: str) -> None:
    make, at = (function if kind.startswith("function") else custom), {"output_index": 0}
    text = '{"path": "/da'
    field = "arguments" if make is function else "input"
    ended = {"type": f"response.{kind}.done", field: text[:9], **at}
    begun = [added(make(""), **at), piece(text, kind, **at)]
    item = make(text[:9], status="incomplete")
    for events in ([done(item, **at)], [ended, done(item, **at)], [ended], []):
        message = read(*begun, *events, end(item, **CUT))
        assert message.tool_calls == []
        assert [call["name"] for call in message.invalid_tool_calls] == ["rm"]


@pytest.mark.parametrize("more", [{}, {"status": "completed"}])
def test_the_newest_call_of_a_cut_response_is_invalid_if_it_is_empty(more: Json) -> None:
    first, second = ({"output_index": number} for number in range(2))
    item, other = function("", **more), function("", id="fd", call_id="d", **more)
    begun = [added(function(""), **first), done(item, **first)]
    message = read(*begun, end(item, **CUT))
    assert (len(message.tool_calls), len(message.invalid_tool_calls)) == (0, 1)
    more_events = [added(other, **second), done(other, **second)]
    ended = end(item, other, **CUT)
    whole = WIRE.parse_response(ended["response"], SPEC)
    for message in (read(*begun, *more_events, ended), whole):
        assert [call["id"] for call in message.tool_calls] == ["c"]
        assert [call["id"] for call in message.invalid_tool_calls] == ["d"]
    assert len(read(*begun, end(item)).tool_calls) == 1


def test_short_pieces_are_not_joined_for_each_comparison() -> None:
    part = Part(0)
    part.pieces, part.size = list("x" * 9), 9
    part.pieces.append(None)  # type: ignore[arg-type]  # a join would raise TypeError
    assert not part.is_repeated_by("{}")

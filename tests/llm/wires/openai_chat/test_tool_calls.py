"""Tool calls that come in fragments."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.wires.openai_chat.tool_calls import CallFragments
from tests.llm.wires.openai_chat.answers import answer, parse
from tests.llm.wires.openai_chat.events import ID, end, event, merged, read


def piece(arguments: Any = "", **more: Any) -> Json:
    name = more.pop("name", None)
    return {"function": {"arguments": arguments, **({"name": name} if name else {})}, **more}


def fragments(*pieces: Json) -> list[tuple[str, Any, Any]]:
    events = [event({"tool_calls": [p]}) for p in pieces]
    read_calls = merged(*events, end("tool_calls")).tool_calls
    return [(call["name"], call["args"], call["id"]) for call in read_calls]


TWO = [("f", {"a": 1}, "c1"), ("g", {"b": 2}, "c2")]


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(
            [
                piece(index=0, id="c1", name="f"),
                piece('{"a":', index=0),
                piece(" 1}", index=0),
                piece(index=1, id="c2", name="g"),
                piece('{"b": 2}', index=1),
            ],
            id="as OpenAI sends them",
        ),
        pytest.param(
            [
                piece('{"a": 1}', index=0, id="c1", name="f"),
                piece('{"b": 2}', index=0, id="c2", name="g"),
            ],
            id="all with index 0",
        ),
        pytest.param(
            [
                piece('{"a":', index=0, id="c1", name="f"),
                piece(" 1}", index=0),
                piece('{"b":', index=0, id="c2", name="g"),
                piece(" 2}", index=0),
            ],
            id="all with index 0, in fragments",
        ),
        pytest.param(
            [piece('{"a": 1}', id="c1", name="f"), piece('{"b": 2}', id="c2", name="g")],
            id="without index",
        ),
        pytest.param(
            [
                piece('{"a":', id="c1", name="f"),
                piece(" 1}", id="c1"),
                piece('{"b":', id="c2", name="g"),
                piece(" 2}", id="c2"),
            ],
            id="without index, in fragments",
        ),
        pytest.param(
            [
                piece('{"a":', index=0, id="c1", name="f"),
                piece(" 1}", index=0, id="c1", name="f"),
                piece('{"b": 2}', index=1, id="c2", name="g"),
            ],
            id="id and name repeated",
        ),
        pytest.param(
            [
                piece('{"a":', index=0, id="c1", name="f"),
                piece(" 1}", index=0, id="made up anew"),
                piece('{"b": 2}', index=1, id="c2", name="g"),
            ],
            id="an id made up for every fragment",
        ),
        pytest.param(
            [
                piece('{"b": 2}', index=1, id="c2", name="g"),
                piece('{"a": 1}', index=0, id="c1", name="f"),
            ][::-1],
            id="in turns",
        ),
    ],
)
def test_fragments_of_tool_calls_are_put_together(pieces: list[Json]) -> None:
    assert fragments(*pieces) == TWO


def test_calls_of_one_name_that_share_an_index_and_have_no_ids_stay_apart() -> None:
    twice = piece('{"a": 1}', index=0, id="", name="f")
    assert fragments(twice, twice) == [("f", {"a": 1}, "call_0"), ("f", {"a": 1}, "call_1")]


@pytest.mark.parametrize("arguments", ["", None, "null", {}])
def test_a_streamed_call_without_arguments_has_none(arguments: Any) -> None:
    assert fragments(piece(arguments, index=0, id="c1", name="f")) == [("f", {}, "c1")]


def test_a_null_inside_arguments_is_no_empty_call() -> None:
    pieces = [piece(p, index=0) for p in ('{"a": ', "null", "}")]
    pieces[0]["function"]["name"] = "f"
    assert fragments(*pieces) == [("f", {"a": None}, "call_0")]


@pytest.mark.parametrize("stop", ["length", "content_filter", "model_context_window_exceeded"])
@pytest.mark.parametrize("arguments", ["", "{}", "null", {}, '{"a":'])
def test_the_last_call_of_a_cut_answer_is_invalid_if_it_is_empty(arguments: Any, stop: str) -> None:
    call = piece(arguments, index=0, id="c1", name="f")
    whole = parse(answer({"tool_calls": [call]}, choice={"finish_reason": stop}))
    for message in (whole, merged(event({"tool_calls": [call]}), end(stop))):
        assert message.tool_calls == []
        assert [broken["name"] for broken in message.invalid_tool_calls] == ["f"]


def test_a_call_in_a_cut_answer_keeps_arguments_that_are_complete() -> None:
    call = piece('{"a": 1}', index=0, id="c1", name="f")
    whole = parse(answer({"tool_calls": [call]}, choice={"finish_reason": "content_filter"}))
    for message in (whole, merged(event({"tool_calls": [call]}), end("content_filter"))):
        assert [c["args"] for c in message.tool_calls] == [{"a": 1}]


NOTHING = [{"function": None}, {"function": {}}, {"id": "x", "function": {"arguments": "{}"}}]


@pytest.mark.parametrize("nothing", NOTHING)
def test_a_call_without_a_name_and_arguments_is_none(nothing: Json) -> None:
    message = merged(event({"content": "hi", "tool_calls": [nothing | {"index": 0}]}), end())
    assert (message.content, message.tool_calls, message.invalid_tool_calls) == ("hi", [], [])
    assert not read(event({"tool_calls": [nothing]}), None)[1].finished


@pytest.mark.parametrize("arguments", ['{"a": 1}', '{"a":'])
def test_a_call_with_arguments_and_without_a_name_is_invalid(arguments: str) -> None:
    head = event({"tool_calls": [{"index": 0, "type": "tool_use", "name": "f"}]})
    tail = event({"content": "x", "tool_calls": [piece(arguments, index=0)]})
    message = merged(head, tail, end("tool_calls"))
    assert (message.content, message.tool_calls) == ("x", [])
    assert [call["id"] for call in message.invalid_tool_calls] == ["call_0"]


def test_a_name_after_the_arguments_gets_them() -> None:
    pieces = [piece('{"a":', index=0, id="c1"), piece(" 1}", index=0, name="f")]
    assert fragments(*pieces, piece('{"b": 2}', index=1, id="c2", name="g")) == TWO


@pytest.mark.parametrize("nothing", ["null", "{}"])
def test_arguments_after_none_belong_to_the_call_that_has_the_id(nothing: str) -> None:
    head, tail = piece(nothing, index=0, id="c1", name="f"), piece('{"a": 1}', index=0, name="f")
    assert fragments(head, tail) == [("f", {"a": 1}, "c1")]
    assert fragments(head, tail | {"id": "c2"}) == [("f", {}, "c1"), ("f", {"a": 1}, "c2")]


def test_pieces_are_joined_only_if_their_lengths_are_equal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = CallFragments()
    calls.read([piece('{"a": 1}', index=0, id="c1", name="f")])
    monkeypatch.setattr(calls._calls[0], "arguments", Unjoined())
    for _ in range(3):
        calls.read([piece('{"bb": 22}', index=0)])


class Unjoined:
    """Pieces that may grow and may not be joined."""

    def append(self, text: str) -> None:
        pass

    def __iter__(self) -> Any:
        raise AssertionError("the pieces were joined")


@pytest.mark.parametrize("index", [{"index": 0}, {}])
@pytest.mark.parametrize(
    "pieces",
    [
        [piece(name="f"), piece(id="c1"), piece('{"a": 1}')],
        [piece(name="f"), piece('{"a":', id="c1"), piece(" 1}")],
        [piece('{"a":', name="f"), piece(" 1}", id="c1")],
        [piece('{"a": 1}', name="f"), piece(id="c1")],
        [piece(None, name="f"), piece(), {"id": "c1", "function": None}, piece('{"a": 1}')],
        [piece("{}", name="f"), piece('{"a": 1}', id="c1", name="f")],
        [piece(name="f", id=None), piece(name="f", id="c1"), piece('{"a": 1}', id="c1")],
    ],
)
def test_an_id_that_comes_after_the_name_is_the_id_of_the_call(
    pieces: list[Json], index: Json
) -> None:
    assert fragments(*(each | index for each in pieces)) == TWO[:1]


def test_the_first_chunk_of_a_call_has_name_and_id() -> None:
    pieces = [piece(name="f", index=0), piece("{", id="c1", index=0), piece("}", index=0)]
    chunks, _ = read(*(event({"tool_calls": [each]}) for each in pieces), end("tool_calls"))
    shown = [(c["name"], c["id"], c["args"]) for chunk in chunks for c in chunk.tool_call_chunks]
    assert shown == [("f", "c1", "{"), (None, None, "}")]


def test_ids_that_come_late_go_to_their_own_calls_in_the_order_of_the_calls() -> None:
    heads = {"tool_calls": [piece(index=0, name="f"), piece(index=1, name="g")]}
    ids = {"tool_calls": [piece('{"b": 2}', index=1, id="c2"), piece('{"a": 1}', index=0, id="c1")]}
    calls = merged(event(heads), event(ids), end("tool_calls")).tool_calls
    assert [(c["name"], c["args"], c["id"]) for c in calls] == TWO


def test_a_call_without_an_id_comes_before_the_later_call_of_its_delta() -> None:
    calls = [piece('{"a": 1}', index=0, name="f"), piece('{"b": 2}', index=1, id="c2", name="g")]
    message = merged(event({"tool_calls": calls}), end("tool_calls"))
    assert [call["id"] for call in message.tool_calls] == ["call_0", "c2"]


def test_a_call_that_waits_for_an_id_is_an_answer() -> None:
    call = piece('{"a": 1}', index=0, name="f")
    assert read(event({"tool_calls": [call]}), None)[1].finished
    whole = {"id": ID, "choices": [{"index": 0, "message": {"tool_calls": [call]}}]}
    calls = merged(whole, whole, {"choices": [{"index": 0, "finish_reason": "stop"}]}).tool_calls
    assert [(c["name"], c["args"], c["id"]) for c in calls] == [("f", {"a": 1}, "call_0")]

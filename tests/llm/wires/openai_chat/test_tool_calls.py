"""Tool calls that come in fragments."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters._internal.json_values import Json
from tests.llm.wires.openai_chat.events import end, event, merged


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

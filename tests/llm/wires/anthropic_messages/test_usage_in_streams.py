"""Token counts of a stream arrive in several events; and calls that were cut off."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import pytest

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.anthropic_messages import WIRE

SPEC = ProviderSpec(name="anthropic", docs="", wire=WIRE, base_url="https://api.anthropic.com")
TEXT = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "x"}}


def merged(first: Json, last: Json, *blocks: Json, stop: str = "end_turn") -> Any:
    reader = WIRE.reader(SPEC)
    events = [
        {"type": "message_start", "message": {"id": "m", "model": "claude", "usage": first}},
        *(blocks or (TEXT,)),
        {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": last},
        {"type": "message_stop"},
    ]
    chunks = [chunk for event in events if (chunk := reader.feed(event)) is not None]
    return reduce(add, [*chunks, reader.close()])


def counts(first: Json, last: Json) -> tuple[int, int, Json] | None:
    usage = merged(first, last).usage_metadata
    if usage is None:
        return None
    details = {k: v for k, v in (usage.get("input_token_details") or {}).items() if v}
    return usage["input_tokens"], usage["output_tokens"], details


def read(**fields: int) -> Json:
    short = {"read": "cache_read_input_tokens", "write": "cache_creation_input_tokens"}
    return {short.get(name, f"{name}_tokens"): value for name, value in fields.items()}


WRITTEN = read(input=2, write=58352) | {"cache_creation": {"ephemeral_5m_input_tokens": 58352}}


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (read(input=15000, output=1), read(input=0, output=9), (15000, 9, {})),
        (read(input=15000), read(input=0, output=9, read=0, write=0), (15000, 9, {})),
        (
            read(input=10, read=5000),
            read(input=10, read=0, output=9),
            (5010, 9, {"cache_read": 5000}),
        ),
        (
            WRITTEN,
            read(input=2, write=0, read=58352, output=9),
            (58354, 9, {"cache_read": 58352}),
        ),
        (
            WRITTEN,
            read(input=2, write=58352, output=9),
            (58354, 9, {"ephemeral_5m_input_tokens": 58352}),
        ),
        (WRITTEN, read(output=9), (58354, 9, {"ephemeral_5m_input_tokens": 58352})),
        (read(input=0, output=0), read(input=7, output=9), (7, 9, {})),
        (read(input=0, output=0), read(input=0, output=0), None),
        (read(input=0, output=0), read(input=0, output=9), None),
        (read(input=7, output=9), read(input=0, output=0), (7, 9, {})),
    ],
)
def test_a_count_of_nothing_is_no_count(first: Json, last: Json, expected: Any) -> None:
    assert counts(first, last) == expected


@pytest.mark.parametrize("pieces", [['{"path": "/data'], ['{"path": ', '"/da', "ta"], ['{"a": [1']])
def test_a_call_that_was_cut_off_is_invalid(pieces: list[str]) -> None:
    start = {"type": "tool_use", "id": "t", "name": "rm", "input": {}}
    blocks = [{"type": "content_block_start", "index": 0, "content_block": start}]
    blocks += [
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": piece},
        }
        for piece in pieces
    ]
    message = merged(read(input=1, output=1), read(output=9), *blocks, stop="max_tokens")
    assert message.tool_calls == []
    assert [call["name"] for call in message.invalid_tool_calls] == ["rm"]


def call(**fields: Any) -> Json:
    block = {"type": "tool_use", "id": "t", "name": "rm", **fields}
    return {"type": "content_block_start", "index": 0, "content_block": block}


def piece(text: Any, **index: int) -> Json:
    delta = {"type": "input_json_delta", "partial_json": text}
    return {"type": "content_block_delta", "delta": delta, **index}


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param([call(input={}), piece('{"q": 1}')], id="no number"),
        pytest.param([call(input={}), piece('{"q": 1}', index=1)], id="an unknown number"),
        pytest.param([call(input={}), piece(None, index=0), piece({"q": 1}, index=0)], id="object"),
        pytest.param([call(input='{"q": 1}')], id="the input as text"),
        pytest.param([call(input={}), piece("{}", index=0), piece('{"q": 1}', index=0)], id="{}"),
        *(
            pytest.param([call(input=nothing), piece('{"q":'), piece("1}")], id=f"text {nothing!r}")
            for nothing in ("{}", " {} ", "null", " ")
        ),
        pytest.param([call(input='{"q":'), piece("1}")], id="the input begun as text"),
        pytest.param(
            [call(input={"q": 1}), piece('{"q":', index=0), piece("1}", index=0)], id="input twice"
        ),
        pytest.param(
            [call(input={}), piece('{"q": 1}', index=0), piece('{"q": 1}', index=0)], id="twice"
        ),
    ],
)
def test_every_piece_of_a_call_reaches_it(blocks: list[Json]) -> None:
    message = merged(read(input=1, output=1), read(output=9), *blocks, stop="tool_use")
    assert [(c["name"], c["args"]) for c in message.tool_calls] == [("rm", {"q": 1})]
    assert message.invalid_tool_calls == []


CUT = ["max_tokens", "model_context_window_exceeded", "refusal"]


@pytest.mark.parametrize("stop", CUT)
@pytest.mark.parametrize("nothing", [{}, "{}", "null", " "])
def test_the_last_call_of_a_cut_answer_is_invalid_without_its_arguments(
    stop: str, nothing: Any
) -> None:
    usage, start = read(input=1, output=9), call(input=nothing)
    body = {"content": [start["content_block"]], "stop_reason": stop, "usage": usage}
    for message in (
        WIRE.parse_response({"id": "m", "model": "claude", **body}, SPEC),
        merged(usage, usage, start, stop=stop),
    ):
        assert message.tool_calls == []
        assert [broken["name"] for broken in message.invalid_tool_calls] == ["rm"]
    complete = merged(usage, usage, start, TEXT | {"index": 1}, stop=stop)
    assert [(c["name"], c["args"]) for c in complete.tool_calls] == [("rm", {})]


def test_equal_pieces_of_arguments_are_joined_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = WIRE.reader(SPEC)
    reader.feed(call(input={}))
    reader.feed(piece('{"q": 1}'))
    monkeypatch.setattr(reader, "_args", {0: Unread()})
    for _ in range(3):
        reader.feed(piece('{"p": 22}'))


class Unread:
    """Pieces that may grow and may not be joined."""

    def append(self, piece: str) -> None:
        pass

    def __iter__(self) -> Any:
        raise AssertionError("the pieces were joined")


@pytest.mark.parametrize("stop", [[], {}, 1, None])
def test_a_stop_reason_of_another_type_cuts_nothing(stop: Any) -> None:
    usage, start = read(input=1, output=9), call(input={"q": 1})
    body = {"content": [start["content_block"]], "stop_reason": stop, "usage": usage}
    whole = WIRE.parse_response({"id": "m", "model": "claude", **body}, SPEC)
    for message in (whole, merged(usage, usage, start, stop=stop)):
        assert [c["args"] for c in message.tool_calls] == [{"q": 1}]

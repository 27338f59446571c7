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

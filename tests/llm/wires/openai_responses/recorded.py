"""Recorded exchanges of the Responses API, of OpenAI and of every gateway with this API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.transport.sse import EventDecoder
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_responses import WIRE
from tests.llm.wires.openai_responses.examples import merged
from tests.support import recordings

NOT_OF_THIS_API = {
    "087525ae82896481": "a package's own events, made up from an answer of Chat Completions",
    "42dae5432f367f99": "two events are no JSON: the recording was shortened by hand",
}
"""Recordings that no server sent as they stand, and why."""


@cache
def records() -> tuple[Json, ...]:
    """Return the recordings whose answer was not cut."""
    all_records = (json.loads(line) for line in recordings.lines("*responses*"))
    return tuple(each for each in all_records if not each.get("truncated_response"))


def is_refused(record: Json) -> bool:
    return record["status"] >= 400 or "error_in_200" in (record["features"] or [])


def good() -> list[Json]:
    """Return the recordings that hold an answer."""
    return [r for r in records() if not is_refused(r) and r["id"] not in NOT_OF_THIS_API]


def spec(record: Json) -> ProviderSpec:
    return ProviderSpec(name=record["provider"], docs="", wire=WIRE, base_url="")


def events(record: Json, size: int = 0) -> Iterator[Json | None]:
    """Yield the events of a stream whose bytes come in pieces of a size."""
    body, decoder = record["response_body"].encode(), EventDecoder()
    step = size or len(body)
    pieces = (body[at : at + step] for at in range(0, len(body), step))
    for data in (*(d for piece in pieces for d in decoder.feed(piece)), *decoder.finish()):
        yield None if data == b"[DONE]" else json.loads(data)


_MESSAGES: dict[tuple[str, str], AIMessage] = {}


def read(record: Json, size: int = 0, card: ProviderSpec | None = None) -> AIMessage:
    """Read a recorded answer; what was read in one piece is kept for the next test."""
    card = card or spec(record)
    if size:
        return _read(record, size, card)
    key = record["id"], card.name
    if key not in _MESSAGES:
        _MESSAGES[key] = _read(record, size, card)
    return _MESSAGES[key]


def _read(record: Json, size: int, card: ProviderSpec) -> AIMessage:
    if record["stream"]:
        return merged(list(events(record, size)), card)
    return WIRE.parse_response(json.loads(record["response_body"]), card)


def bodies(record: Json) -> Iterator[Any]:
    """Yield the items that a recording's output has, read with no help of the wire."""
    if not record["stream"]:
        yield from json.loads(record["response_body"])["output"]
        return
    done: list[Any] = []
    for event in events(record):
        if event and event.get("type") == "response.output_item.done":
            done.append(event["item"])
        if event and event.get("type") in ("response.completed", "response.incomplete"):
            break  # two recordings hold the streams of several answers
    whole = event["response"].get("output") if event else None
    yield from done if len(done) >= len(whole or ()) else whole or ()

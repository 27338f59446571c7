"""Good streams cut, repeated, reordered and garbled: never a wrong answer that passes for whole."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessageChunk

from scout_adapters import init_scout_model
from scout_adapters.errors import ScoutError
from scout_adapters.llm.transport.sse import EventDecoder
from tests.support.verbs import merge_chunks
from tests.system.fuzzing import seeds
from tests.system.fuzzing.mutate import garbled
from tests.system.fuzzing.targets import EMPTY, NAMED, _check_message

WIRES = list(seeds.SPEAKERS)
SAMPLE = 60
"""Streams of each wire, the same in every run; those of the emulator are always among them."""

_numbers = count(1)


@cache
def sample(wire: str) -> list[bytes]:
    streams = seeds.streams(wire)
    chosen = random.Random(2026).sample(streams, min(SAMPLE, len(streams)))
    return [*seeds.streams(wire, real=False), *chosen]


def read(wire: str, events: list[Any]) -> tuple[bool, AIMessageChunk] | None:
    """Return whether the reader takes the events for a whole answer, and the message; or None."""
    spec = seeds.card(wire)
    reader = spec.wire.reader(spec)
    chunks: list[AIMessageChunk] = []
    try:
        chunks.extend(chunk for event in events if (chunk := reader.feed(event)) is not None)
    except NAMED:
        return None
    if reader.finished:
        chunks.append(reader.close())
    return reader.finished, merge_chunks(chunks or [EMPTY])


def said(message: AIMessageChunk) -> tuple[str, list[Any]]:
    """Return what a caller acts on."""
    calls = [(call["name"], call["args"]) for call in message.tool_calls]
    return message.text, calls


def ends(wire: str, events: list[Any]) -> int:
    """Return the number of events after which, and not before, the answer is whole."""
    spec = seeds.card(wire)
    reader = spec.wire.reader(spec)
    for number, event in enumerate(events, 1):
        reader.feed(event)
        if reader.finished:
            return number
    return len(events) + 1


@pytest.mark.parametrize("wire", WIRES)
def test_a_cut_stream_passes_for_whole_only_where_all_content_had_come(wire: str) -> None:
    for stream in sample(wire):
        events = seeds.events_of(stream)
        whole = read(wire, events)
        assert whole is not None
        for at in range(len(events)):
            cut = read(wire, events[:at])
            assert cut is not None
            finished, message = cut
            assert finished == (at >= ends(wire, events))
            if finished:
                assert said(message) == said(whole[1])


@pytest.mark.parametrize("wire", WIRES)
def test_events_that_are_repeated_left_out_or_swapped_end_in_a_message_or_a_named_error(
    wire: str,
) -> None:
    for stream in sample(wire):
        events = seeds.events_of(stream)
        step = max(1, len(events) // 12)
        for at in range(0, len(events) - 1, step):
            for changed in (
                [*events[:at], events[at], *events[at:]],
                [*events[:at], *events[at + 1 :]],
                [*events[:at], events[at + 1], events[at], *events[at + 2 :]],
            ):
                messages = read(wire, changed)
                if messages is not None and messages[0]:
                    _check_message(messages[1])


def replay(pieces: list[bytes]) -> httpx.MockTransport:
    class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield from pieces

        async def __aiter__(self) -> Any:
            for piece in pieces:
                yield piece

    kind = {"content-type": "text/event-stream"}
    return httpx.MockTransport(lambda request: httpx.Response(200, headers=kind, stream=Body()))


def model_on(wire: str, pieces: list[bytes]) -> Any:
    number = next(_numbers)
    over: dict[str, Any] = {"use_responses_api": True} if wire == seeds.RESPONSES else {}
    return init_scout_model(
        f"{seeds.SPEAKERS[wire][0]}/m",
        api_key=f"broken-{number}",
        base_url=f"https://s{number}.example",  # each has a circuit of its own
        transport=replay(pieces),
        max_retries=0,
        **over,
    )


@pytest.mark.parametrize("wire", WIRES)
def test_a_caller_is_never_given_a_cut_stream_as_a_whole_answer(wire: str) -> None:
    """Cut at every event, and within some, as the network does: a message or a named error."""
    for stream in sample(wire)[:12]:
        whole = said(merge_chunks(list(model_on(wire, [stream]).stream("hi"))))
        blocks = stream.replace(b"\r\n", b"\n").split(b"\n\n")
        for at in range(0, len(blocks), max(1, len(blocks) // 12)):
            body = b"\n\n".join(blocks[:at])
            for cut in (body + b"\n\n", body + b"\n\n" + blocks[at][: len(blocks[at]) // 2]):
                try:
                    chunks = list(model_on(wire, [cut]).stream("hi"))
                except ScoutError:
                    continue
                assert said(merge_chunks(chunks or [EMPTY])) == whole


@pytest.mark.parametrize("wire", WIRES)
async def test_garbled_bytes_end_in_a_message_or_a_named_error(wire: str) -> None:
    rng = random.Random(7)
    for stream in sample(wire)[:25]:
        for turn in range(4):
            model = model_on(wire, [garbled(rng, stream)])
            try:
                if turn % 2:
                    merge_chunks([chunk async for chunk in model.astream("hi")])
                else:
                    merge_chunks(list(model.stream("hi")))
            except ScoutError:
                await asyncio.sleep(0)


@pytest.mark.parametrize("wire", WIRES)
def test_a_stream_split_at_any_byte_gives_the_same_events(wire: str) -> None:
    for stream in sample(wire)[:10]:
        whole = split(stream, len(stream))
        for at in range(0, len(stream), max(1, len(stream) // 150)):
            assert split(stream, at) == whole


def split(stream: bytes, at: int) -> list[bytes]:
    decoder = EventDecoder()
    return [*decoder.feed(stream[:at]), *decoder.feed(stream[at:]), *decoder.finish()]

"""Server-sent events come out the same however the network cuts them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scout_adapters.errors import MalformedResponse
from scout_adapters.llm.transport.sse import ErrorData, EventDecoder

LINES = st.sampled_from(
    [
        "data: one",
        "data:two",
        "data:  three",
        "data",
        "data:",
        ": comment",
        ":",
        "event: ping",
        "id: 7",
        "retry: 999999",
        "data: \u00e9\u4e2d\U0001f600",
        "data: a\x0bb\x0cc\x1cd\x85e\u2028f",
        "database: no",
        "",
        "",
    ]
)
ENDS = st.sampled_from(["\n", "\r", "\r\n"])
STREAMS = st.builds(
    lambda bom, lines, last: (bom + "".join(line + end for line, end in lines) + last).encode(),
    st.sampled_from(["", "\ufeff"]),
    st.lists(st.tuples(LINES, ENDS), max_size=12),
    st.sampled_from(["", "data: tail", "\r", ": tail"]),
)


def events(*chunks: bytes) -> list[bytes]:
    decoder = EventDecoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.finish()


def specified(stream: bytes) -> list[bytes]:
    """The algorithm of the specification, line by line, with the last event completed.

    Lines of data without anything in them are heartbeats: JSON means the same without them.
    """
    text = stream.decode().removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    events: list[bytes] = []
    data: list[str] = []
    for line in [*text.split("\n"), ""]:
        if not line:
            if data:
                events.append("\n".join(data).encode())
            data = []
            continue
        name, _, value = line.partition(":")
        if name == "data" and value.strip():
            data.append(value.removeprefix(" "))
    return events


@given(STREAMS)
def test_events_are_those_of_the_specification(stream: bytes) -> None:
    assert events(stream) == specified(stream)


@given(STREAMS, st.data())
def test_any_split_of_the_bytes_gives_the_same_events(stream: bytes, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6))
    edges = [0, *sorted(cuts), len(stream)]
    assert events(*(stream[a:b] for a, b in pairwise(edges))) == specified(stream)


@given(STREAMS)
def test_one_byte_at_a_time_gives_the_same_events(stream: bytes) -> None:
    assert events(*(stream[i : i + 1] for i in range(len(stream)))) == specified(stream)


def test_a_line_that_ends_in_a_lone_cr_does_not_swallow_the_unfinished_next_one() -> None:
    assert events(b"data: a\r", b"data: b") == [b"a\nb"]


def test_an_event_is_given_as_soon_as_its_empty_line_has_come() -> None:
    decoder = EventDecoder()
    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"\n") == [b"a"]
    assert decoder.feed(b"data: b\r\n\r\n") == [b"b"]


@pytest.mark.parametrize(
    ("chunks", "datas"),
    [
        ([b"data: 1\n\n", b"event: x\ndata: {}\n\n"], [b"1", b"{}"]),
        ([b"data: 1\n\n", b"event: error\ndata: {}\n\n", b"data: 2\n\n"], [b"1", b"{}", b"2"]),
        ([b"data: 1\n", b"data: 2\n\n"], [b"1\n2"]),
        ([b"data: 1\n\nda", b"data: 2\n\n"], [b"1"]),
        ([b"data: 1\n\n", b"da", b"data: 2\n\n"], [b"1"]),
        ([b"data: 1\n\n", b"data: \t \n\n", b"data:  2 \n\n"], [b"1", b" 2 "]),
        ([b"data: 1\n\n", b"data: 2\r\n\n", b"data: 3\n\n"], [b"1", b"2", b"3"]),
    ],
)
def test_a_chunk_that_is_one_event_is_read_like_its_parts(
    chunks: list[bytes], datas: list[bytes]
) -> None:
    decoder = EventDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    assert events == datas
    assert [type(event) is ErrorData for event in events] == [
        b"event: error\ndata: " + data + b"\n\n" in chunks for data in datas
    ]


def test_the_last_event_counts_without_its_empty_line() -> None:
    assert events(b"data: a\n\ndata: b") == [b"a", b"b"]


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    decoder = EventDecoder(limit=100)
    assert [decoder.feed(b"x" * 10) for _ in range(10)] == [[]] * 10
    with pytest.raises(MalformedResponse):
        decoder.feed(b"x")


def test_an_event_of_many_lines_is_refused_before_it_fills_the_memory() -> None:
    decoder = EventDecoder(limit=100)
    assert [decoder.feed(b"data: 0123456789\n") for _ in range(10)] == [[]] * 10
    with pytest.raises(MalformedResponse):
        decoder.feed(b"data: 0\n")


def test_many_small_events_are_no_long_one() -> None:
    decoder = EventDecoder(limit=100)
    assert sum(len(decoder.feed(b"data: 0123456789\n\n")) for _ in range(100)) == 100

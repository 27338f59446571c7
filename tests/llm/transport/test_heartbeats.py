"""Streams with heartbeats, with errors as text, with a broken event, and with nothing but noise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scout_adapters.errors import ProviderError
from scout_adapters.llm.timeouts import AttemptContext, Timeouts
from scout_adapters.llm.transport.body import EventBody
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.sse import EventDecoder

GOOD = b'data: {"a": 1}\n\n'


def read(*pieces: bytes) -> list[Any]:
    body = EventBody()
    return [event for piece in pieces for event in body.add(piece)]


@pytest.mark.parametrize(
    "heartbeat",
    [
        *(b"data:\n\n", b"data: \n\n", b"data\n\n", b"event: ping\ndata:\n\n", b"data: null\n\n"),
        *(b"event: ping\ndata: ping\n\n", b"event:keepalive\ndata: ok\n\n"),
        b"event: heartbeat\ndata: 2026-11-30T12:00:00Z\n\n",
        b'data: ""\n\n',
        b"data: []\n\n",
        b"event:ping\ndata:[PING]\n\n",
        b"event: heartbeat\ndata: 1764523200\n\n",
        b"data: x\nevent: keepalive\n\n",
        *(b"data: [PING]\n\n", b"data:[ping]\r\n\r\n", b"data: PING\n\n", b'data: "ping"\n\n'),
        *(b"data: [HEARTBEAT]\n\n", b"data: keep-alive\n\n", b"data: : keepalive \n\n"),
        *(b'data: ["PING"]\n\n', b"event: PING\ndata: 1\n\n", b"event: KeepAlive\ndata: ok\n\n"),
    ],
)
def test_an_event_without_data_is_skipped(heartbeat: bytes) -> None:
    assert read(heartbeat, GOOD, heartbeat, GOOD) == [{"a": 1}, {"a": 1}]
    assert read(heartbeat + GOOD + heartbeat) == [{"a": 1}]


def test_a_ping_with_an_object_is_an_event() -> None:
    assert read(GOOD, b'event: ping\ndata: {"type": "ping"}\n\n') == [{"a": 1}, {"type": "ping"}]


def test_a_whole_answer_that_names_no_error_is_no_error() -> None:
    body = EventBody()
    assert body.add(b'{"error": null, "id": "c"}\n') == []
    assert body.finish() == [{"error": None, "id": "c"}]


@pytest.mark.parametrize(
    "sent",
    [
        b'{"error":{},"choices":[{"index":0}]}\n',
        b'{"error": "",\n"choices":[{"index":0}]}\n',
        b'{"error": {"message": ""}, "output": [{"type": "message"}]}\n',
    ],
)
def test_a_whole_answer_whose_error_is_empty_is_the_answer(sent: bytes) -> None:
    body = EventBody()
    assert body.add(sent) == []
    assert body.finish() == [json.loads(sent)]


@pytest.mark.parametrize("line", [b'{"error":""}\n\n', b'{"error":{}}\n\n', b'{"error":{"a\n\n'])
def test_a_line_without_an_error_is_no_event(line: bytes) -> None:
    assert read(GOOD + line) == read(GOOD, line) == [{"a": 1}]


def test_empty_data_lines_without_end_take_no_memory() -> None:
    decoder = EventDecoder()
    for _ in range(100):
        assert decoder.feed(b"data:\n" * 1000) == []
    assert decoder._data == []


@pytest.mark.parametrize(
    ("sent", "event"),
    [
        (b"event: error\ndata: out of memory\n\n", {"error": {"message": "out of memory"}}),
        (b'event: error\ndata: "busy"\n\n', {"error": {"message": "busy"}}),
        (b'event:error\ndata: {"message": "busy"}\n\n', {"error": {"message": "busy"}}),
        (b'event: error\ndata: {"error": {"code": 5}}\n\n', {"error": {"code": 5}}),
        (b'event: error\ndata: {"type": "error"}\n\n', {"type": "error"}),
        (b'error: {"error": {"message": "no GPU"}}\n\n', {"error": {"message": "no GPU"}}),
        (b"error: no GPU\n\n", {"error": {"message": "no GPU"}}),
        (b'{"error": {"message": "no GPU"}}\n\n', {"error": {"message": "no GPU"}}),
        (b'{ "error": "no GPU"}\n\n', {"error": "no GPU"}),
        (b"data: [ERROR] no GPU\n\n", {"error": {"message": "no GPU"}}),
        (b"data: Internal Server Error\n\n", {"error": {"message": "Internal Server Error"}}),
    ],
)
def test_the_words_of_an_error_are_kept(sent: bytes, event: Any) -> None:
    assert read(GOOD + sent) == [{"a": 1}, event]
    assert read(sent, GOOD) == [event, {"a": 1}]


def test_good_events_before_a_broken_one_are_delivered_first() -> None:
    body = EventBody()
    assert body.add(GOOD + b"data: {broken\n\n" + GOOD) == [{"a": 1}]
    with pytest.raises(ProviderError, match="not JSON"):
        body.raise_failure()


def timeouts(clock: Any, **seconds: float | None) -> Any:
    context = AttemptContext(provider="groq", model="m", timeouts=Timeouts(**seconds), clock=clock)
    exchange = HttpExchange(url="https://x.example", headers={}, content=b"", context=context)
    return context.progress, exchange.read_timeouts(stream=True)


def test_only_content_ends_a_silence(time: Any) -> None:
    progress, limits = timeouts(time.clock, idle=60)
    progress.has_content = progress.content_since_read = True
    limits.check()
    for _ in range(3):  # pings
        time.now += 19
        limits.check()
    assert limits() == 3
    progress.content_since_read = True
    limits.check()
    assert limits() == 60
    time.now += 61
    with pytest.raises(ProviderError, match="no content for 60 s"):
        limits.check()


def test_a_tool_at_the_provider_may_be_silent_for_longer_but_not_for_ever(time: Any) -> None:
    progress, limits = timeouts(time.clock, idle=6, first_token=5)
    limits.check()
    time.now += 1
    progress.tool_runs = progress.content_since_read = True  # a new statement, before any content
    limits.check()
    assert limits() == 60
    for _ in range(10):  # pings, or the same statement again
        time.now += 6
        limits.check()
    time.now += 1
    with pytest.raises(ProviderError, match="a tool at the provider"):
        limits.check()
    progress.tool_runs, progress.has_content, progress.content_since_read = False, True, True
    limits.check()
    assert limits() == 6


@pytest.mark.parametrize("limits", [{"idle": None}, {"first_token": None}])
def test_without_a_limit_a_tool_has_none(time: Any, limits: Any) -> None:
    progress, read = timeouts(time.clock, **limits)
    progress.tool_runs = progress.content_since_read = True
    read.check()
    time.now += 5000
    read.check()
    assert read() is None


def test_the_time_that_a_caller_takes_is_no_silence(time: Any) -> None:
    progress, limits = timeouts(time.clock, idle=60)
    progress.has_content = progress.content_since_read = True
    time.now += 500  # the caller has the content and works with it
    limits.check()
    assert limits() == 60


def test_a_total_limits_a_stream_and_its_default_does_not(time: Any) -> None:
    progress, limits = timeouts(time.clock, total=100)
    progress.has_content = progress.content_since_read = True
    time.now += 70
    limits.check()
    assert limits() == 30
    time.now += 31
    progress.content_since_read = True
    with pytest.raises(ProviderError, match="no whole answer within 100 s"):
        limits.check()
    progress, limits = timeouts(time.clock)
    time.now += 5000
    progress.has_content = progress.content_since_read = True
    limits.check()
    assert limits() == 60

"""One context for an attempt: the exchange and its read timeouts refer to it and copy nothing."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from scout_adapters.llm.adapters.adapter import AttemptRequest
from scout_adapters.llm.timeouts import SHORTEST, AttemptContext, StreamProgress, Timeouts
from scout_adapters.llm.transport.exchange import HttpExchange


def context(clock: Any, deadline: float = float("inf"), **timeouts: float | None) -> AttemptContext:
    return AttemptContext(
        provider="groq",
        model="m",
        timeouts=Timeouts(**timeouts),
        clock=clock,
        deadline=deadline,
    )


def exchange(attempt: AttemptContext) -> HttpExchange:
    return HttpExchange(url="https://api.groq.com/x", headers={}, content=b"", context=attempt)


def names(kind: Any) -> set[str]:
    return {field.name for field in fields(kind)}


def test_neither_request_nor_exchange_copies_a_field_of_the_context() -> None:
    own = names(AttemptContext)
    of_the_key = {"key", "credential", "address", "source", "secret"}
    assert names(AttemptRequest) == {"prepared", "context", *of_the_key}
    assert names(HttpExchange) == {"url", "headers", "content", "context", "method"}
    assert own.isdisjoint(names(AttemptRequest) | names(HttpExchange) | names(StreamProgress))


def test_a_stream_has_one_timeout_to_its_content_and_one_for_each_silence_after(time: Any) -> None:
    attempt = context(time.clock, first_token=120, idle=60)
    seconds = exchange(attempt).read_timeouts(stream=True)
    time.now += 50
    assert seconds() == 70
    attempt.progress.has_content = True
    time.now += 500
    assert seconds() == 60


@pytest.mark.parametrize("stream", [True, False])
def test_no_read_is_longer_than_the_time_to_the_deadline(time: Any, stream: bool) -> None:
    attempt = context(time.clock, deadline=time.now + 5)
    seconds = exchange(attempt).read_timeouts(stream=stream)
    time.now += 2
    assert seconds() == 3
    time.now += 9
    assert seconds() == SHORTEST


def test_without_a_limit_a_read_may_take_any_time(time: Any) -> None:
    attempt = context(time.clock, first_token=None, total=None)
    assert exchange(attempt).read_timeouts(stream=True)() is None
    assert exchange(attempt).read_timeouts(stream=False)() is None

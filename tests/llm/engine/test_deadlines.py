"""What a deadline bounds: waits, attempts, timeouts and answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from langchain_core import exceptions as lc
from langchain_core.callbacks import BaseCallbackHandler

from scout_adapters.errors import RateLimited, ScoutError
from tests.support.clock import FakeTime
from tests.support.fake_http import GROQ, GROQ_70B, OPENAI, OPENAI_MINI


class SlowRetry(BaseCallbackHandler):
    """Takes four seconds before each retry."""

    def __init__(self, time: FakeTime) -> None:
        self.time = time

    def on_retry(self, *args: Any, **kwargs: Any) -> None:
        self.time.go_by(4.0)


async def test_a_wait_beyond_the_deadline_is_not_begun(providers, wire, groq, ask, time) -> None:
    providers.on(GROQ, wire.refuse(429, headers={"retry-after": "9"}))
    with pytest.raises(RateLimited) as caught:
        await ask(groq(deadline=5.0))
    assert (len(providers.requests), time.slept) == (1, [])
    assert caught.value.retry_after == 9.0


async def test_after_the_deadline_no_further_attempt_is_made(
    providers, wire, router, ask, time
) -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        time.now += 6
        return wire.refuse(500)(request)

    providers.on(GROQ, slow)
    providers.on(OPENAI, wire.say())
    with pytest.raises(ScoutError) as caught:
        await ask(router(GROQ_70B, OPENAI_MINI, deadline=5.0))
    assert providers.hosts == [GROQ]
    assert not caught.value.is_retryable
    assert "openai/gpt-4o-mini: skipped (the call's deadline has passed)" in str(caught.value)


async def test_the_deadline_bounds_an_answer_that_drips(providers, wire, groq, time, asks) -> None:
    """Each piece comes in time; all of them together do not."""

    def slowly() -> bytes:
        time.now += 1
        return b" "

    for verb in ("invoke", "ainvoke"):
        began = time.now
        body = wire.Pieces([slowly] * 100 + [b"{}"])
        providers.on(GROQ, lambda request, body=body: httpx.Response(200, stream=body))
        with pytest.raises(lc.ModelTimeoutError):
            await asks(verb)(groq(deadline=5.0))
        assert time.now - began <= 7


async def test_timeouts_shrink_to_what_the_deadline_leaves(
    providers, wire, router, ask, time
) -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        time.now += 4
        return wire.refuse(401)(request)

    providers.on(GROQ, slow)
    providers.on(OPENAI, wire.say())
    await ask(router(GROQ_70B, OPENAI_MINI, deadline=5.0))
    timeouts = [request.extensions["timeout"] for request in providers.requests]
    assert [max(t.values()) for t in timeouts] == [5.0, 1.0]


async def test_a_pause_that_has_become_too_long_goes_to_the_next_candidate(
    providers, wire, router, ask, time
) -> None:
    providers.on(GROQ, wire.refuse(503, headers={"retry-after": "2"}))
    providers.on(OPENAI, wire.say())
    config = {"callbacks": [SlowRetry(time)]}
    await ask(router(GROQ_70B, OPENAI_MINI, deadline=5.0), config=config)
    assert providers.hosts == [GROQ, OPENAI]
    assert time.slept in ([], [0.0])


async def test_a_callback_that_takes_the_time_of_a_pause_leaves_none_to_sleep(
    providers, wire, groq, ask, time
) -> None:
    providers.on(GROQ, wire.refuse(429, headers={"retry-after": "2"}))
    with pytest.raises(RateLimited):
        await ask(groq(deadline=5.0), config={"callbacks": [SlowRetry(time)]})
    assert time.slept == []

"""What is tried again, after which wait, and how often."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from langchain_core import exceptions as lc
from langchain_core.rate_limiters import BaseRateLimiter

from scout_adapters.errors import NoWorkingKey, ProviderUnavailable, RateLimited, ScoutError
from scout_adapters.llm.health.circuit_breaker import circuit
from tests.support.fake_http import GROQ, GROQ_70B, key_state


async def test_a_single_limited_key_is_waited_for(providers, wire, groq, ask, time) -> None:
    providers.on(GROQ, wire.refuse(429, headers={"retry-after": "2"}), wire.say("late"))
    answer = await ask(groq())
    assert answer.text == "late"
    assert time.slept == [2.0]
    assert len(providers.requests) == 2


async def test_of_two_limited_keys_the_one_that_is_ready_first_is_waited_for(
    providers, wire, groq, ask, time
) -> None:
    providers.on_key("gsk_a", wire.refuse(429, headers={"retry-after": "20"}), wire.say("a"))
    providers.on_key("gsk_b", wire.refuse(429, headers={"retry-after": "3"}), wire.say("b"))
    answer = await ask(groq("gsk_a", "gsk_b"))
    assert answer.text == "b"
    assert time.slept == [3.0]


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "0"},
        {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"},
        {"retry-after": "-1"},
        {"retry-after": "nan"},
        {"x-ratelimit-reset": "1", "x-ratelimit-remaining": "0"},
        {},
    ],
)
async def test_a_limit_that_is_over_by_its_own_word_is_not_asked_for_ever(
    headers, providers, wire, groq, ask, time
) -> None:
    providers.on(GROQ, wire.refuse(429, headers=headers))
    with pytest.raises(RateLimited):
        await ask(groq())
    assert len(providers.requests) <= 3
    assert all(pause > 0 for pause in time.slept)


async def test_a_wait_longer_than_max_wait_is_reported_and_not_slept(
    providers, wire, groq, ask, time
) -> None:
    providers.on(GROQ, wire.refuse(429, headers={"retry-after": "31"}))
    with pytest.raises(RateLimited) as caught:
        await ask(groq())
    assert (caught.value.retry_after, caught.value.is_retryable) == (31.0, True)
    assert (len(providers.requests), time.slept) == (1, [])


async def test_max_wait_bounds_all_waits_of_a_call_together(
    providers, wire, groq, ask, time
) -> None:
    providers.on(GROQ, wire.refuse(429, headers={"retry-after": "6"}))
    with pytest.raises(RateLimited):
        await ask(groq(max_wait=10.0, max_retries=9))
    assert time.slept == [6.0]


async def test_with_max_retries_0_nothing_is_asked_twice_and_nothing_waited_for(
    providers, wire, groq, ask, time
) -> None:
    for reply in (wire.refuse(500), wire.refuse(429, headers={"retry-after": "1"})):
        providers.requests.clear()
        providers.on(GROQ, reply)
        with pytest.raises(ScoutError):
            await ask(groq("gsk_" + str(len(time.slept)), max_retries=0))
        assert (len(providers.requests), time.slept) == (1, [])


async def test_a_resting_key_is_not_asked_before_its_time(providers, wire, groq, ask, time) -> None:
    providers.on(GROQ, wire.refuse(429, headers={"retry-after": "100"}), wire.say())
    model = groq()
    with pytest.raises(RateLimited):
        await ask(model)
    with pytest.raises(NoWorkingKey) as caught:
        await ask(model)
    assert len(providers.requests) == 1
    assert (caught.value.retry_after, caught.value.is_retryable) == (100.0, True)
    time.now += 100
    assert (await ask(model)).text == "hello"


async def test_a_keyless_server_that_requires_a_short_wait_gets_it(
    providers, wire, ask, time
) -> None:
    from scout_adapters import ScoutOllamaChatModel

    providers.on("localhost", wire.refuse(429, headers={"retry-after": "2"}), wire.say())
    model = ScoutOllamaChatModel(model="m", transport=providers.transport, clock=time.clock)
    assert (await ask(model)).text == "hello"
    assert time.slept == [2.0]


async def test_a_server_error_is_tried_again_with_the_same_key_after_growing_pauses(
    providers, wire, groq, ask, time
) -> None:
    providers.on_key("gsk_a", wire.refuse(500), wire.refuse(500), wire.say())
    providers.on_key("gsk_b", wire.say("b"))
    answer = await ask(groq("gsk_a", "gsk_b"))
    assert answer.text == "hello"
    assert providers.keys == ["gsk_a"] * 3
    assert time.slept == [0.375, 0.75]
    assert key_state("gsk_a").failures == 0


async def test_a_timeout_may_be_billed_and_is_not_sent_again(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.fail(httpx.ReadTimeout))
    with pytest.raises(lc.ModelTimeoutError):
        await ask(groq())
    assert len(providers.requests) == 1


async def test_retries_of_a_dead_provider_stay_within_half_of_the_calls(
    providers, wire, groq, ask
) -> None:
    providers.on(GROQ, wire.refuse(500))
    model = groq()
    circuit("groq").threshold = 10**9
    for _ in range(100):
        with pytest.raises(ProviderUnavailable):
            await ask(model)
    assert 100 < len(providers.requests) <= 100 * 1.5 + 10


async def test_a_call_cancelled_before_its_request_leaves_key_and_retry_budget_as_they_were(
    providers, router
) -> None:
    model, state = router({"model": GROQ_70B, "rate_limiter": Closed()}), key_state("key-of-groq")
    endpoint = model._route().candidates[0].endpoint
    endpoint.retries.spend()
    before = (endpoint.retries._tokens, state.last_used)
    call = asyncio.create_task(model.ainvoke("hi"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert state.in_flight == 1
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert providers.requests == []
    assert (endpoint.retries._tokens, state.last_used) == before


class Closed(BaseRateLimiter):
    """A rate limiter that lets no request pass."""

    def acquire(self, *, blocking: bool = True) -> bool:
        return False

    async def aacquire(self, *, blocking: bool = True) -> bool:
        return await asyncio.Future()

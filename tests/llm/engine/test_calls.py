"""One call over keys and candidates, the same in all four verbs."""

from __future__ import annotations

import pickle
from typing import Any

import httpx
import pytest
from langchain_core import exceptions as lc

from scout_adapters.errors import (
    CircuitOpenError,
    ContentRefused,
    ContextOverflow,
    InvalidRequest,
    KeyRejected,
    MalformedResponse,
    NoKeyError,
    NoWorkingKey,
    OutOfCredit,
    ProviderUnavailable,
    RateLimited,
    ScoutError,
    UnsupportedContent,
)
from scout_adapters.llm.health.circuit_breaker import circuit
from scout_adapters.llm.health.key_state import fingerprint, shared_state

GROQ, OPENAI, ANTHROPIC = "api.groq.com", "api.openai.com", "api.anthropic.com"
GROQ_70B, OPENAI_MINI = "groq/llama-3.3-70b-versatile", "openai/gpt-4o-mini"
SVG = {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"}


def state(key: str, provider: str = "groq", url: str = "https://api.groq.com/openai/v1") -> Any:
    return shared_state(provider, url, key)


def at_rest(*keys: str) -> bool:
    return all(state(key).in_flight == 0 for key in keys)


async def test_an_answer_says_who_gave_it_and_what_it_cost(house, wire, groq, ask, time) -> None:
    house.on(GROQ, wire.say("hello"))
    answer = await ask(groq("gsk_a"))
    scout = answer.response_metadata["scout"]
    assert answer.text == "hello"
    assert (scout["provider"], scout["model"]) == ("groq", "llama-3.3-70b-versatile")
    assert scout["key_id"] == fingerprint("gsk_a")
    assert scout["cost_source"] == "genai-prices"
    assert scout["cost_usd"] == pytest.approx(10 * 0.59e-6 + 5 * 0.79e-6)
    assert scout["latency_s"] == 0.0
    assert (scout["first_token_s"] is not None) == ask.streams
    assert [a["outcome"] for a in scout["attempts"]] == ["ok"]
    assert "changes" not in scout
    assert answer.usage_metadata["total_tokens"] == 15
    assert time.slept == []
    assert at_rest("gsk_a")


async def test_an_unknown_price_is_none_and_not_zero(house, wire, groq, ask) -> None:
    house.on(GROQ, wire.say())
    scout = (await ask(groq(model="made-up-model"))).response_metadata["scout"]
    assert (scout["cost_usd"], scout["cost_source"]) == (None, None)


async def test_the_key_travels_in_a_header_and_not_in_the_url(house, wire, groq, ask) -> None:
    house.on(GROQ, wire.say())
    await ask(groq("gsk_a"))
    (request,) = house.requests
    assert request.headers["authorization"] == "Bearer gsk_a"
    assert "gsk_a" not in str(request.url)
    assert b"gsk_a" not in request.content


async def test_a_refused_key_hands_over_to_the_next_and_is_not_asked_again(
    house, wire, groq, ask
) -> None:
    house.on_key("gsk_bad", wire.refuse(401, "Invalid API Key", code="invalid_api_key"))
    house.on_key("gsk_good", wire.say())
    model = groq("gsk_bad", "gsk_good")
    answer = await ask(model)
    assert [a["outcome"] for a in answer.response_metadata["scout"]["attempts"]] == [
        "auth_invalid",
        "ok",
    ]
    await ask(model)
    assert house.keys == ["gsk_bad", "gsk_good", "gsk_good"]
    assert state("gsk_bad").permanently_failed
    assert at_rest("gsk_bad", "gsk_good")


async def test_a_limited_key_hands_over_to_the_next_at_once(house, wire, groq, ask, time) -> None:
    house.on_key("gsk_a", wire.refuse(429, headers={"retry-after": "5"}))
    house.on_key("gsk_b", wire.say())
    await ask(groq("gsk_a", "gsk_b"))
    assert house.keys == ["gsk_a", "gsk_b"]
    assert time.slept == []
    assert state("gsk_a").ready_at("llama-3.3-70b-versatile") == time.now + 5


async def test_a_key_out_of_credit_hands_over_to_the_next(house, wire, groq, ask) -> None:
    house.on_key("gsk_a", wire.refuse(402, "Insufficient credits"))
    house.on_key("gsk_b", wire.say())
    await ask(groq("gsk_a", "gsk_b"))
    assert house.keys == ["gsk_a", "gsk_b"]


async def test_a_single_limited_key_is_waited_for(house, wire, groq, ask, time) -> None:
    house.on(GROQ, wire.refuse(429, headers={"retry-after": "2"}), wire.say("late"))
    answer = await ask(groq())
    assert answer.text == "late"
    assert time.slept == [2.0]
    assert len(house.requests) == 2


async def test_of_two_limited_keys_the_one_that_is_ready_first_is_waited_for(
    house, wire, groq, ask, time
) -> None:
    house.on_key("gsk_a", wire.refuse(429, headers={"retry-after": "20"}), wire.say("a"))
    house.on_key("gsk_b", wire.refuse(429, headers={"retry-after": "3"}), wire.say("b"))
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
    headers, house, wire, groq, ask, time
) -> None:
    house.on(GROQ, wire.refuse(429, headers=headers))
    with pytest.raises(RateLimited):
        await ask(groq())
    assert len(house.requests) <= 3
    assert all(pause > 0 for pause in time.slept)


async def test_a_wait_longer_than_max_wait_is_told_and_not_slept(
    house, wire, groq, ask, time
) -> None:
    house.on(GROQ, wire.refuse(429, headers={"retry-after": "31"}))
    with pytest.raises(RateLimited) as caught:
        await ask(groq())
    assert (caught.value.retry_after, caught.value.is_retryable) == (31.0, True)
    assert (len(house.requests), time.slept) == (1, [])


async def test_max_wait_bounds_all_waits_of_a_call_together(house, wire, groq, ask, time) -> None:
    house.on(GROQ, wire.refuse(429, headers={"retry-after": "6"}))
    with pytest.raises(RateLimited):
        await ask(groq(max_wait=10.0, max_retries=9))
    assert time.slept == [6.0]


async def test_with_max_retries_0_nothing_is_asked_twice_and_nothing_waited_for(
    house, wire, groq, ask, time
) -> None:
    for reply in (wire.refuse(500), wire.refuse(429, headers={"retry-after": "1"})):
        house.requests.clear()
        house.on(GROQ, reply)
        with pytest.raises(ScoutError):
            await ask(groq("gsk_" + str(len(time.slept)), max_retries=0))
        assert (len(house.requests), time.slept) == (1, [])


async def test_a_resting_key_is_not_asked_before_its_time(house, wire, groq, ask, time) -> None:
    house.on(GROQ, wire.refuse(429, headers={"retry-after": "100"}), wire.say())
    model = groq()
    with pytest.raises(RateLimited):
        await ask(model)
    with pytest.raises(NoWorkingKey) as caught:
        await ask(model)
    assert len(house.requests) == 1
    assert (caught.value.retry_after, caught.value.is_retryable) == (100.0, True)
    time.now += 100
    assert (await ask(model)).text == "hello"


async def test_a_keyless_server_that_asks_for_a_short_wait_gets_it(house, wire, ask, time) -> None:
    from scout_adapters import ScoutOllamaChatModel

    house.on("localhost", wire.refuse(429, headers={"retry-after": "2"}), wire.say())
    model = ScoutOllamaChatModel(model="m", transport=house.transport, clock=time.clock)
    assert (await ask(model)).text == "hello"
    assert time.slept == [2.0]


async def test_a_provider_that_refuses_every_key_at_once_condemns_none(
    house, wire, groq, ask, time
) -> None:
    house.on(
        GROQ,
        wire.refuse(401, "Invalid API Key", code="invalid_api_key"),
        wire.refuse(401, "Invalid API Key", code="invalid_api_key"),
        wire.say(),
    )
    model = groq("gsk_a", "gsk_b", max_wait=0)
    with pytest.raises(KeyRejected):
        await ask(model)
    assert not state("gsk_a").permanently_failed
    assert not state("gsk_b").permanently_failed
    with pytest.raises(CircuitOpenError):
        await ask(model)
    time.now += 30
    assert (await ask(model)).text == "hello"


async def test_two_accounts_without_credit_are_no_fault_of_the_provider(
    house, wire, groq, ask
) -> None:
    house.on(GROQ, wire.refuse(402, "Insufficient credits"))
    model = groq("gsk_a", "gsk_b", max_wait=0)
    with pytest.raises(OutOfCredit):
        await ask(model)
    assert circuit("groq").is_available(1000.0)
    assert state("gsk_a").permanently_failed


async def test_a_server_error_is_tried_again_with_the_same_key_after_growing_pauses(
    house, wire, groq, ask, time
) -> None:
    house.on_key("gsk_a", wire.refuse(500), wire.refuse(500), wire.say())
    house.on_key("gsk_b", wire.say("b"))
    answer = await ask(groq("gsk_a", "gsk_b"))
    assert answer.text == "hello"
    assert house.keys == ["gsk_a"] * 3
    assert time.slept == [0.375, 0.75]
    assert state("gsk_a").failures == 0


async def test_a_provider_that_stays_broken_hands_over_to_the_next_candidate(
    house, wire, router, ask
) -> None:
    house.on(GROQ, wire.refuse(500))
    house.on(OPENAI, wire.say("from openai"))
    answer = await ask(router(GROQ_70B, OPENAI_MINI))
    assert answer.text == "from openai"
    assert house.hosts == [GROQ] * 3 + [OPENAI]
    assert [
        (a["provider"], a["outcome"]) for a in answer.response_metadata["scout"]["attempts"]
    ] == [("groq", "server_error")] * 3 + [("openai", "ok")]
    assert answer.response_metadata["scout"]["provider"] == "openai"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError, lc.ModelConnectionError),
        (httpx.ConnectTimeout, lc.ModelConnectionError),
        (httpx.ReadTimeout, lc.ModelTimeoutError),
        (httpx.WriteTimeout, lc.ModelTimeoutError),
        (httpx.RemoteProtocolError, lc.ModelAPIError),
    ],
)
async def test_a_broken_network_is_langchains_error_of_that_name_and_no_keys_fault(
    error, expected, house, wire, groq, ask
) -> None:
    house.on(GROQ, wire.fail(error))
    with pytest.raises(expected) as caught:
        await ask(groq("gsk_a"))
    assert isinstance(caught.value, ScoutError)
    assert not caught.value.is_retryable
    assert state("gsk_a").failures == 0


async def test_our_own_full_pool_is_not_the_providers_fault(house, wire, groq, ask) -> None:
    house.on(GROQ, wire.fail(httpx.PoolTimeout))
    with pytest.raises(ScoutError):
        await ask(groq(max_retries=0))
    assert circuit("groq").faults == 0


async def test_a_timeout_may_be_billed_and_is_not_sent_again(house, wire, groq, ask) -> None:
    house.on(GROQ, wire.fail(httpx.ReadTimeout))
    with pytest.raises(lc.ModelTimeoutError):
        await ask(groq())
    assert len(house.requests) == 1


async def test_when_all_fail_the_error_tells_every_attempt_and_is_not_retryable(
    house, wire, router, ask
) -> None:
    house.on(GROQ, wire.refuse(500))
    house.on(OPENAI, wire.refuse(503, "down"))
    with pytest.raises(ProviderUnavailable) as caught:
        await ask(router(GROQ_70B, OPENAI_MINI))
    error = caught.value
    assert isinstance(error, lc.ModelAPIError)
    assert not error.is_retryable
    assert (error.provider, error.status, error.key_id) == (
        "openai",
        503,
        fingerprint("key-of-openai"),
    )
    assert [(a["provider"], a["status"]) for a in error.attempts] == [("groq", 500)] * 3 + [
        ("openai", 503)
    ]
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.attempts) == (str(error), error.attempts)


async def test_retries_of_a_dead_provider_stay_within_half_of_the_calls(
    house, wire, groq, ask
) -> None:
    house.on(GROQ, wire.refuse(500))
    model = groq()
    circuit("groq").threshold = 10**9
    for _ in range(100):
        with pytest.raises(ProviderUnavailable):
            await ask(model)
    assert 100 < len(house.requests) <= 100 * 1.5 + 10


async def test_a_callers_fault_stops_at_once_and_harms_neither_key_nor_circuit(
    house, wire, router, ask
) -> None:
    house.on(GROQ, wire.refuse(400, "429 quota rate limit: invalid api key", code="invalid_value"))
    with pytest.raises(InvalidRequest) as caught:
        await ask(router(GROQ_70B, OPENAI_MINI))
    assert isinstance(caught.value, lc.ModelInvalidRequestError)
    assert not caught.value.is_retryable
    assert house.hosts == [GROQ]
    assert state("key-of-groq").failures == 0
    assert circuit("groq").faults == 0


OVERFLOW = {"code": "context_length_exceeded"}


async def test_a_context_overflow_goes_only_to_a_larger_window(house, wire, router, ask) -> None:
    house.on(OPENAI, wire.refuse(400, "too long", **OVERFLOW), wire.say("fits"))
    model = router("openai/gpt-4o-mini", "openai/gpt-3.5-turbo", "openai/gpt-4.1-mini")
    assert (await ask(model)).text == "fits"
    assert [body["model"] for body in house.bodies] == ["gpt-4o-mini", "gpt-4.1-mini"]


async def test_a_context_overflow_of_the_largest_window_is_the_callers(
    house, wire, router, ask
) -> None:
    house.on(OPENAI, wire.refuse(400, "too long", **OVERFLOW))
    with pytest.raises(ContextOverflow) as caught:
        await ask(router("openai/gpt-4.1-mini", "openai/gpt-4o-mini"))
    assert isinstance(caught.value, lc.ContextOverflowError)
    assert len(house.requests) == 1


async def test_a_request_too_large_for_one_accounts_minute_goes_to_any_other_candidate(
    house, wire, router, ask
) -> None:
    """Groq's 413 speaks of tokens a minute; the next one's window has nothing to do with it."""
    limit = wire.refuse(
        413, "Request too large for model", type="tokens", code="rate_limit_exceeded"
    )
    house.on(OPENAI, limit, wire.say("fits"))
    assert (await ask(router("openai/gpt-4.1-mini", "openai/gpt-4o-mini"))).text == "fits"


@pytest.mark.parametrize("asked", [True, False])
async def test_a_content_refusal_goes_on_only_where_the_user_asked_for_it(
    asked, house, wire, router, ask
) -> None:
    house.on(OPENAI, wire.refuse(400, "no", code="content_policy_violation"))
    house.on(GROQ, wire.say("fine"))
    model = router(OPENAI_MINI, GROQ_70B, failover_on_refusal=asked)
    if asked:
        assert (await ask(model)).text == "fine"
    else:
        with pytest.raises(ContentRefused):
            await ask(model)
        assert house.hosts == [OPENAI]


async def test_content_that_one_candidate_cannot_carry_goes_to_one_that_can(
    house, wire, router, ask
) -> None:
    house.on(OPENAI, wire.say("heard"))
    message = {"role": "user", "content": [{"type": "text", "text": "hear"}, SVG]}
    answer = await ask(router("anthropic/claude-haiku-4-5", OPENAI_MINI), [message])
    assert answer.text == "heard"
    assert house.hosts == [OPENAI]
    first = answer.response_metadata["scout"]["attempts"][0]
    assert (first["provider"], first["outcome"]) == ("anthropic", "skipped")


async def test_content_that_nobody_can_carry_is_refused_before_any_request(
    house, router, ask
) -> None:
    message = {"role": "user", "content": [SVG]}
    with pytest.raises(UnsupportedContent) as caught:
        await ask(router("anthropic/claude-haiku-4-5"), [message])
    assert house.requests == []
    assert isinstance(caught.value, lc.ModelInvalidRequestError)
    assert not caught.value.is_retryable


async def test_a_fault_of_a_provider_is_not_told_as_the_callers_because_another_cannot_carry_it(
    house, wire, router, ask
) -> None:
    house.on(OPENAI, wire.refuse(500))
    message = {"role": "user", "content": [SVG]}
    with pytest.raises(ProviderUnavailable):
        await ask(router(OPENAI_MINI, "anthropic/claude-haiku-4-5"), [message])


async def test_a_wait_beyond_the_deadline_is_not_begun(house, wire, groq, ask, time) -> None:
    house.on(GROQ, wire.refuse(429, headers={"retry-after": "9"}))
    with pytest.raises(RateLimited) as caught:
        await ask(groq(deadline=5.0))
    assert (len(house.requests), time.slept) == (1, [])
    assert caught.value.retry_after == 9.0


async def test_after_the_deadline_no_further_attempt_is_made(
    house, wire, router, ask, time
) -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        time.now += 6
        return wire.refuse(500)(request)

    house.on(GROQ, slow)
    house.on(OPENAI, wire.say())
    with pytest.raises(ScoutError) as caught:
        await ask(router(GROQ_70B, OPENAI_MINI, deadline=5.0))
    assert house.hosts == [GROQ]
    assert not caught.value.is_retryable


async def test_the_deadline_bounds_an_answer_that_drips(house, wire, groq, time, asks) -> None:
    """Each piece comes in time; all of them together do not."""

    def slowly() -> bytes:
        time.now += 1
        return b" "

    for verb in ("invoke", "ainvoke"):
        began = time.now
        body = wire.Pieces([slowly] * 100 + [b"{}"])
        house.on(GROQ, lambda request, body=body: httpx.Response(200, stream=body))
        with pytest.raises(lc.ModelTimeoutError):
            await asks(verb)(groq(deadline=5.0))
        assert time.now - began <= 7


async def test_timeouts_shrink_to_what_the_deadline_leaves(house, wire, router, ask, time) -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        time.now += 4
        return wire.refuse(401)(request)

    house.on(GROQ, slow)
    house.on(OPENAI, wire.say())
    await ask(router(GROQ_70B, OPENAI_MINI, deadline=5.0))
    timeouts = [request.extensions["timeout"] for request in house.requests]
    assert [max(t.values()) for t in timeouts] == [5.0, 1.0]


async def test_an_open_circuit_is_passed_over_without_a_request(
    house, wire, router, ask, time
) -> None:
    house.on(OPENAI, wire.say("openai"))
    circuit("groq").trip(time.now)
    answer = await ask(router(GROQ_70B, OPENAI_MINI))
    assert house.hosts == [OPENAI]
    skipped = answer.response_metadata["scout"]["attempts"][0]
    assert (skipped["outcome"], skipped["reason"]) == ("skipped", "circuit open")


async def test_when_all_circuits_are_open_the_error_says_when_the_first_is_due(
    house, groq, ask, time
) -> None:
    circuit("groq").trip(time.now)
    time.now += 10
    with pytest.raises(CircuitOpenError) as caught:
        await ask(groq(max_wait=19.0))
    assert caught.value.retry_after == pytest.approx(20.0)
    assert caught.value.is_retryable
    assert isinstance(caught.value, lc.ModelAPIError)
    assert (house.requests, time.slept) == ([], [])


async def test_an_open_circuit_is_waited_for_where_max_wait_allows(
    house, wire, groq, ask, time
) -> None:
    house.on(GROQ, wire.say())
    circuit("groq").trip(time.now)
    assert (await ask(groq())).text == "hello"
    assert time.slept == [pytest.approx(30.0)]


async def test_five_server_errors_open_the_circuit(house, wire, groq, ask) -> None:
    house.on(GROQ, wire.refuse(500))
    model = groq(max_wait=2)
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            await ask(model)
    with pytest.raises(CircuitOpenError):
        await ask(model)
    assert len(house.requests) == 5


async def test_without_a_key_the_error_names_the_variables(house, ask, time) -> None:
    from scout_adapters import ScoutGroqChatModel

    with pytest.raises(NoKeyError, match="GROQ_API_KEYS or GROQ_API_KEY") as caught:
        await ask(ScoutGroqChatModel(transport=house.transport, clock=time.clock))
    assert isinstance(caught.value, lc.ModelAuthenticationError)
    assert not getattr(caught.value, "is_retryable", False)


async def test_a_candidate_without_a_key_is_passed_over(house, wire, ask, time) -> None:
    from scout_adapters import ScoutRouterChatModel

    house.on(OPENAI, wire.say("openai"))
    keyed = {"model": OPENAI_MINI, "api_key": "k", "transport": house.transport}
    model = ScoutRouterChatModel(models=[GROQ_70B, keyed], clock=time.clock)
    assert (await ask(model)).text == "openai"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"<html>login</html>",
        b"{",
        b'{"choices": null}',
        b'{"choices": [7]}',
        b"[" * 100_000,
        b'{"a": NaN}',
        b"\xff\xfe\x00",
        b'{"choices": [{"message": 3}]}',
    ],
    ids=lambda content: repr(content[:12]),
)
async def test_a_200_without_an_answer_is_the_providers_named_error(
    content, house, wire, groq, ask
) -> None:
    house.on(GROQ, lambda request: httpx.Response(200, content=content))
    with pytest.raises(MalformedResponse) as caught:
        await ask(groq(max_retries=0))
    assert caught.value.provider == "groq"


@pytest.mark.parametrize("status", [204, 301, 302, 307, 308])
async def test_a_status_that_is_no_answer_is_an_error_and_no_redirect_is_followed(
    status, house, wire, groq, ask
) -> None:
    house.on("evil.example", wire.say("stolen"))
    house.on(
        GROQ,
        lambda request: httpx.Response(status, headers={"location": "https://evil.example/x"}),
    )
    with pytest.raises(MalformedResponse):
        await ask(groq())
    assert set(house.hosts) == {GROQ}


async def test_a_stream_that_the_server_answers_whole_is_still_an_answer(
    house, groq, wire, ask
) -> None:
    message = {"role": "assistant", "content": "whole"}
    body = {"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    house.on(GROQ, lambda request: httpx.Response(200, json=body))
    assert (await ask(groq())).text == "whole"


async def test_odd_but_readable_json_is_read(house, groq, time) -> None:
    body = (
        b'\xef\xbb\xbf{"choices":[{"message":{"content":"a\\ud800b","content":"last"},"score":1e999,'
        b'"finish_reason":"stop"}],"usage":null}'
    )
    house.on(
        GROQ, lambda r: httpx.Response(200, content=body, headers={"content-type": "image/png"})
    )
    answer = groq().invoke("hi")
    assert answer.text == "last"
    assert answer.usage_metadata is None
    scout = answer.response_metadata["scout"]
    assert (scout["estimated"], scout["attempts"][0]["output_tokens"]) == (True, 1)

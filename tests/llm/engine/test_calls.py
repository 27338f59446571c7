"""One call over keys and candidates, the same in all four verbs."""

from __future__ import annotations

import pickle

import httpx
import pytest
from langchain_core import exceptions as lc

from scout_adapters.errors import (
    CircuitOpenError,
    InvalidRequest,
    KeyRejected,
    MalformedResponse,
    NoKeyError,
    OutOfCredit,
    ProviderUnavailable,
    ScoutError,
)
from scout_adapters.llm.health.circuit_breaker import circuit
from scout_adapters.llm.health.key_texts import fingerprint
from tests.support.fake_http import GROQ, GROQ_70B, OPENAI, OPENAI_MINI, key_state


def at_rest(*keys: str) -> bool:
    return all(key_state(key).in_flight == 0 for key in keys)


async def test_an_answer_contains_its_provider_and_its_cost(
    providers, wire, groq, ask, time
) -> None:
    providers.on(GROQ, wire.say("hello"))
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


async def test_an_unknown_price_is_none_and_not_zero(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.say())
    scout = (await ask(groq(model="made-up-model"))).response_metadata["scout"]
    assert (scout["cost_usd"], scout["cost_source"]) == (None, None)


async def test_the_key_travels_in_a_header_and_not_in_the_url(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.say())
    await ask(groq("gsk_a"))
    (request,) = providers.requests
    assert request.headers["authorization"] == "Bearer gsk_a"
    assert "gsk_a" not in str(request.url)
    assert b"gsk_a" not in request.content


async def test_a_refused_key_hands_over_to_the_next_and_is_not_asked_again(
    providers, wire, groq, ask
) -> None:
    providers.on_key("gsk_bad", wire.refuse(401, "Invalid API Key", code="invalid_api_key"))
    providers.on_key("gsk_good", wire.say())
    model = groq("gsk_bad", "gsk_good")
    answer = await ask(model)
    assert [a["outcome"] for a in answer.response_metadata["scout"]["attempts"]] == [
        "auth_invalid",
        "ok",
    ]
    await ask(model)
    assert providers.keys == ["gsk_bad", "gsk_good", "gsk_good"]
    assert key_state("gsk_bad").permanently_failed
    assert at_rest("gsk_bad", "gsk_good")


async def test_a_limited_key_hands_over_to_the_next_at_once(
    providers, wire, groq, ask, time
) -> None:
    providers.on_key("gsk_a", wire.refuse(429, headers={"retry-after": "5"}))
    providers.on_key("gsk_b", wire.say())
    await ask(groq("gsk_a", "gsk_b"))
    assert providers.keys == ["gsk_a", "gsk_b"]
    assert time.slept == []
    assert key_state("gsk_a").ready_at("llama-3.3-70b-versatile") == time.now + 5


async def test_a_key_out_of_credit_hands_over_to_the_next(providers, wire, groq, ask) -> None:
    providers.on_key("gsk_a", wire.refuse(402, "Insufficient credits"))
    providers.on_key("gsk_b", wire.say())
    await ask(groq("gsk_a", "gsk_b"))
    assert providers.keys == ["gsk_a", "gsk_b"]


async def test_a_provider_that_refuses_every_key_at_once_condemns_none(
    providers, wire, groq, ask, time
) -> None:
    providers.on(
        GROQ,
        wire.refuse(401, "Invalid API Key", code="invalid_api_key"),
        wire.refuse(401, "Invalid API Key", code="invalid_api_key"),
        wire.say(),
    )
    model = groq("gsk_a", "gsk_b", max_wait=0)
    with pytest.raises(KeyRejected):
        await ask(model)
    assert not key_state("gsk_a").permanently_failed
    assert not key_state("gsk_b").permanently_failed
    with pytest.raises(CircuitOpenError):
        await ask(model)
    time.now += 30
    assert (await ask(model)).text == "hello"


async def test_two_accounts_without_credit_are_no_fault_of_the_provider(
    providers, wire, groq, ask
) -> None:
    providers.on(GROQ, wire.refuse(402, "Insufficient credits"))
    model = groq("gsk_a", "gsk_b", max_wait=0)
    with pytest.raises(OutOfCredit):
        await ask(model)
    assert circuit("groq").is_available(1000.0)
    assert key_state("gsk_a").permanently_failed


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
    error, expected, providers, wire, groq, ask
) -> None:
    providers.on(GROQ, wire.fail(error))
    with pytest.raises(expected) as caught:
        await ask(groq("gsk_a"))
    assert isinstance(caught.value, ScoutError)
    assert not caught.value.is_retryable
    assert key_state("gsk_a").failures == 0


async def test_our_own_full_pool_is_not_the_providers_fault(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.fail(httpx.PoolTimeout))
    with pytest.raises(ScoutError):
        await ask(groq(max_retries=0))
    assert circuit("groq").faults == 0


async def test_when_all_fail_the_error_lists_every_attempt_and_is_not_retryable(
    providers, wire, router, ask
) -> None:
    providers.on(GROQ, wire.refuse(500))
    providers.on(OPENAI, wire.refuse(503, "down"))
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


async def test_a_callers_fault_stops_at_once_and_harms_neither_key_nor_circuit(
    providers, wire, router, ask
) -> None:
    providers.on(
        GROQ, wire.refuse(400, "429 quota rate limit: invalid api key", code="invalid_value")
    )
    with pytest.raises(InvalidRequest) as caught:
        await ask(router(GROQ_70B, OPENAI_MINI))
    assert isinstance(caught.value, lc.ModelInvalidRequestError)
    assert not caught.value.is_retryable
    assert providers.hosts == [GROQ]
    assert key_state("key-of-groq").failures == 0
    assert circuit("groq").faults == 0


async def test_without_a_key_the_error_names_the_variables(providers, ask, time) -> None:
    from scout_adapters import ScoutGroqChatModel

    with pytest.raises(NoKeyError, match="GROQ_API_KEYS or GROQ_API_KEY") as caught:
        await ask(ScoutGroqChatModel(transport=providers.transport, clock=time.clock))
    assert isinstance(caught.value, lc.ModelAuthenticationError)
    assert not getattr(caught.value, "is_retryable", False)


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
    content, providers, wire, groq, ask
) -> None:
    providers.on(GROQ, lambda request: httpx.Response(200, content=content))
    with pytest.raises(MalformedResponse) as caught:
        await ask(groq(max_retries=0))
    assert caught.value.provider == "groq"


@pytest.mark.parametrize("status", [204, 301, 302, 307, 308])
async def test_a_status_that_is_no_answer_is_an_error_and_no_redirect_is_followed(
    status, providers, wire, groq, ask
) -> None:
    providers.on("evil.example", wire.say("stolen"))
    providers.on(
        GROQ,
        lambda request: httpx.Response(status, headers={"location": "https://evil.example/x"}),
    )
    with pytest.raises(MalformedResponse):
        await ask(groq())
    assert set(providers.hosts) == {GROQ}


async def test_a_stream_that_the_server_answers_whole_is_still_an_answer(
    providers, groq, wire, ask
) -> None:
    message = {"role": "assistant", "content": "whole"}
    body = {"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    providers.on(GROQ, lambda request: httpx.Response(200, json=body))
    assert (await ask(groq())).text == "whole"


async def test_odd_but_readable_json_is_read(providers, groq, time) -> None:
    body = (
        b'\xef\xbb\xbf{"choices":[{"message":{"content":"a\\ud800b","content":"last"},"score":1e999,'
        b'"finish_reason":"stop"}],"usage":null}'
    )
    providers.on(
        GROQ, lambda r: httpx.Response(200, content=body, headers={"content-type": "image/png"})
    )
    answer = groq().invoke("hi")
    assert answer.text == "last"
    assert answer.usage_metadata is None
    scout = answer.response_metadata["scout"]
    assert (scout["estimated"], scout["attempts"][0]["output_tokens"]) == (True, 1)


@pytest.mark.parametrize(("words", "estimated"), [("a word " * 300, True), ("", None)])
async def test_a_count_of_no_output_beside_an_answer_is_no_count(
    words, estimated, providers, groq, wire, ask
) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9}
    providers.on(GROQ, wire.say(words, usage=usage))
    (attempt,) = (await ask(groq())).response_metadata["scout"]["attempts"]
    assert attempt.get("estimated") == estimated
    assert attempt["input_tokens"] == 9
    assert attempt["output_tokens"] > 300 if estimated else attempt["output_tokens"] == 0

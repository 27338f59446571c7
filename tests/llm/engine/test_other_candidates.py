"""When a call goes on to another candidate: refusals, open circuits, missing keys."""

from __future__ import annotations

import pytest
from langchain_core import exceptions as lc

from scout_adapters.errors import (
    CircuitOpenError,
    ContentRefused,
    ContextOverflow,
    ProviderUnavailable,
    UnsupportedContent,
)
from scout_adapters.llm.health.circuit_breaker import circuit
from tests.support.fake_http import GROQ, GROQ_70B, OPENAI, OPENAI_MINI

SVG = {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"}


async def test_a_provider_that_stays_broken_hands_over_to_the_next_candidate(
    providers, wire, router, ask
) -> None:
    providers.on(GROQ, wire.refuse(500))
    providers.on(OPENAI, wire.say("from openai"))
    answer = await ask(router(GROQ_70B, OPENAI_MINI))
    assert answer.text == "from openai"
    assert providers.hosts == [GROQ] * 3 + [OPENAI]
    assert [
        (a["provider"], a["outcome"]) for a in answer.response_metadata["scout"]["attempts"]
    ] == [("groq", "server_error")] * 3 + [("openai", "ok")]
    assert answer.response_metadata["scout"]["provider"] == "openai"


OVERFLOW = {"code": "context_length_exceeded"}


async def test_a_context_overflow_goes_only_to_a_larger_window(
    providers, wire, router, ask
) -> None:
    providers.on(OPENAI, wire.refuse(400, "too long", **OVERFLOW), wire.say("fits"))
    model = router("openai/gpt-4o-mini", "openai/gpt-3.5-turbo", "openai/gpt-4.1-mini")
    assert (await ask(model)).text == "fits"
    assert [body["model"] for body in providers.bodies] == ["gpt-4o-mini", "gpt-4.1-mini"]


async def test_a_context_overflow_of_the_largest_window_is_the_callers(
    providers, wire, router, ask
) -> None:
    providers.on(OPENAI, wire.refuse(400, "too long", **OVERFLOW))
    with pytest.raises(ContextOverflow) as caught:
        await ask(router("openai/gpt-4.1-mini", "openai/gpt-4o-mini"))
    assert isinstance(caught.value, lc.ContextOverflowError)
    assert len(providers.requests) == 1


async def test_a_request_too_large_for_one_accounts_minute_goes_to_any_other_candidate(
    providers, wire, router, ask
) -> None:
    """Groq's 413 is a limit of tokens per minute, not of the next candidate's context window."""
    limit = wire.refuse(
        413, "Request too large for model", type="tokens", code="rate_limit_exceeded"
    )
    providers.on(OPENAI, limit, wire.say("fits"))
    assert (await ask(router("openai/gpt-4.1-mini", "openai/gpt-4o-mini"))).text == "fits"


@pytest.mark.parametrize("opted_in", [True, False])
async def test_a_content_refusal_goes_on_only_where_the_user_asked_for_it(
    opted_in, providers, wire, router, ask
) -> None:
    providers.on(OPENAI, wire.refuse(400, "no", code="content_policy_violation"))
    providers.on(GROQ, wire.say("fine"))
    model = router(OPENAI_MINI, GROQ_70B, failover_on_refusal=opted_in)
    if opted_in:
        assert (await ask(model)).text == "fine"
    else:
        with pytest.raises(ContentRefused):
            await ask(model)
        assert providers.hosts == [OPENAI]


async def test_content_that_one_candidate_cannot_carry_goes_to_one_that_can(
    providers, wire, router, ask
) -> None:
    providers.on(OPENAI, wire.say("heard"))
    message = {"role": "user", "content": [{"type": "text", "text": "hear"}, SVG]}
    answer = await ask(router("anthropic/claude-haiku-4-5", OPENAI_MINI), [message])
    assert answer.text == "heard"
    assert providers.hosts == [OPENAI]
    first = answer.response_metadata["scout"]["attempts"][0]
    assert (first["provider"], first["outcome"]) == ("anthropic", "skipped")


async def test_content_that_no_candidate_can_carry_is_refused_before_any_request(
    providers, router, ask
) -> None:
    message = {"role": "user", "content": [SVG]}
    with pytest.raises(UnsupportedContent) as caught:
        await ask(router("anthropic/claude-haiku-4-5"), [message])
    assert providers.requests == []
    assert isinstance(caught.value, lc.ModelInvalidRequestError)
    assert not caught.value.is_retryable


async def test_a_providers_fault_is_not_the_callers_because_another_cannot_carry_the_content(
    providers, wire, router, ask
) -> None:
    providers.on(OPENAI, wire.refuse(500))
    message = {"role": "user", "content": [SVG]}
    with pytest.raises(ProviderUnavailable):
        await ask(router(OPENAI_MINI, "anthropic/claude-haiku-4-5"), [message])


async def test_an_open_circuit_is_passed_over_without_a_request(
    providers, wire, router, ask, time
) -> None:
    providers.on(OPENAI, wire.say("openai"))
    circuit("groq").trip(time.now)
    answer = await ask(router(GROQ_70B, OPENAI_MINI))
    assert providers.hosts == [OPENAI]
    skipped = answer.response_metadata["scout"]["attempts"][0]
    assert (skipped["outcome"], skipped["reason"]) == ("skipped", "circuit open")


async def test_when_all_circuits_are_open_the_error_contains_when_the_first_is_due(
    providers, groq, ask, time
) -> None:
    circuit("groq").trip(time.now)
    time.now += 10
    with pytest.raises(CircuitOpenError) as caught:
        await ask(groq(max_wait=19.0))
    assert caught.value.retry_after == pytest.approx(20.0)
    assert caught.value.is_retryable
    assert isinstance(caught.value, lc.ModelAPIError)
    assert (providers.requests, time.slept) == ([], [])


async def test_an_open_circuit_is_waited_for_where_max_wait_allows(
    providers, wire, groq, ask, time
) -> None:
    providers.on(GROQ, wire.say())
    circuit("groq").trip(time.now)
    assert (await ask(groq())).text == "hello"
    assert time.slept == [pytest.approx(30.0)]


async def test_five_server_errors_open_the_circuit(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.refuse(500))
    model = groq(max_wait=2)
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            await ask(model)
    with pytest.raises(CircuitOpenError):
        await ask(model)
    assert len(providers.requests) == 5


async def test_a_candidate_without_a_key_is_passed_over(providers, wire, ask, time) -> None:
    from scout_adapters import ScoutRouterChatModel

    providers.on(OPENAI, wire.say("openai"))
    keyed = {"model": OPENAI_MINI, "api_key": "k", "transport": providers.transport}
    model = ScoutRouterChatModel(models=[GROQ_70B, keyed], clock=time.clock)
    assert (await ask(model)).text == "openai"

"""The fields of the error that ends a call, and whether a retry can help."""

from __future__ import annotations

import json
import logging

import httpx
import pytest
from langchain_core.messages import HumanMessage

from scout_adapters.errors import (
    AccessDenied,
    ContentRefused,
    InvalidRequest,
    KeyRejected,
    MalformedResponse,
    ModelNotFound,
    NotSupported,
    OutOfCredit,
    ProviderUnavailable,
    UnsupportedContent,
    one_line,
)
from scout_adapters.llm.failures import error_from_response
from scout_adapters.llm.health.circuit_breaker import circuit
from scout_adapters.llm.health.key_texts import fingerprint
from tests.support.fake_http import (
    GROQ,
    GROQ_70B,
    OPENAI,
    OPENAI_MINI,
    FakeAnswers,
    Json,
    Reply,
    key_state,
)


async def test_what_one_model_cannot_do_goes_to_the_next_candidate_and_leaves_no_mark(
    providers, wire, router, ask
) -> None:
    providers.on(
        GROQ, wire.refuse(404, "No endpoints found that support image input"), wire.say("b")
    )
    providers.on(OPENAI, wire.say("a"))
    model = router(GROQ_70B, OPENAI_MINI)
    assert (await ask(model)).text == "a"
    assert (key_state("key-of-groq").failures, circuit("groq").faults) == (0, 0)
    assert (await ask(model)).text == "b"


async def test_what_no_candidate_can_do_is_reported_with_the_reason_of_each(
    providers, wire, router, ask
) -> None:
    providers.on(
        GROQ, wire.refuse(400, "This model does not support response format `json_schema`")
    )
    providers.on(OPENAI, wire.refuse(400, "This model does not support image_url content."))
    with pytest.raises(NotSupported) as caught:
        await ask(router(GROQ_70B, OPENAI_MINI))
    message = str(caught.value)
    assert "response format" in message
    assert "image_url" in message
    assert not caught.value.is_retryable
    assert len(providers.requests) == 2


@pytest.mark.parametrize(
    ("status", "code"), [(402, None), (429, "insufficient_quota"), (400, "insufficient_balance")]
)
async def test_a_key_out_of_credit_is_so_at_the_second_call_too(
    status, code, providers, wire, groq, ask
) -> None:
    providers.on(GROQ, wire.refuse(status, "no credit", code=code))
    model = groq()
    for _ in range(3):
        with pytest.raises(OutOfCredit, match="add credit") as caught:
            await ask(model)
        assert not caught.value.is_retryable
    assert len(providers.requests) == 1


async def test_a_refused_key_is_so_at_the_second_call_too(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.refuse(401, "no"))
    model = groq()
    for _ in range(2):
        with pytest.raises(KeyRejected, match="replace the key"):
            await ask(model)


@pytest.mark.parametrize(
    ("status", "error"), [(403, AccessDenied), (404, ModelNotFound), (410, ModelNotFound)]
)
async def test_a_model_that_is_refused_is_so_at_the_second_call_too(
    status, error, providers, wire, groq, ask
) -> None:
    providers.on(GROQ, wire.refuse(status, "no"))
    model = groq("gsk_a", "gsk_b")
    for _ in range(3):
        with pytest.raises(error) as caught:
            await ask(model)
        assert not caught.value.is_retryable
    assert len(providers.requests) <= 2
    providers.on(GROQ, wire.say("other"))
    assert (await ask(groq("gsk_a", model="another"))).text == "other"


async def test_a_candidate_is_named_with_its_last_attempt_and_not_with_the_skip_after_it(
    providers, wire, router, ask
) -> None:
    providers.on(GROQ, wire.refuse(429, "slow down"))
    providers.on(OPENAI, wire.refuse(500, "broken"))
    with pytest.raises(ProviderUnavailable) as caught:
        await ask(router(GROQ_70B, OPENAI_MINI, max_retries=0, max_wait=0))
    (other,) = caught.value.others
    assert f"with key {fingerprint('key-of-groq')}: rate_limit 429" in other


async def test_a_request_that_no_candidate_can_be_sent_has_the_reason_of_each(
    providers, wire, router, ask
) -> None:
    sound = {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"}
    with pytest.raises(UnsupportedContent) as caught:
        await ask(router(GROQ_70B, "anthropic/claude-haiku-4-5"), [HumanMessage([sound])])
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "groq/llama-3.3-70b-versatile",
        "anthropic/claude-haiku-4-5",
    ]
    assert providers.requests == []


async def test_a_key_to_repair_does_not_say_when_a_broken_provider_is_ready(
    providers, wire, router, ask
) -> None:
    providers.on(GROQ, wire.refuse(401, "wrong key"))
    providers.on(OPENAI, wire.refuse(500, "broken"))
    model = router(GROQ_70B, OPENAI_MINI, max_retries=1, max_wait=0)
    for _ in range(2):
        with pytest.raises(ProviderUnavailable) as caught:
            await ask(model)
        assert (caught.value.retry_after, caught.value.is_retryable) == (None, False)


@pytest.mark.parametrize("status", [500, 503, 529])
async def test_without_tries_of_our_own_the_error_may_be_tried_again(
    status, providers, wire, groq, ask
) -> None:
    providers.on(GROQ, wire.refuse(status))
    with pytest.raises(ProviderUnavailable) as alone:
        await ask(groq(max_retries=0))
    assert alone.value.is_retryable
    with pytest.raises(ProviderUnavailable) as spent:
        await ask(groq(max_retries=2))
    assert not spent.value.is_retryable


async def test_a_callers_fault_is_never_worth_a_retry(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.refuse(400, "bad"))
    with pytest.raises(InvalidRequest) as caught:
        await ask(groq(max_retries=0))
    assert not caught.value.is_retryable


def inside(wire: FakeAnswers, body: Json) -> Reply:
    """An error inside an answer of status 200, whole or streamed by the request."""

    def reply(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content).get("stream"):
            return wire.sse(wire.event(body))(request)
        return httpx.Response(200, json=body)

    return reply


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "Streaming response failed: [500] EngineCore"}, ProviderUnavailable),
        ({"message": "EngineCore died"}, ProviderUnavailable),
        ({"message": "no", "code": "tool_use_failed"}, InvalidRequest),
        ({"message": "no", "code": "MALFORMED_FUNCTION_CALL"}, InvalidRequest),
    ],
)
async def test_an_error_inside_an_answer_is_asked_once_more(
    error, kind, providers, wire, groq, ask
) -> None:
    providers.on(GROQ, inside(wire, {"error": error}))
    with pytest.raises(kind):
        await ask(groq(max_retries=5))
    assert len(providers.requests) == 2


async def test_an_error_inside_an_answer_is_asked_once_more_after_a_refusal_of_the_same_kind(
    providers, wire, groq, ask
) -> None:
    within = inside(wire, {"error": {"message": "busy", "code": 503}})
    providers.on(GROQ, wire.refuse(503), within, within)
    with pytest.raises(ProviderUnavailable):
        await ask(groq(max_retries=5))
    assert len(providers.requests) == 3


async def test_an_answer_that_a_filter_withheld_is_not_asked_again(
    providers, wire, groq, ask
) -> None:
    text = "Upstream error from Alibaba: <400> InternalError.Algo.DataInspectionFailed: Output data"
    error = {"code": 502, "message": f"{text} may contain inappropriate content."}
    providers.on(GROQ, inside(wire, {"choices": [{"index": 0, "error": error}]}))
    with pytest.raises(ContentRefused) as caught:
        await ask(groq())
    assert len(providers.requests) == 1
    assert caught.value.attempts[-1]["billed"] == "yes"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_names_where_it_points_and_is_not_followed(
    status, providers, wire, groq, ask
) -> None:
    to = "https://user:pw@new.test/v1/chat?key=gsk_1234567890abcdef"
    providers.on(GROQ, lambda _: httpx.Response(status, headers={"location": to}))
    with pytest.raises(MalformedResponse) as caught:
        await ask(groq())
    assert "https://new.test/v1/chat" in str(caught.value)
    assert not any(word in str(caught.value) for word in ("pw", "gsk_", "user"))
    assert providers.hosts == [GROQ]


HOSTILE = "a\r\nERROR forged \x1b[31mred\x1b[0m \u202ereversed\u2028x\x00"


async def test_an_error_is_one_printable_line_whatever_the_provider_sends(
    providers, wire, groq, ask, caplog
) -> None:
    caplog.set_level(logging.DEBUG, "scout_adapters")
    providers.on(GROQ, wire.refuse(400, HOSTILE, code=HOSTILE, headers={"x-request-id": "r"}))
    with pytest.raises(InvalidRequest) as caught:
        await ask(groq())
    error = caught.value
    for text in (str(error), error.code or "", error.attempts[0]["code"], *caplog.messages):
        assert text.isprintable()


@pytest.mark.parametrize("field", ["type", "code", "request_id"])
def test_a_code_is_printable(field) -> None:
    error = error_from_response(
        "x", status=400, headers={"x-request-id": HOSTILE}, body={"error": {field: HOSTILE}}
    )
    assert (error.code or "").isprintable()
    assert (error.request_id or "").isprintable()
    assert one_line(HOSTILE).isprintable()


async def test_failover_is_logged_at_info_and_each_attempt_at_debug(
    providers, wire, router, ask, caplog
) -> None:
    caplog.set_level(logging.DEBUG, "scout_adapters.llm.engine")
    providers.on(GROQ, wire.refuse(500, "down"))
    providers.on(OPENAI, wire.say("a"))
    await ask(router(GROQ_70B, OPENAI_MINI, max_retries=1))
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    attempts = [text for level, text in lines if level == "DEBUG"]
    failovers = [text for level, text in lines if level == "INFO"]
    assert len(attempts) == 3
    assert fingerprint("key-of-groq") in attempts[0]
    assert "server_error" in attempts[0]
    assert "ok" in attempts[2]
    assert len(failovers) == 1
    assert GROQ_70B in failovers[0]
    assert OPENAI_MINI in failovers[0]
    assert "key-of-groq" not in caplog.text

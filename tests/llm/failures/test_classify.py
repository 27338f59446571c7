"""Every documented or reported refusal has the meaning that the reference defines."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from langchain_core import exceptions as lc

from scout_adapters.errors import (
    ErrorKind,
    KeyRejected,
    ModelNotFound,
    OutOfCredit,
    ProviderError,
)
from scout_adapters.llm.failures import error_from_response
from tests.llm.failures.meanings import MEANINGS, Meaning
from tests.support.golden import NOW, ROWS, Golden


def refused(row: Golden) -> ProviderError:
    return error_from_response(
        row.provider, status=row.status, headers=row.headers, body=row.sent, model="m", now=NOW
    )


def meaning(error: ProviderError) -> Meaning:
    """What the engine and LangChain make of this very error."""
    policy = error.policy
    again = {
        "same": policy.same_key,
        "key": policy.next_key,
        "candidate": policy.next_candidate,
    }
    expected = MEANINGS[str(error.kind)].langchain
    return Meaning(
        langchain=expected if isinstance(error, expected) else type(error),
        retryable=error.is_retryable,
        actor=policy.actor,
        tried=frozenset(what for what, helps in again.items() if helps),
        key_effect=policy.key_effect,
        counts=policy.trips_circuit,
    )


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_refusal_has_the_meaning_of_the_reference(row: Golden) -> None:
    error = refused(row)
    assert error.kind is ErrorKind(row.kind)
    assert meaning(error) == MEANINGS[row.kind]
    assert error.retry_after == (None if row.wait is None else pytest.approx(row.wait, abs=1e-6))
    assert row.code is None or error.code == row.code


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_refusal_speaks_in_one_short_line_without_markup(row: Golden) -> None:
    error = refused(row)
    assert row.says in error.message
    assert 0 < len(error.message) <= 512
    assert "\n" not in error.message
    assert "<" not in error.message
    assert (error.provider, error.model, error.status) == (row.provider, "m", row.status)


@pytest.mark.parametrize("row", [r for r in ROWS if isinstance(r.body, dict)], ids=str)
def test_a_body_means_the_same_parsed_and_raw(row: Golden) -> None:
    parsed = error_from_response(
        row.provider, status=row.status, headers=row.headers, body=row.body, model="m", now=NOW
    )
    raw = refused(row)
    assert (parsed.kind, parsed.message, parsed.retry_after, parsed.code) == (
        raw.kind,
        raw.message,
        raw.retry_after,
        raw.code,
    )


def test_every_kind_that_a_provider_can_cause_has_a_golden_row() -> None:
    # made on this side of the wire alone, or from the exceptions of a user's own function
    ours = {"stream_interrupted", "answer_lost", "queue_full", "key_source", "unknown"}
    assert {row.kind for row in ROWS} == {str(kind) for kind in ErrorKind} - ours


def test_a_refusal_carries_the_response_that_tracing_reads() -> None:
    error = error_from_response(
        "groq",
        status=429,
        headers={
            "Content-Type": "application/json",
            "X-Request-Id": "req_1",
            "X-RateLimit-Reset-Tokens": "2s",
            "Set-Cookie": "session=1",
            "Authorization": "Bearer gsk_1234567890",
        },
        body=b'{"error":{"message":"slow","code":"rate_limit_exceeded"}}',
        key_id="k1",
        phase="mid_stream",
    )
    assert (error.request_id, error.key_id, error.phase) == ("req_1", "k1", "mid_stream")
    assert error.response.status_code == 429
    assert error.response.json() == {"error": {"message": "slow", "code": "rate_limit_exceeded"}}
    assert dict(error.response.headers) == {
        "content-type": "application/json",
        "x-request-id": "req_1",
        "x-ratelimit-reset-tokens": "2s",
    }


def test_a_refusal_survives_a_pickle() -> None:
    error = error_from_response("groq", status=401, headers={}, body=b'{"error":{"message":"no"}}')
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.kind) == (type(error), str(error), error.kind)


MISSING = b'{"error": {"code": "model_not_found", "message": "The model x does not exist"}}'
KEY = b'{"error": "Incorrect API key provided."}'
UNPAID = b"""{"error": {"type": "invalid_request_error", "message": "Your credit balance is too low
to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."}}"""
OF_400: Any = [
    ("openai", MISSING, ModelNotFound, lc.ModelNotFoundError),
    ("xai", KEY, KeyRejected, lc.ModelAuthenticationError),
    ("anthropic", UNPAID, OutOfCredit, lc.ModelRateLimitError),
]


@pytest.mark.parametrize(
    ("provider", "body", "ours", "exact"), OF_400, ids=["model", "key", "credit"]
)
def test_an_error_of_a_400_is_caught_as_what_it_is_and_as_langchains_packages_raise_it(
    provider: str, body: bytes, ours: type[Exception], exact: type[Exception]
) -> None:
    error = error_from_response(provider, status=400, headers={}, body=body)
    for again in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert isinstance(again, ours)
        assert isinstance(again, exact)
        assert isinstance(again, lc.ModelInvalidRequestError)
        assert type(again).__qualname__ == ours.__qualname__
        assert (str(again), again.is_retryable, again.status) == (str(error), False, 400)
        assert (again.kind, again.response.text) == (error.kind, body.decode())
    other = error_from_response(provider, status=404, headers={}, body=body)
    assert not isinstance(other, lc.ModelInvalidRequestError)


@pytest.mark.parametrize(
    ("headers", "body", "request_id"),
    [
        ({"request-id": "req_a"}, b"{}", "req_a"),
        ({"cf-ray": "ray-LHR"}, b"{}", "ray-LHR"),
        ({"trace_id": "t"}, b"{}", "t"),
        ({}, b'{"type":"error","error":{"message":"x"},"request_id":"req_b"}', "req_b"),
        ({"x-request-id": "a", "cf-ray": "b"}, b"{}", "a"),
        ({}, b"{}", None),
    ],
)
def test_the_request_id_is_found_wherever_it_stands(
    headers: dict[str, str], body: Any, request_id: str | None
) -> None:
    assert error_from_response("x", status=500, headers=headers, body=body).request_id == request_id

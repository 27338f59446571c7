"""Whatever a server sends, an error comes of it, and a small one."""

from __future__ import annotations

import math
import pickle
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st

from scout_adapters.llm.failures import error_from_response, is_permanent_error
from scout_adapters.llm.failures.provider_rules import PROVIDERS
from tests.support.golden import NOW

if TYPE_CHECKING:
    from scout_adapters.errors import ProviderError

NAMES = st.sampled_from([*PROVIDERS, "deepseek", "any", ""])
STATUSES = st.one_of(
    st.sampled_from([200, 302, 400, 401, 402, 403, 404, 413, 429, 500, 503]), st.integers(0, 999)
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(["429", "26s", "1e400", "2026-05-15T15:00:00Z", "(1008)", "Limit 1"]),
)
FIELDS = (
    "error message code type status details detail metadata base_resp errors choices response"
    " fault innererror headers raw provider_name reason violations quotaId retryDelay loc msg"
    " X-RateLimit-Reset status_code retry_after request_id x_groq"
)
KEYS = st.sampled_from(FIELDS.split())
JSONS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
SENT = (
    "Retry-After retry-after-ms Date date x-ratelimit-reset x-ratelimit-reset-tokens ratelimit"
    " x-ratelimit-remaining-tokens anthropic-ratelimit-tokens-reset x-request-id"
)
HEADERS = st.dictionaries(
    st.sampled_from(SENT.split()),
    st.one_of(st.text(max_size=40), SCALARS.map(str), st.datetimes().map(str)),
)


def sound(error: ProviderError) -> None:
    assert len(error.message) <= 512
    assert len(error.response.text) <= 4096
    assert error.retry_after is None or 0 <= error.retry_after <= 32 * 86400
    assert not math.isnan(error.retry_after or 0)
    assert str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    is_permanent_error(error)


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":' * 30_000,
        b"[" * 60_000,
        b'{"detail":' * 400 + b"1" + b"}" * 400,
        b'{"error":{"code":1,"code":2,"message":"a","message":"b"}}',
        b'{"error":{"retry_after":NaN,"message":"x"}}',
        b'{"error":{"retry_after":1e999,"message":"x"}}',
        b'{"error":{"code":' + b"9" * 5000 + b"}}",
        b'{"error":{"message":"\\ud800 lone"}}',
        b'{"error":{"message":"' + b"sk-" * 200_000 + b'"}}',
        b'{"error":{"message":"x","input":"' + b'q\\"' * 40_000,
        b'{"error":"' + b"\\" * 70_000,
        b'{"' * 40_000,
        b"[" * 30_000 + b"]" * 30_000 + b"[",
        b"A1" * 500_000,
        b"key: " * 20_000,
        b"<" * 100_000,
        b"\xff\xfe" + b"a" * 1001,
        "{'error': 'not json'}",
        12,
        object(),
        {"error": {"message": {1, 2}}},
        {("a", "b"): 1},
    ],
    ids=range(22),
)
def test_a_hostile_body_becomes_an_error_soon(body: Any) -> None:
    begin = time.thread_time()
    sound(
        error_from_response("openai", status=429, headers={"retry-after": "1"}, body=body, now=NOW)
    )
    assert time.thread_time() - begin < 10.0  # of this thread; what is quadratic takes minutes


@pytest.mark.parametrize(
    "message",
    [
        "Invalid request: messages " + "'required' " * 24,
        "The request " + "'required' exceeds " * 100,
        "tools 'required' " + "is not able to process " * 80,
        "Total number of requests " + "size of " * 200,
        "messages exceeds maximum " + "size is of allowed 1" * 90,
    ],
    ids=range(5),
)
def test_the_words_of_a_bad_request_are_matched_soon(message: str) -> None:
    begin = time.thread_time()
    sound(error_from_response("any", status=400, headers={}, body={"error": {"message": message}}))
    assert time.thread_time() - begin < 10.0  # of this thread; an exponential pattern takes longer


def test_a_body_that_contains_itself_becomes_an_error() -> None:
    body: dict[str, object] = {}
    body["error"] = body
    body["detail"] = body
    sound(error_from_response("openai", status=429, headers={}, body=body))


def test_a_provider_behind_a_provider_and_so_on_becomes_an_error() -> None:
    body: dict[str, Any] = {"message": "at last"}
    for _ in range(5000):
        body = {"error": {"metadata": {"provider_name": "x", "raw": body}, "message": "m"}}
    sound(error_from_response("openrouter", status=429, headers={}, body=body))


def test_ten_thousand_headers_leave_a_few() -> None:
    headers = {f"x-ratelimit-{number}": "x" * 5000 for number in range(10_000)}
    error = error_from_response("any", status=500, headers=headers, body=b"")
    assert len(error.response.headers) <= 64
    assert max(map(len, error.response.headers.values())) <= 256


def test_no_more_than_64_kib_of_a_body_is_looked_at() -> None:
    late = b" " * 70_000 + b'{"error":{"message":"Invalid API Key"}}'
    assert error_from_response("any", status=400, headers={}, body=late).kind == "invalid_request"

"""A key counts as lost by the service that refused it, not by single words of the message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from langchain_core.exceptions import ModelAuthenticationError

from scout_adapters.errors import ErrorKind, NoKeyError, provider_error
from scout_adapters.llm.failures import (
    PERMANENT_ERROR_PATTERNS,
    error_from_response,
    is_permanent_error,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LOST = {
    ErrorKind.AUTH_INVALID,
    ErrorKind.AUTH_SUSPENDED,
    ErrorKind.BILLING,
    ErrorKind.REGION_BLOCKED,
}


@pytest.fixture
def own_pattern() -> Iterator[None]:
    PERMANENT_ERROR_PATTERNS.update({"your_category": ["your error pattern"]})
    yield
    del PERMANENT_ERROR_PATTERNS["your_category"]


def answered(status: int, body: str) -> httpx.HTTPStatusError:
    request = httpx.Request("POST", "https://api.example.com/v1/chat/completions?key=401")
    response = httpx.Response(status, text=body, request=request)
    return httpx.HTTPStatusError("Client error", request=request, response=response)


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_of_our_own_errors_the_kind_decides(kind: ErrorKind) -> None:
    error = provider_error(kind, "Invalid API key, insufficient_quota")
    assert is_permanent_error(error) is (kind in LOST)


@pytest.mark.parametrize(
    "text",
    [
        "Invalid API Key",
        "Error code: 401 - {'error': {'message': 'Invalid API Key', 'code': 'invalid_api_key'}}",
        "API key not valid. Please pass a valid API key.",
        "400 INVALID_ARGUMENT. {'error': {'message': 'API Key not found.'}}",
        "Incorrect API key provided: x",
        "Error code: 429 - {'error': {'code': 'insufficient_quota'}}",
        "Your credit balance is too low to access the Anthropic API",
        "User location is not supported for the API use.",
        "Your API key was reported as leaked",
    ],
)
def test_a_foreign_error_that_names_a_lost_key_is_permanent(text: str) -> None:
    assert is_permanent_error(RuntimeError(text))


@pytest.mark.parametrize(
    "text",
    [
        "tool 'get_quota' not found",
        "rate limit exceeded, quota resets in 5s",
        "Rate limit reached: invalid api key tier",
        "Too many requests (insufficient_quota_window)",
        "quota",
        "unauthorized",
        "429",
        "column 'unauthorized_at' does not exist",
        "insufficient_quotas_table is missing",
        "",
    ],
)
def test_a_word_in_passing_is_not_permanent(text: str) -> None:
    assert not is_permanent_error(RuntimeError(text))


@pytest.mark.parametrize(
    ("status", "body", "lost"),
    [
        (401, "", True),
        (401, '{"error":{"message":"Unauthorized"}}', True),
        (402, "", True),
        (403, "", False),
        (429, '{"error":{"message":"Rate limit reached"}}', False),
        (429, '{"error":{"code":"insufficient_quota"}}', True),
        (400, '{"error":{"message":"bad","param":"invalid api key"}}', False),
        (400, '{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}', True),
        (500, "invalid api key", False),
    ],
)
def test_a_foreign_error_with_a_response_is_judged_by_the_response(
    status: int, body: str, *, lost: bool
) -> None:
    assert is_permanent_error(answered(status, body)) is lost


def test_a_streamed_response_that_was_not_read_is_judged_by_its_status() -> None:
    request = httpx.Request("POST", "https://api.example.com")
    response = httpx.Response(401, stream=httpx.ByteStream(b""), request=request)
    unread = httpx.HTTPStatusError("x", request=request, response=response)
    with pytest.raises(httpx.ResponseNotRead):
        _ = response.content
    assert is_permanent_error(unread)


def test_another_package_s_authentication_error_is_permanent() -> None:
    assert is_permanent_error(ModelAuthenticationError("no"))


@pytest.mark.parametrize(
    "error",
    [
        OSError("PROVIDER_API_KEY not set"),
        OSError("invalid api key: PROVIDER_API_KEY not set"),
        ConnectionResetError("reset"),
        NoKeyError("set GROQ_API_KEY"),
        KeyboardInterrupt(),
    ],
)
def test_what_is_no_property_of_a_key_is_not_permanent(error: BaseException) -> None:
    assert not is_permanent_error(error)


def test_a_pattern_of_the_user_makes_a_foreign_error_permanent(own_pattern: None) -> None:
    assert is_permanent_error(RuntimeError("so: Your Error Pattern!"))
    assert not is_permanent_error(RuntimeError("your error patterns"))


def test_a_pattern_of_the_user_makes_a_refusal_the_key_s_fault(own_pattern: None) -> None:
    body = b'{"error":{"message":"Sorry, your ERROR pattern"}}'
    refused = error_from_response("any", status=422, headers={}, body=body)
    assert refused.kind is ErrorKind.AUTH_INVALID
    assert is_permanent_error(refused)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"error":{"message":"your error pattern"}}'),
        (400, b'{"error":{"message":"your error pattern","code":"context_length_exceeded"}}'),
        (400, b'{"error":{"message":"bad","param":"your error pattern"}}'),
        (422, b'{"detail":[{"msg":"bad","input":"your error pattern"}]}'),
    ],
)
def test_a_pattern_of_the_user_yields_to_what_is_known_better(
    own_pattern: None, status: int, body: bytes
) -> None:
    refused = error_from_response("any", status=status, headers={}, body=body)
    assert refused.kind is not ErrorKind.AUTH_INVALID


def test_a_pattern_that_is_not_in_a_list_counts_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PERMANENT_ERROR_PATTERNS, "mine", "gone for good")
    assert is_permanent_error(RuntimeError("it is gone for good"))
    assert not is_permanent_error(RuntimeError("gone"))


def test_a_pattern_that_the_user_took_away_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(PERMANENT_ERROR_PATTERNS, "geo_blocked")
    assert not is_permanent_error(RuntimeError("User location is not supported"))

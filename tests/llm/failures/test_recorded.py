"""Every refusal in real recorded traffic is understood, and is what a person found it to be."""

from __future__ import annotations

import json

import pytest

from scout_adapters.errors import ErrorKind, ProviderError
from scout_adapters.llm.failures import error_from_response
from tests.llm.failures.recorded import HOUSES, in_band, judgement, refused
from tests.support import recordings

PLAUSIBLE = {
    401: "auth_invalid auth_suspended permission capacity unsupported",
    402: "billing rate_limit quota_window request_too_large capacity",
    403: "permission auth_invalid auth_suspended billing region_blocked content_input"
    " context_overflow quota_window capacity unsupported",
    404: "model_not_found invalid_request permission unsupported",
    413: "request_too_large context_overflow",
    429: "rate_limit quota_window billing capacity request_too_large",
    500: "server_error capacity timeout_response billing invalid_request context_overflow"
    " model_not_found unsupported",
    502: "server_error capacity timeout_response",
    503: "capacity server_error rate_limit",
    504: "timeout_response",
    529: "capacity",
}
"""The kinds that a status can mean, for a refusal that was not judged by hand; `capacity` is what a
gateway's trouble with the provider behind it is to us."""


@pytest.fixture(scope="module")
def errors() -> list[tuple[str, int, ProviderError]]:
    return list(refused())


@recordings.needed
def test_every_recorded_refusal_is_understood(errors: list[tuple[str, int, ProviderError]]) -> None:
    assert errors
    assert not [(p, s, e.message) for p, s, e in errors if e.kind is ErrorKind.UNKNOWN]


@recordings.needed
def test_every_recorded_refusal_has_the_kind_that_was_judged_by_hand(
    errors: list[tuple[str, int, ProviderError]],
) -> None:
    judged = [(judgement(p, s, e), str(e.kind), p, s, e.message) for p, s, e in errors]
    judged_rows = [row for row in judged if row[0] is not None]
    assert not [row for row in judged_rows if row[0] != row[1]]
    assert len(judged_rows) > len(judged) / 2


@recordings.needed
def test_a_recorded_refusal_that_was_not_judged_is_what_its_status_can_mean(
    errors: list[tuple[str, int, ProviderError]],
) -> None:
    new = [(p, s, e) for p, s, e in errors if s in PLAUSIBLE and judgement(p, s, e) is None]
    assert not [(p, s, e.kind, e.message) for p, s, e in new if e.kind not in PLAUSIBLE[s].split()]


@recordings.needed
def test_no_recorded_refusal_loses_its_message(
    errors: list[tuple[str, int, ProviderError]],
) -> None:
    assert not [(p, s) for p, s, e in errors if "without a message" in e.message]


@recordings.needed
def test_the_shapes_that_issues_report_are_understood() -> None:
    kinds = {}
    for shape in json.loads(
        (recordings.EVERY[0] / "error_shapes.json").read_text(encoding="utf-8")
    ):
        provider = HOUSES.get(shape["provider"], shape["provider"])
        sent, headers = shape["body"], shape["response_headers"]
        bodies = in_band(sent) if isinstance(sent, str) else [sent]
        for body in bodies:
            error = error_from_response(
                provider, status=shape["status"], headers=headers, body=body
            )
            kinds[provider, shape["status"], error.code] = str(error.kind)
    assert kinds == {
        ("anthropic", 529, "overloaded_error"): "capacity",
        ("anthropic", 429, "rate_limit_error"): "rate_limit",
        ("anthropic", 200, "overloaded_error"): "capacity",
        ("groq", 429, "rate_limit_exceeded"): "rate_limit",
        ("groq", 413, "rate_limit_exceeded"): "request_too_large",
        ("openai", 429, "insufficient_quota"): "billing",
        ("openai", 429, "rate_limit_exceeded"): "rate_limit",
        ("azure", 429, None): "rate_limit",
        ("deepseek", 402, "unknown_error"): "billing",
        ("minimax", 500, "1008"): "billing",
        ("minimax", 200, "1008"): "billing",
    }

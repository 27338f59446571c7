"""The reason of a refusal is shown wherever the server puts it."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters.llm.failures import error_from_response


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"error": "400 Bad Request", "details": {"error": {"message": "no such voice"}}},
            ["400 Bad Request", "no such voice"],
        ),
        (
            {"error": {"message": "failed", "details": {"error": {"message": "no such voice"}}}},
            ["failed", "no such voice"],
        ),
        (
            {"error": {"message": "Param Incorrect", "param": "Not supported model bad"}},
            ["Param Incorrect", "Not supported model bad"],
        ),
    ],
)
def test_the_reason_beside_a_bare_message_is_shown(body: Any, words: list[str]) -> None:
    error = error_from_response("any", status=400, headers={}, body=body)
    assert all(word in error.message for word in words)


REASON = "temperature must be below 2"

PLACES = [
    {
        "error": {
            "message": "Bad Request",
            "details": [{"fieldViolations": [{"description": REASON}]}],
        }
    },
    {"error": {"message": "The request is invalid.", "details": [{"message": REASON}]}},
    {"error": {"message": "The request is invalid.", "innererror": {"message": REASON}}},
    {"error": {"message": "Invalid request", "details": {"reason": REASON}}},
    {"error": {"message": "Invalid request", "errors": [{"message": REASON}]}},
    {"error": {"message": "Bad Request", "cause": REASON}},
    {"error": "Bad Request", "details": REASON},
    {"error": "Bad Request", "detail": REASON},
    {"error": "Bad Request", "reason": REASON},
    {"code": 400, "message": "Bad Request", "data": {"message": REASON}},
    {"title": "One or more validation errors occurred.", "errors": {"temperature": [REASON]}},
    {"error": [REASON]},
    {"error": {"message": [REASON]}},
    {"Message": REASON},
]


@pytest.mark.parametrize("body", PLACES, ids=str)
def test_a_reason_is_found_in_the_place_of_any_framework(body: Any) -> None:
    error = error_from_response("any", status=400, headers={}, body=body)
    assert REASON in error.message


def test_a_reason_beside_a_bare_message_decides_about_the_kind() -> None:
    body = {"error": "Bad Request", "detail": "this model does not support tools"}
    assert error_from_response("any", status=400, headers={}, body=body).kind == "unsupported"


def test_details_that_repeat_the_request_are_not_shown() -> None:
    body = {"error": {"message": "too long", "detail": "the prompt itself", "cause": "the prompt"}}
    assert error_from_response("any", status=400, headers={}, body=body).message == "too long"


def test_a_parameter_beside_a_real_message_is_not_shown() -> None:
    body = {"error": {"message": "too long", "param": "the prompt itself"}}
    error = error_from_response("any", status=400, headers={}, body=body)
    assert error.message == "too long"

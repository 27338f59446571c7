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


def test_a_parameter_beside_a_real_message_is_not_shown() -> None:
    body = {"error": {"message": "too long", "param": "the prompt itself"}}
    error = error_from_response("any", status=400, headers={}, body=body)
    assert error.message == "too long"

"""The same refusal in the words of many servers is the same kind of failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scout_adapters.errors import ContextOverflow, ErrorKind, NotSupported
from scout_adapters.llm.failures import error_from_response


def table(name: str) -> list[list[str]]:
    """Read a table: one refusal a line, its columns separated by ` | `."""
    text = (Path(__file__).parent / "wordings" / f"{name}.txt").read_text("utf-8")
    return [line.split(" | ") for line in text.splitlines()]


OVERFLOWS = [line for (line,) in table("overflows")]

UNSUPPORTED = table("unsupported")

OTHERS = table("others")


def kind(provider: str, status: int, message: str) -> ErrorKind:
    body: Any = {"error": {"message": message}}
    sent = body if status == 200 else json.dumps(body).encode()
    return error_from_response(provider, status=status, headers={}, body=sent).kind


@pytest.mark.parametrize("message", OVERFLOWS)
@pytest.mark.parametrize("status", [400, 500])
def test_a_prompt_that_does_not_fit_is_an_overflow_in_any_words(message: str, status: int) -> None:
    assert kind("any", status, message) == "context_overflow"
    body = {"error": {"message": message, "type": "invalid_request_error", "code": "400"}}
    raw = json.dumps(body).encode()
    error = error_from_response("openai_compatible", status=status, headers={}, body=raw)
    assert isinstance(error, ContextOverflow)


@pytest.mark.parametrize(("status", "provider", "message"), UNSUPPORTED)
def test_what_one_model_or_provider_cannot_do_goes_to_the_next(
    status: str, provider: str, message: str
) -> None:
    for code in (None, "invalid_request_error", "invalid_value", "unsupported_parameter"):
        body = {"error": {"message": message, "type": "invalid_request_error", "code": code}}
        error = error_from_response(
            provider, status=int(status), headers={}, body=json.dumps(body).encode()
        )
        assert isinstance(error, NotSupported)
        policy = error.policy
        assert (policy.next_candidate, policy.next_key, policy.same_key) == (True, False, False)
        assert (policy.key_effect, policy.trips_circuit) == ("none", False)


BODIES = [
    json.loads(line)
    for line in (Path(__file__).parent / "wordings" / "unsupported_bodies.jsonl")
    .read_text("utf-8")
    .splitlines()
]
"""Whole bodies that users reported of what one model or server cannot do, with their pages."""


@pytest.mark.parametrize("row", BODIES, ids=lambda row: row["source"].removeprefix("https://"))
def test_a_reported_refusal_of_one_model_goes_to_the_next(row: Any) -> None:
    raw = json.dumps(row["body"]).encode()
    error = error_from_response(row["provider"], status=row["status"], headers={}, body=raw)
    assert isinstance(error, NotSupported)


@pytest.mark.parametrize("code", ["unsupported_value", "unsupported_modality", "invalid_value"])
@pytest.mark.parametrize("param", ["reasoning.effort", None])
def test_a_code_with_the_field_that_it_concerns_suffices(code: str, param: str | None) -> None:
    body = {"error": {"message": "x", "type": "invalid_request_error", "param": param}}
    body["error"]["code"] = code
    raw = json.dumps(body).encode()
    error = error_from_response("openai", status=400, headers={}, body=raw)
    assert error.kind == ("invalid_request" if param is None else "unsupported")


@pytest.mark.parametrize("status", [405, 415, 501])
def test_a_status_of_what_a_server_lacks_suffices(status: int) -> None:
    assert kind("any", status, "x") == "unsupported"


@pytest.mark.parametrize(("expected", "status", "provider", "message"), OTHERS)
def test_other_words_of_a_refusal(expected: str, status: str, provider: str, message: str) -> None:
    assert kind(provider, int(status), message) == expected


@pytest.mark.parametrize("code", ["MALFORMED_FUNCTION_CALL", "malformed-function-call"])
def test_a_function_call_that_gemini_breaks_is_a_broken_tool_call(code: str) -> None:
    body = {"error": {"code": code, "message": "Malformed function call"}}
    error = error_from_response("google", status=200, headers={}, body=body)
    assert error.kind == "tool_call_invalid"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("TOO_MANY_TOOL_CALLS", "tool_call_invalid"),
        ("MALFORMED_RESPONSE", "server_error"),
        ("MISSING_THOUGHT_SIGNATURE", "invalid_request"),
    ],
)
def test_how_gemini_ended_an_answer_without_content(code: str, expected: str) -> None:
    body = {"error": {"code": code, "message": code}}
    error = error_from_response("google", status=200, headers={}, body=body)
    assert error.kind == expected

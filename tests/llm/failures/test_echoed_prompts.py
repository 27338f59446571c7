"""A prompt that an error repeats never changes the kind of the error."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scout_adapters.llm.failures import (
    PERMANENT_ERROR_PATTERNS,
    error_from_response,
    is_permanent_error,
)
from scout_adapters.llm.failures.foreign_errors import error_from_foreign
from scout_adapters.llm.failures.quoted_prompt import without_prompt
from tests.llm.failures.test_wordings import OTHERS, OVERFLOWS, UNSUPPORTED
from tests.support.golden import NOW, ROWS, Golden

REFUSALS = [*OVERFLOWS, *(row[-1] for row in UNSUPPORTED), *(row[-1] for row in OTHERS)]
"""Refusals of other servers, which a user may paste into a prompt."""

PROMPTS = st.one_of(
    st.sampled_from(
        [
            "429",
            "quota",
            "insufficient_quota",
            "invalid api key",
            "Invalid API Key",
            "API key not valid. Please pass a valid API key.",
            "rate_limit_exceeded",
            "Your credit balance is too low",
            "User location is not supported for the API use.",
            "This model's maximum context length is 8 tokens",
            "model_not_found: the model `x` does not exist",
            "Overloaded (1008)",
            "Please try again in 5s. resets at 2026-05-15T15:00:00Z",
            'a "quoted" {"error": {"code": "insufficient_quota"}} body',
        ]
    ),
    st.sampled_from(REFUSALS),
    st.text(max_size=80),
)
ECHOING = ("input", "param", "failed_generation", "prompt", "loc_input", "ctx", "messages", "body")
STRUCTURED = [row for row in ROWS if isinstance(row.body, dict)]
LIMIT = 64 * 1024  # bytes of an error that the transport reads
CUT = [row for row in STRUCTURED if row.status >= 400]


def spoken(row: Golden) -> tuple[dict[str, Any], str] | None:
    """Find the sentence of the provider: the object and the field in which it stands."""
    body = json.loads(json.dumps(row.body))
    error, envelope = body.get("error"), body.get("base_resp")
    if isinstance(envelope, dict):
        return body, "base_resp.status_msg"
    if isinstance(error, dict):
        message = error.get("message")
        return (body, "error.message") if _sentence(message) else None
    name = "error" if isinstance(error, str) else "message"
    return (body, name) if _sentence(body.get(name)) else None


def _sentence(text: Any) -> bool:
    return isinstance(text, str) and len(text.split()) > 2


def echoing(row: Golden, glue: str, prompt: str) -> dict[str, Any]:
    """Return the body with the prompt behind the provider's own words."""
    body_and_path = spoken(row)
    assert body_and_path is not None
    body, path = body_and_path
    holder = body
    *outer, last = path.split(".")
    for name in outer:
        holder = holder[name]
    # MiniMax's code stays where MiniMax puts it, behind everything.
    code = "".join(re.findall(r" \(\d{4,5}\)\Z", holder[last]))
    holder[last] = f"{holder[last].removesuffix(code).rstrip('.')}{glue}{prompt}{code}"
    return body


BY_WORDS = [row for row in STRUCTURED if spoken(row)]


def kind(row: Golden, body: Any) -> str:
    sent = body if row.status == 200 else json.dumps(body).encode()
    return str(
        error_from_response(
            row.provider, status=row.status, headers=row.headers, body=sent, now=NOW
        ).kind
    )


@settings(max_examples=300, deadline=None)
@given(row=st.sampled_from(STRUCTURED), field=st.sampled_from(ECHOING), prompt=PROMPTS)
def test_a_prompt_beside_the_message_changes_nothing(row: Golden, field: str, prompt: str) -> None:
    body = json.loads(json.dumps(row.body))
    body.setdefault(field, {"content": prompt})
    holder = body["error"] if isinstance(body.get("error"), dict) else body
    holder[field] = prompt
    assert kind(row, body) == row.kind


CODELESS = next(row for row in BY_WORDS if row.name == "a code without parentheses")


@pytest.mark.parametrize(
    "prompt",
    [
        "User location is not supported for the API use.",
        "The input (516368 tokens) is longer than the model's context length (262144 tokens).",
        "This is not a chat model and thus not supported in the v1/chat/completions endpoint.",
        "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]",
        "Image input is not enabled for this model",
    ],
)
def test_a_refusal_of_another_server_in_a_prompt_changes_nothing(prompt: str) -> None:
    changed = [
        (str(row), glue, other)
        for row in BY_WORDS
        for glue in (" ", "\n")
        if (other := kind(row, echoing(row, glue, prompt))) != row.kind
    ]
    assert changed == []


@settings(max_examples=300, deadline=None)
@example(row=CODELESS, prompt="Overloaded (1008)", glue=" ")
@given(row=st.sampled_from(BY_WORDS), prompt=PROMPTS, glue=st.sampled_from([" ", ": ", "\n", " '"]))
def test_a_prompt_behind_the_provider_s_own_words_changes_nothing(
    row: Golden, prompt: str, glue: str
) -> None:
    assert kind(row, echoing(row, glue, prompt)) == row.kind


LETTERS = ("x", 'q"', "\\", "é", "[{")


def letters(row: Golden) -> tuple[str, ...]:
    """Return the letters of a long prompt: all for one row of a provider, in turn for the others.

    How a body is read that breaks off does not depend on what the row means.
    """
    rows = [each for each in CUT if each.provider == row.provider]
    at = rows.index(row)
    return LETTERS[at % len(LETTERS) :][:1] if at else LETTERS


@pytest.mark.parametrize("row", CUT, ids=str)
def test_a_prompt_longer_than_what_is_read_changes_nothing(row: Golden) -> None:
    for letter in letters(row):
        body = json.dumps({**row.body, "input": letter * LIMIT}, ensure_ascii=False).encode()
        error = error_from_response(
            row.provider, status=row.status, headers=row.headers, body=body[:LIMIT]
        )
        assert error.kind == row.kind


@settings(max_examples=300, deadline=None)
@given(row=st.sampled_from(CUT), prompt=PROMPTS, at=st.integers(1, 400))
def test_a_body_that_breaks_off_in_a_prompt_is_the_same_error(
    row: Golden, prompt: str, at: int
) -> None:
    echo = json.dumps(prompt)[:-1][:at]
    body = f'{json.dumps(row.body)[:-1]}, "input": {{"texts": [{{"text": {echo}'
    error = error_from_response(
        row.provider, status=row.status, headers=row.headers, body=body, now=NOW
    )
    assert error.kind == row.kind


@settings(max_examples=200, deadline=None)
@given(prompt=PROMPTS, status=st.sampled_from([400, 422]), spread=st.booleans())
def test_a_validator_that_repeats_the_input_stays_a_bad_request(
    prompt: str, status: int, *, spread: bool
) -> None:
    complaint = {
        "type": "string_type",
        "loc": ["body", "messages", 0, "content"],
        "msg": "Input should be a valid string",
        "input": {"text": prompt},
        "ctx": {"given": prompt},
    }
    body: Any = (
        {"detail": [complaint, complaint]} if spread else {"message": {"detail": [complaint]}}
    )
    for provider in ("mistral", "vllm", "openai", "groq"):
        error = error_from_response(
            provider, status=status, headers={}, body=json.dumps(body).encode()
        )
        assert error.kind == "invalid_request"
        assert error.message.startswith("body.messages.0.content: Input should be a valid string")


@pytest.mark.parametrize("provider", ["groq", "google", "minimax", "anthropic", "openai", "any"])
def test_a_prompt_as_the_whole_text_of_a_bad_request_page_changes_nothing(provider: str) -> None:
    page = "<html><body>429 invalid api key, insufficient_quota</body></html>"
    error = error_from_response(provider, status=400, headers={}, body=page.encode())
    assert error.kind == "invalid_request"
    assert "quota" not in error.message


OWN_WORDS = (
    *("why do I get rate limit exceeded all day?", "what is an invalid api key, tell me"),
    *("Incorrect API key provided", "Your credit balance is too low", "insufficient_quota or not?"),
    *("This model's maximum context length is 8 tokens", "I don't have an expired api key, do I"),
    '{"error": {"message": "Invalid API key"}} is what I got',
)
QUOTES = ("\u201c{}\u201d", '"{}"', "'{}'", "`{}`", "\u00ab{}\u00bb")
MESSAGES = (
    "{} is not a valid message",
    "{}: invalid type",
    "Prompt {} was refused",
    "Input: {} bad",
)


@pytest.mark.parametrize("prompt", OWN_WORDS)
@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize("message", MESSAGES)
def test_a_quoted_prompt_at_the_beginning_changes_nothing(
    prompt: str, quote: str, message: str
) -> None:
    if quote[0] in prompt and quote[0] != "'":
        prompt = json.dumps(prompt)[1:-1]
    text = message.format(quote.format(prompt))
    for status, expected in (
        (400, "invalid_request"),
        (422, "invalid_request"),
        (500, "server_error"),
    ):
        body = json.dumps({"error": {"message": text, "type": "invalid_request_error"}})
        error = error_from_response("openai", status=status, headers={}, body=body, now=NOW)
        assert str(error.kind) == expected
        assert not is_permanent_error(error)
        assert text[:80] in error.message
    assert not is_permanent_error(RuntimeError(text))
    assert error_from_foreign("mine", RuntimeError(text)).kind == "unknown"


def test_the_user_s_own_patterns_are_not_searched_in_a_quoted_prompt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PERMANENT_ERROR_PATTERNS, "mine", ["key is tired"])
    for message, kind_then in (
        ('"my key is tired, why?" is not valid', "invalid_request"),
        ("the key is tired", "auth_invalid"),
    ):
        body = json.dumps({"error": {"message": message}})
        error = error_from_response("openai", status=400, headers={}, body=body, now=NOW)
        assert (str(error.kind), is_permanent_error(error)) == (kind_then, "auth" in kind_then)


def test_a_code_for_a_fault_of_the_request_counts_more_than_the_words_of_the_message() -> None:
    error = {"message": "Invalid API key, what is that? is too short", "code": "invalid_value"}
    body = json.dumps({"error": {**error, "type": "invalid_request_error"}})
    refused = error_from_response("openai", status=400, headers={}, body=body, now=NOW)
    assert str(refused.kind) == "invalid_request"


@pytest.mark.parametrize("status", [200, 400])
def test_a_type_that_many_faults_share_counts_less_than_the_words_of_the_message(
    status: int,
) -> None:
    """Anthropic has no other type for an account without credit, nor Google for a wrong key."""
    for message, error_type, expected in (
        ("Your credit balance is too low to access the API", "invalid_request_error", "billing"),
        ("API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT", "auth_invalid"),
    ):
        body = {"type": "error", "error": {"message": message, "type": error_type}}
        sent = body if status == 200 else json.dumps(body).encode()
        error = error_from_response("mine", status=status, headers={}, body=sent, now=NOW)
        assert str(error.kind) == expected


def test_a_long_prompt_at_the_beginning_changes_nothing() -> None:
    error = RuntimeError(f'"{OWN_WORDS[1] * 999}" is too long')
    assert not is_permanent_error(error)
    assert error_from_foreign("mine", error).kind == "unknown"


def test_the_text_of_a_response_is_no_prompt() -> None:
    error = RuntimeError('Status 401, response text: "Incorrect API key provided"')
    assert error_from_foreign("mine", error).kind == "auth_invalid"


def test_a_body_that_breaks_off_within_an_escape_keeps_its_message() -> None:
    for end in ("\\", "\\u", "\\u00", "\\u00e9"):
        body = '{"error": {"message": "Overloaded", "code": "x"}, "input": "ab' + end
        error = error_from_response("mine", status=500, headers={}, body=body.encode(), now=NOW)
        assert error.message.startswith("Overloaded")


@pytest.mark.parametrize("piece", ['"', "'", "`", "prompt \u201c", 'prompt "', "' a", '"\\'])
def test_quotes_without_end_take_no_time(piece: str) -> None:
    assert without_prompt(piece * 9999).startswith(piece.strip()[:1]) or "prompt" in piece


@pytest.mark.parametrize(
    "message",
    [
        "'messages.0' : for 'role:user' the following must be satisfied",
        '"auto" tool choice requires --enable-auto-tool-choice',
        "{'message': 'Invalid API key provided'}",
        '"Invalid API key provided"',
        "Invalid value: 'developer'. Supported values are: 'system'",
        "",
    ],
)
def test_names_in_quotes_and_a_server_s_own_words_stay(message: str) -> None:
    assert without_prompt(message) == message

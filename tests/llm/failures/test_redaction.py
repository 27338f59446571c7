"""No key that a provider sends back reaches an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from scout_adapters._internal.redaction import mask_secrets
from scout_adapters.llm.failures import error_from_response

if TYPE_CHECKING:
    from scout_adapters.errors import ProviderError

KEYS = [
    "sk-proj-AbCdEf0123456789AbCdEf0123456789",
    "sk-ant-api03-AbCdEf0123456789-AbCdEf",
    "sk-or-v1-0123456789abcdef0123456789abcdef",
    "gsk_AbCdEf0123456789AbCdEf0123456789",
    "AIzaSyAbCdEf0123456789AbCdEf012345678",
    "AQ.Ab8RN6AbCdEf0123456789",
    "xai-AbCdEf0123456789AbCdEf0123456789",
    "csk-abcdef0123456789abcdef0123456789",
    "hf_AbCdEf0123456789AbCdEf012345",
    "fw_AbCdEf0123456789AbCd",
    "pplx-AbCdEf0123456789AbCdEf",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
]


def shown(error: ProviderError) -> str:
    return "\n".join(
        [
            str(error),
            repr(error),
            error.message,
            error.code or "",
            error.request_id or "",
            json.dumps(dict(error.response.headers)),
            error.response.text,
        ]
    )


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "sentence",
    [
        "Consumer 'api_key:{}' has been suspended.",
        "Incorrect API key provided: {}. You can find yours",
        'the header was "Authorization: Bearer {}"',
        "https://example.com/v1?key={}&alt=sse",
        "{}",
    ],
)
def test_a_key_in_the_answer_is_masked(key: str, sentence: str) -> None:
    text = sentence.format(key)
    body = {
        "error": {"message": text, "code": text, "details": [{"metadata": {"containerInfo": text}}]}
    }
    headers = {"x-request-id": text, "x-ratelimit-note": text}
    error = error_from_response(
        "google", status=403, headers=headers, body=json.dumps(body).encode()
    )
    leaked = [key[at : at + 8] for at in range(4, len(key) - 8) if key[at : at + 8] in shown(error)]
    assert not leaked


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Your api key: ****abcd is invalid", "Your api key: [redacted] is invalid"),
        ("key provided: xx***yy.", "key provided: [redacted]."),
        ("Incorrect API key provided: test. You", "Incorrect API key provided: [redacted]. You"),
        ("token=0123456789abcdef0123", "token=[redacted]"),
        ('{"api_key": "0123456789abcdef0123"}', '{"api_key": "[redacted]"}'),
        ("API key 0123456789abcdef0123456789 is", "API key [redacted] is"),
    ],
)
def test_a_key_that_no_prefix_betrays_is_masked(text: str, left: str) -> None:
    assert mask_secrets(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "The model `meta-llama/llama-3.3-70b-versatile` does not exist",
        "API key for claude-3-5-sonnet-20241022 may not do that",
        "Rate limit reached for model `m` in organization `org_01hrsvc1b8ey0anvbgha0xckf2`",
        "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens",
        "Please visit https://console.groq.com/docs/rate-limits for more information.",
        "Invalid API Key",
        "max_tokens: 100000 > 8192, which is the maximum for claude-3-5-haiku-20241022",
        "task-management-system is not a tool",
    ],
)
def test_an_ordinary_message_is_left_alone(text: str) -> None:
    assert mask_secrets(text) == text


def test_the_caller_s_own_redaction_comes_first_and_reaches_everything() -> None:
    secret = "hunter2"
    body = {"error": {"message": f"no {secret}", "code": secret, "metadata": {"x": secret}}}
    error = error_from_response(
        "any",
        status=401,
        headers={"x-request-id": secret, "x-ratelimit-note": secret},
        body=json.dumps(body).encode(),
        redact=lambda text: text.replace(secret, "(key)"),
    )
    assert secret not in shown(error)
    assert error.message == "no (key)"


def test_a_key_that_the_cut_would_halve_is_taken_out_whole() -> None:
    secret = "Zq9" * 20
    body = ("x" * 4080 + secret + "y" * 100).encode()
    error = error_from_response(
        "any", status=500, headers={}, body=body, redact=lambda text: text.replace(secret, "")
    )
    assert secret[:8] not in shown(error)

"""Each refusal has the body that the provider documents."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters.testing import (
    BadRequest,
    ContextOverflow,
    DailyQuota,
    Forbidden,
    ModelMissing,
    OutOfCredit,
    Overloaded,
    RateLimited,
    RegionBlocked,
    Revoked,
    ServerError,
)

LIMIT = 131072

INVALID = "invalid_request_error"


def openai(message: str, kind: str, code: Any, param: Any = None) -> Any:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def groq(message: str, kind: str, code: str) -> Any:
    return {"error": {"message": message, "type": kind, "code": code}}


def flat(message: str, kind: str, code: str, status: int) -> Any:
    body = {"object": "error", "message": message, "type": kind, "param": None}
    return {**body, "code": code, "raw_status_code": status}


EXPECTED = [
    (
        "openai",
        Revoked(),
        401,
        openai(
            "Incorrect API key provided: sk-c************6789. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
            INVALID,
            "invalid_api_key",
        ),
    ),
    (
        "openai",
        OutOfCredit(),
        429,
        openai(
            "You exceeded your current quota, please check your plan and billing details. For more "
            "information on this error, read the docs: "
            "https://platform.openai.com/docs/guides/error-codes/api-errors.",
            "insufficient_quota",
            "insufficient_quota",
        ),
    ),
    (
        "openai",
        ModelMissing(),
        404,
        openai(
            "The model `m` does not exist or you do not have access to it.",
            INVALID,
            "model_not_found",
        ),
    ),
    (
        "openai",
        RegionBlocked(),
        403,
        openai(
            "Country, region, or territory not supported",
            "request_forbidden",
            "unsupported_country_region_territory",
        ),
    ),
    (
        "openai",
        Overloaded(),
        503,
        openai(
            "The engine is currently overloaded, please try again later",
            "service_unavailable_error",
            "server_is_overloaded",
        ),
    ),
    ("groq", Revoked(), 401, groq("Invalid API Key", INVALID, "invalid_api_key")),
    (
        "groq",
        Overloaded(),
        503,
        {
            "error": {
                "message": "m is currently over capacity. Please try again and back off "
                "exponentially. Visit https://groqstatus.com to see if there is an active "
                "incident.",
                "type": "internal_server_error",
            }
        },
    ),
    (
        "groq",
        ModelMissing(),
        404,
        groq(
            "The model `m` does not exist or you do not have access to it.",
            INVALID,
            "model_not_found",
        ),
    ),
    (
        "openrouter",
        OutOfCredit(),
        402,
        {
            "error": {
                "message": "Insufficient credits. Add more using "
                "https://openrouter.ai/settings/credits",
                "code": 402,
                "metadata": {"limit_source": "openrouter_credits"},
            },
            "user_id": "user_emulator",
        },
    ),
    (
        "openrouter",
        ModelMissing(),
        404,
        {
            "error": {"message": "No endpoints found for m.", "code": 404},
            "user_id": "user_emulator",
        },
    ),
    (
        "deepseek",
        Revoked(),
        401,
        openai(
            "Authentication Fails, Your api key: ****6789 is invalid",
            "authentication_error",
            INVALID,
        ),
    ),
    ("deepseek", OutOfCredit(), 402, openai("Insufficient Balance", "unknown_error", INVALID)),
    (
        "deepseek",
        ContextOverflow(),
        400,
        openai(
            f"This model's maximum context length is {LIMIT} tokens. However, you requested 135168 "
            "tokens (135168 in the messages, 0 in the completion). Please reduce the length of the "
            "messages or completion.",
            INVALID,
            INVALID,
        ),
    ),
    ("mistral", Revoked(), 401, {"detail": "Invalid API Key"}),
    ("mistral", RateLimited(), 429, flat("Rate limit exceeded", "rate_limited", "1300", 429)),
    ("mistral", DailyQuota(), 401, b""),
    ("mistral", ModelMissing(), 400, flat("Invalid model: m", "invalid_model", "1500", 400)),
    (
        "mistral",
        Overloaded(),
        503,
        flat("Service tier capacity exceeded for this model.", INVALID, "3505", 503),
    ),
    (
        "xai",
        Revoked(),
        400,
        {
            "code": "invalid-argument",
            "error": "Incorrect API key provided: sk-c************6789. You can obtain an API key "
            "from https://console.x.ai.",
        },
    ),
    (
        "xai",
        OutOfCredit(),
        429,
        {
            "code": "Some resource has been exhausted",
            "error": "Your team emulator has either used all available credits or reached its "
            "monthly spending limit. To continue making API requests, please purchase more credits "
            "or raise your spending limit.",
        },
    ),
    (
        "together",
        ContextOverflow(),
        403,
        openai(
            "Input token count + max_tokens must be less than the context length of the model.",
            INVALID,
            None,
        ),
    ),
    (
        "together",
        RateLimited(),
        429,
        openai(
            "You have been rate limited. Your rate limit is 60 queries per minute.",
            "credit_limit",
            None,
        ),
    ),
    (
        "cerebras",
        RateLimited(),
        429,
        {
            "message": "Requests per minute limit exceeded - too many requests sent.",
            "type": "too_many_requests_error",
            "param": "quota",
            "code": "request_quota_exceeded",
        },
    ),
    (
        "ollama",
        Overloaded(),
        503,
        openai(
            "server busy, please try again.  maximum pending requests exceeded", "api_error", None
        ),
    ),
    (
        "vllm",
        ModelMissing(),
        404,
        openai("The model `m` does not exist.", "NotFoundError", 404),
    ),
    (
        "google",
        OutOfCredit(),
        402,
        {
            "error": {
                "code": 402,
                "message": "Billing is not enabled or has run out of credit.",
                "status": "RESOURCE_EXHAUSTED",
            }
        },
    ),
    (
        "google",
        Overloaded(),
        503,
        {
            "error": {
                "code": 503,
                "message": "The model is overloaded. Please try again later.",
                "status": "UNAVAILABLE",
            }
        },
    ),
    (
        "google",
        RegionBlocked(),
        400,
        {
            "error": {
                "code": 400,
                "message": "User location is not supported for the API use.",
                "status": "FAILED_PRECONDITION",
            }
        },
    ),
]


@pytest.mark.parametrize(("provider", "fault", "status", "body"), EXPECTED)
def test_a_provider_s_error_is_the_documented_one(
    refused: Any, provider: str, fault: Any, status: int, body: Any
) -> None:
    answer = refused(provider, fault)
    assert answer.status_code == status
    assert (answer.content if body == b"" else answer.json()) == body


def test_groq_refuses_the_flex_tier_with_a_status_of_its_own(client: Any) -> None:
    client.emulator.script("groq", [Overloaded()])
    answer = client.chat("groq", service_tier="flex")
    assert answer.status_code == 498
    expected = groq("Flex tier capacity exceeded", "capacity_error", "capacity_exceeded")
    assert answer.json() == expected


ANTHROPIC = [
    (Revoked(), 401, "authentication_error", "invalid x-api-key"),
    (
        OutOfCredit(),
        400,
        INVALID,
        (
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & "
            "Billing to upgrade or purchase credits."
        ),
    ),
    (
        Forbidden(),
        403,
        "permission_error",
        "Your API key does not have permission to use the specified resource.",
    ),
    (ModelMissing(), 404, "not_found_error", "model: claude-x"),
    (BadRequest("odd"), 400, INVALID, "odd"),
    (ContextOverflow(), 400, INVALID, "prompt is too long: 135168 tokens > 131072 maximum"),
    (Overloaded(), 529, "overloaded_error", "Overloaded"),
    (ServerError(), 500, "api_error", "Internal server error"),
    (ServerError(504), 504, "api_error", "Internal server error"),
]


@pytest.mark.parametrize(("fault", "status", "kind", "message"), ANTHROPIC)
def test_anthropic_s_error_is_the_documented_one(
    refused: Any, fault: Any, status: int, kind: str, message: str
) -> None:
    answer = refused("anthropic", fault)
    body = answer.json()
    assert answer.status_code == status
    assert body["error"] == {"type": kind, "message": message}
    assert (body["type"], body["request_id"]) == ("error", answer.headers["request-id"])
    assert answer.headers["x-should-retry"] == ("true" if status >= 500 else "false")

"""Each refusal in the words of each provider."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from scout_adapters.testing import (
    BadRequest,
    ContextOverflow,
    DailyQuota,
    Emulator,
    Forbidden,
    ModelMissing,
    OutOfCredit,
    Overloaded,
    RateLimited,
    RegionBlocked,
    Revoked,
    ServerError,
    Suspended,
    TooLarge,
    UpstreamLimited,
)
from scout_adapters.testing.emulated_providers import EMULATED_PROVIDERS
from scout_adapters.testing.faults.error_bodies import ERROR_TABLES, error_row

if TYPE_CHECKING:
    import httpx

KEY = "sk-canary-0123456789"
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
        498,
        groq("Flex tier capacity exceeded", "capacity_error", "capacity_exceeded"),
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


@pytest.fixture
def refused(asking: Any) -> Any:
    """Have a key with a fault ask, in the provider's first protocol."""

    def ask(provider: str, fault: Any, **more: Any) -> httpx.Response:
        answer: httpx.Response = asking(Emulator({provider: {KEY: fault}})).ask(
            provider, key=KEY, **more
        )
        return answer

    return ask


@pytest.mark.parametrize(("provider", "fault", "status", "body"), EXPECTED)
def test_a_provider_says_what_it_really_says(
    refused: Any, provider: str, fault: Any, status: int, body: Any
) -> None:
    answer = refused(provider, fault)
    assert answer.status_code == status
    assert (answer.content if body == b"" else answer.json()) == body


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
def test_anthropic_says_what_it_really_says(
    refused: Any, fault: Any, status: int, kind: str, message: str
) -> None:
    answer = refused("anthropic", fault)
    body = answer.json()
    assert answer.status_code == status
    assert body["error"] == {"type": kind, "message": message}
    assert (body["type"], body["request_id"]) == ("error", answer.headers["request-id"])
    assert answer.headers["x-should-retry"] == ("true" if status >= 500 else "false")


def test_anthropic_s_monthly_cap_names_no_time(refused: Any) -> None:
    answer = refused("anthropic", DailyQuota())
    assert answer.status_code == 429
    assert answer.json()["error"]["details"] == {"error_code": "enforced_spend_limit_reached"}
    assert "retry-after" not in answer.headers


def test_google_s_bad_key_is_a_400_with_a_reason(refused: Any) -> None:
    answer = refused("google", Revoked())
    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["details"][0]["reason"] == "API_KEY_INVALID"


def test_google_shows_the_whole_key_when_it_is_suspended(refused: Any) -> None:
    error = refused("google", Suspended()).json()["error"]
    assert KEY in error["message"]
    assert error["details"][0]["metadata"]["containerInfo"] == f"api_key:{KEY}"


@pytest.mark.parametrize(
    ("fault", "window"), [(RateLimited(26), "PerMinute"), (DailyQuota(26), "PerDay")]
)
def test_google_names_the_quota_and_the_wait_in_the_body(
    refused: Any, fault: Any, window: str
) -> None:
    answer = refused("google", fault)
    details = answer.json()["error"]["details"]
    assert window in details[0]["violations"][0]["quotaId"]
    assert details[1]["retryDelay"] == "26s"
    assert "Please retry in 26s." in answer.json()["error"]["message"]
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Revoked(), 2049),
        (RateLimited(), 1002),
        (OutOfCredit(), 1008),
        (DailyQuota(), 2056),
        (BadRequest("odd"), 2013),
        (ServerError(), 1000),
    ],
)
def test_minimax_says_everything_under_200(refused: Any, fault: Any, code: int) -> None:
    whole, stream = refused("minimax", fault), refused("minimax", fault, stream=True)
    assert (whole.status_code, stream.status_code) == (200, 200)
    assert whole.json()["base_resp"]["status_code"] == code
    assert whole.json()["choices"] is None
    assert stream.headers["content-type"] == "text/event-stream"
    assert f'"status_code":{code}' in stream.text


def test_minimax_speaks_in_statuses_on_its_other_surface(client: Any) -> None:
    client.emulator.script("minimax", [OutOfCredit()])
    answer = client.messages(provider="minimax")
    assert answer.status_code == 500
    assert answer.json()["error"]["message"] == "insufficient balance (1008)"


def test_openrouter_s_supplier_is_limited_and_not_the_key(refused: Any) -> None:
    answer = refused("openrouter", UpstreamLimited())
    metadata = answer.json()["error"]["metadata"]
    assert (answer.status_code, metadata["provider_name"]) == (429, "Chutes")
    assert metadata["raw"].startswith("m is temporarily rate-limited upstream.")


def test_groq_s_request_that_is_too_large_looks_like_a_rate_limit(refused: Any) -> None:
    answer = refused("groq", TooLarge())
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "rate_limit_exceeded")


def test_cloudflare_refuses_what_is_too_large_for_anthropic(refused: Any) -> None:
    answer = refused("anthropic", TooLarge())
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "text/html"


NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
FORMS = [
    ("retry-after", {"retry-after": "90"}),
    ("retry-after-ms", {"retry-after-ms": "90000"}),
    ("http-date", {"retry-after": "Fri, 02 Jan 2026 03:05:35 GMT"}),
    ("go-duration", {"x-ratelimit-reset-requests": "1m30s", "x-ratelimit-reset-tokens": "1m30s"}),
    ("bare-seconds", {"x-ratelimit-reset": "90"}),
    ("day-seconds", {"x-ratelimit-reset-requests-day": "90.0"}),
    ("epoch", {"x-ratelimit-reset-requests": f"{NOW + 90:.0f}"}),
    ("epoch-ms", {"x-ratelimit-reset": f"{(NOW + 90) * 1000:.0f}"}),
    ("rfc3339", {"anthropic-ratelimit-requests-reset": "2026-01-02T03:05:35Z"}),
    ("ietf", {"ratelimit": '"api";r=0;t=90'}),
    ("none", {}),
]


@pytest.mark.parametrize(("form", "headers"), FORMS)
def test_a_wait_is_said_in_the_form_that_is_asked_for(asking: Any, form: Any, headers: Any) -> None:
    limited = {"groq": {KEY: RateLimited(90, form)}}
    answer = asking(Emulator(limited, wall=lambda: NOW, clock=lambda: 0.0)).chat("groq", key=KEY)
    waits = {name for name in answer.headers if "retry" in name or "reset" in name}
    waits |= {name for name in answer.headers if name == "ratelimit"}
    assert {name: answer.headers[name] for name in waits} == headers
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() == NOW
    assert "try again in" not in answer.text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.644, "644ms"), (4.77, "4.77s"), (578.016, "9m38.016s"), (7743.6, "2h9m3.6s")],
)
def test_groq_says_the_wait_in_words_too(refused: Any, seconds: float, said: str) -> None:
    answer = refused("groq", RateLimited(seconds, "body"))
    assert f"Please try again in {said}." in answer.json()["error"]["message"]
    assert "retry-after" not in answer.headers


def test_openrouter_repeats_its_headers_in_the_body(refused: Any) -> None:
    answer = refused("openrouter", RateLimited(60))
    shown = answer.json()["error"]["metadata"]["headers"]
    assert shown["X-RateLimit-Reset"] == answer.headers["x-ratelimit-reset"]
    assert len(shown["X-RateLimit-Reset"]) == 13


@pytest.mark.parametrize("fault", [RateLimited(10), DailyQuota(10)])
def test_a_limited_key_is_good_again_when_its_time_has_passed(asking: Any, fault: Any) -> None:
    now = [100.0]
    client = asking(Emulator({"groq": {KEY: fault}}, clock=lambda: now[0]))
    seen = []
    for at in (100.0, 104.5, 109.9, 110.0, 200.0):
        now[0] = at
        answer = client.chat("groq", key=KEY)
        seen.append((answer.status_code, answer.headers.get("retry-after")))
    assert seen == [(429, "10"), (429, "6"), (429, "0.1"), (200, None), (200, None)]


@pytest.mark.parametrize("provider", [*EMULATED_PROVIDERS, "acme"])
def test_every_provider_words_every_refusal(refused: Any, provider: str) -> None:
    faults = [
        Revoked(),
        Suspended(),
        RateLimited(),
        UpstreamLimited(),
        DailyQuota(),
        OutOfCredit(),
        Forbidden(),
        RegionBlocked(),
        ModelMissing(),
        BadRequest("odd"),
        ContextOverflow(),
        TooLarge(),
        Overloaded(),
        ServerError(502),
    ]
    for fault in faults:
        answer = refused(provider, fault)
        assert provider == "minimax" or 400 <= answer.status_code < 600
        assert "{" not in answer.text or answer.json()
        for gap in ("{model}", "{message}", "{again}", "{masked}", "{key}", "None"):
            assert gap not in answer.text


def test_a_server_error_has_the_status_that_is_asked_for(refused: Any) -> None:
    for provider in ("openai", "groq", "anthropic", "google", "openrouter", "mistral", "xai"):
        assert refused(provider, ServerError(502)).status_code == 502


def test_a_body_that_no_source_knows_says_so() -> None:
    assert error_row("mistral", "revoked").evidence == "recorded"
    assert error_row("groq", "out_of_credit").evidence == "none"
    known = [one for table in ERROR_TABLES.values() for one in table.values()]
    assert sum(one.evidence != "none" for one in known) > 0.6 * len(known)


@pytest.mark.parametrize("provider", ["openai", "groq", "anthropic", "google", "mistral", "xai"])
def test_a_request_without_a_key_is_refused(refused: Any, client: Any, provider: str) -> None:
    answer = client.ask(provider, key="")
    assert answer.status_code == (403 if provider == "google" else 401)
    assert client.emulator.log[0].fault == "MissingKey"


def test_a_server_at_home_wants_no_key(client: Any) -> None:
    assert client.chat("ollama", key="").status_code == 200


def test_a_provider_with_keys_takes_no_other(asking: Any) -> None:
    client = asking(Emulator({"groq": ["good"]}))
    codes = [client.chat("groq", key=key).status_code for key in ("good", "other")]
    assert codes == [200, 401]
    assert client.chat("openai", key="any").status_code == 200


def test_scripts_come_first_and_in_order(client: Any) -> None:
    client.emulator.script("groq", [Overloaded(), None, Revoked()])
    client.emulator.script("groq", [OutOfCredit()], key="k2")
    seen = [client.chat("groq", key=key).status_code for key in ("k2", "k1", "k1", "k2", "k1")]
    assert seen == [402, 498, 200, 401, 200]


def test_a_provider_that_is_down_is_overloaded_or_as_told(asking: Any) -> None:
    emulator = Emulator(down={"mistral"})
    other = Emulator(down={"gemini": ServerError(500)})
    for one, provider, status in ((emulator, "mistral", 503), (other, "google", 500)):
        client = asking(one)
        assert client.ask(provider).status_code == status
        assert client.ask("groq").status_code == 200

"""Each refusal in the words of each provider."""

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
    Suspended,
    TooLarge,
    UpstreamLimited,
)
from scout_adapters.testing.emulated_providers import EMULATED_PROVIDERS
from scout_adapters.testing.faults.error_bodies import ERROR_TABLES, error_row
from tests.testing.faults.conftest import KEY


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
def test_minimax_sends_every_error_under_200(refused: Any, fault: Any, code: int) -> None:
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


def test_a_server_error_has_the_requested_status(refused: Any) -> None:
    for provider in ("openai", "groq", "anthropic", "google", "openrouter", "mistral", "xai"):
        assert refused(provider, ServerError(502)).status_code == 502


def test_most_error_bodies_have_a_source_and_the_rest_are_marked() -> None:
    assert error_row("mistral", "revoked").evidence == "recorded"
    assert error_row("groq", "out_of_credit").evidence == "none"
    entries = [entry for table in ERROR_TABLES.values() for entry in table.values()]
    assert sum(entry.evidence != "none" for entry in entries) > 0.6 * len(entries)

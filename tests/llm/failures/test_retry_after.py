"""The time after which trying again is worth it is read in every form that providers send."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from scout_adapters.llm.failures import error_from_response, retry_after
from tests.support.golden import NOW

DAY = 86400.0
IN_90_S = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
EPOCH = int(NOW.timestamp())


def read(
    headers: dict[str, str] | None = None,
    payload: Any = None,
    message: str = "",
    provider: str = "any",
    now: datetime = NOW,
) -> float | None:
    return retry_after.retry_after(provider, headers or {}, payload, message, now)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": " 7 "}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "86400"}, DAY),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "0", "retry-after": "1"}, 1.0),
        ({"retry-after": IN_90_S}, 90.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": str(EPOCH + 30)}, 30.0),
        ({"retry-after": str((EPOCH + 30) * 1000)}, 30.0),
        *(
            ({"retry-after": value}, None)
            for value in ("nan", "inf", "-1", "1e400", "20s", "5, 6", "", "soon", "1e3", "٣")
        ),
        ({"retry-after": "50000000"}, None),
        ({"retry-after-ms": "nan"}, None),
        ({"retry-after": "Fri, 32 Foo 2026 99:99:99 GMT"}, None),
    ],
)
def test_a_retry_after_header_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert read(headers) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset-requests": "1ms"}, 0.001),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-tokens": "2m59.56s"}, 179.56),
        ({"x-ratelimit-reset-requests": "1h42m14.4s"}, 6134.4),
        ({"x-ratelimit-reset-requests": "1h", "x-ratelimit-remaining-requests": "5"}, None),
        (
            {
                "x-ratelimit-reset-requests": "1h",
                "x-ratelimit-remaining-requests": "5",
                "x-ratelimit-reset-tokens": "9s",
                "x-ratelimit-remaining-tokens": "0",
            },
            9.0,
        ),
        ({"x-ratelimit-reset-tokens": "500"}, None),
        ({"x-ratelimit-reset-tokens": str(EPOCH + 5)}, 5.0),
        ({"x-ratelimit-reset": "2"}, 2.0),
        ({"x-ratelimit-reset": str((EPOCH + 30) * 1000)}, 30.0),
        ({"anthropic-ratelimit-tokens-reset": "2026-05-15T12:00:20Z"}, 20.0),
        ({"ratelimit": '"api";r=0;t=295'}, 295.0),
        ({"ratelimit": '"api";r=999;t=295'}, None),
        ({"ratelimit-reset": "19", "ratelimit-remaining": "0"}, 19.0),
        ({"x-ratelimit-reset-requests": "1h", "retry-after": "3"}, 3.0),
    ],
)
def test_the_reset_of_a_spent_limit_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert read(headers) == (None if seconds is None else pytest.approx(seconds))


def test_cerebras_sends_its_resets_in_bare_seconds() -> None:
    headers = {"x-ratelimit-reset-tokens-minute": "22.5"}
    assert (read(headers, provider="cerebras"), read(headers)) == (22.5, None)


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please try again in 4.77s. Need more tokens?", 4.77),
        ("Please try again in 644ms.", 0.644),
        ("Please try again in 9m38.016s.", 578.016),
        ("Please try again in 1h2m3s", 3723.0),
        ("Please retry in 12.3s.", 12.3),
        ("Please retry after 26 seconds.", 26.0),
        ("Try again in 2 minutes", 120.0),
        ("Please wait 36540 seconds before retrying.", 36540.0),
        ("try again in 1 hour, 30 minutes", 5400.0),
        ("Your quota will reset after 5h59m59s.", 21599.0),
        ("usage limit reached, resets at 2026-05-15T15:00:00Z (2056)", 3 * 3600.0),
        ("usage limit reached, resets at 2026-05-15T23:00:00+08:00 (2056)", 3 * 3600.0),
        ("You will regain access on 2026-06-01 at 00:00 UTC.", 16.5 * DAY),
        ("access resumes on 2026-05-16", 0.5 * DAY),
        ("resets at 2020-01-01T00:00:00Z", 0.0),
        ("Please try again later.", None),
        ("Please try again in 5 lightyears", None),
        ("resets at 2026-99-99T00:00:00Z", None),
    ],
)
def test_a_time_in_the_message_is_read(message: str, seconds: float | None) -> None:
    assert read(message=message) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        ({"details": [{"retryDelay": "26s"}]}, 26.0),
        ({"details": [{"retryDelay": "34.074824224s"}]}, 34.074824224),
        ({"details": [{"retryDelay": "900ms"}]}, 0.9),
        ({"details": [{"retryDelay": "51820.638305887s"}]}, 51820.638305887),
        ({"details": [{"retryDelay": "1s"}, {"metadata": {"quotaResetDelay": "5h59m"}}]}, 21540.0),
        ({"details": [None, 3, {"retryDelay": ["x"]}]}, None),
        ({"metadata": {"headers": {"X-RateLimit-Reset": str((EPOCH + 30) * 1000)}}}, 30.0),
        ({"metadata": {"resets_at": "2026-05-16T00:00:00Z"}}, 0.5 * DAY),
        ({"retry_after": 1.5}, 1.5),
        ({"resets_in_seconds": 3600}, 3600.0),
        ({"estimated_time": 20.5}, 20.5),
        ({"retry_after": float("inf")}, None),
        ({"retry_after": -5}, None),
        ({"retry_after": True}, None),
        ({"retry_after": 10**5000}, None),
    ],
)
def test_a_time_in_the_body_is_read(error: dict[str, Any], seconds: float | None) -> None:
    assert read(payload={"error": error}) == seconds


def test_dates_count_from_the_clock_of_the_server() -> None:
    server = format_datetime(NOW + timedelta(hours=1), usegmt=True)
    until = format_datetime(NOW + timedelta(hours=1, seconds=5), usegmt=True)
    assert read({"date": server, "retry-after": until}) == 5.0


def test_a_date_of_the_server_that_cannot_be_is_ignored() -> None:
    odd = {"date": "Fri, 31 Dec 9999 23:59:59 GMT", "retry-after": IN_90_S}
    assert read(odd) == 90.0


def test_no_wait_is_longer_than_32_days() -> None:
    assert read({"anthropic-ratelimit-tokens-reset": "2027-05-15T12:00:00Z"}) == 32 * DAY


def test_a_clock_without_a_zone_is_taken_as_utc() -> None:
    naive = datetime(2026, 5, 15, 12, 0, 0)  # noqa: DTZ001  # a time without a zone is the case
    assert read({"retry-after": IN_90_S}, now=naive) == 90.0


@pytest.mark.parametrize(
    ("now", "month", "pacific"),
    [
        ("2026-05-15T12:00:00+00:00", 16.5 * DAY, 20 * 3600.0),
        ("2026-12-31T23:00:00+00:00", 3600.0, 9 * 3600.0),
        ("2026-02-01T07:59:00+00:00", 28 * DAY - 7 * 3600 - 59 * 60, 60.0),
    ],
)
def test_the_calendars_of_providers_are_kept(now: str, month: float, pacific: float) -> None:
    moment = datetime.fromisoformat(now)
    assert (retry_after.next_month(moment), retry_after.pacific_midnight(moment)) == (
        month,
        pacific,
    )


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422])
def test_a_wait_that_would_not_help_is_not_named(status: int) -> None:
    error = error_from_response(
        "any", status=status, headers={"retry-after": "5"}, body=b"", now=NOW
    )
    assert error.retry_after is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_wait_that_helps_is_named(status: int) -> None:
    error = error_from_response(
        "any", status=status, headers={"Retry-After": "5"}, body=b"", now=NOW
    )
    assert error.retry_after == 5.0


def test_the_limits_of_an_account_say_nothing_about_a_broken_server() -> None:
    headers = {"x-ratelimit-reset-requests": "1h", "x-ratelimit-remaining-requests": "0"}
    error = error_from_response("openai", status=500, headers=headers, body=b"", now=NOW)
    assert error.retry_after is None


def test_the_longer_of_a_field_and_the_message_counts() -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "48s"}
    error = {"error": {"details": [detail]}}
    assert read(payload=error, message="Please retry in 48.942s.") == pytest.approx(48.942)
    assert read(payload=error, message="Please retry in 4s.") == 48.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.94),
        ({"retry-after-ms": "2000"}, 2.94),
        ({"retry-after-ms": "2100"}, 2.1),  # precise by itself
        ({"retry-after": "1"}, 1.0),  # another wait
        ({"retry-after": "3"}, 3.0),
    ],
)
def test_a_header_without_its_fraction_gets_that_of_the_message(
    headers: dict[str, str], seconds: float
) -> None:
    assert read(headers, message="Please try again in 2.94s.") == pytest.approx(seconds)

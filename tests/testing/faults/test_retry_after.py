"""The forms in which each provider sends the time to wait."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from scout_adapters.testing import DailyQuota, Emulator, RateLimited
from tests.testing.faults.conftest import KEY

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
def test_a_wait_is_sent_in_the_requested_form(asking: Any, form: Any, headers: Any) -> None:
    limited = {"groq": {KEY: RateLimited(90, form)}}
    answer = asking(Emulator(limited, wall=lambda: NOW, clock=lambda: 0.0)).chat("groq", key=KEY)
    waits = {name for name in answer.headers if "retry" in name or "reset" in name}
    waits |= {name for name in answer.headers if name == "ratelimit"}
    assert {name: answer.headers[name] for name in waits} == headers
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() == NOW
    assert "try again in" not in answer.text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.644, "644ms"), (4.77, "4.77s"), (578.016, "9m38.016s"), (7743.6, "2h9m3.6s")],
)
def test_groq_s_message_contains_the_wait_too(refused: Any, seconds: float, text: str) -> None:
    answer = refused("groq", RateLimited(seconds, "body"))
    assert f"Please try again in {text}." in answer.json()["error"]["message"]
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

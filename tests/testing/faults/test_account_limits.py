"""Limits that the emulator enforces for an account."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from scout_adapters import ScoutGroqChatModel
from scout_adapters.errors import RateLimited
from scout_adapters.testing import AccountLimits, BadRequest, Emulator
from tests.support.clock import FakeTime


def call(emulator: Emulator, time: FakeTime, key: str = "key") -> Any:
    options = {"max_retries": 0, "clock": time.clock}
    model = ScoutGroqChatModel(model="m", api_key=key, transport=emulator.transport(), **options)
    return model.invoke("Hello")


def emulator_with(time: FakeTime, **limits: Any) -> Emulator:
    account = AccountLimits(clock=time.read, **limits)
    return Emulator(keys={"groq": {"key": account, "same-account": account}})


def test_a_bucket_refills_continuously() -> None:
    time = FakeTime()
    emulator = emulator_with(time, rpm=2)
    call(emulator, time), call(emulator, time)
    with pytest.raises(RateLimited) as refusal:
        call(emulator, time)
    assert refusal.value.retry_after == pytest.approx(30, abs=1)
    time.go_by(30)
    call(emulator, time, "same-account")
    with pytest.raises(RateLimited):
        call(emulator, time, "same-account")
    assert [exchange.status for exchange in emulator.log] == [200, 200, 429, 200, 429]


def test_a_minute_starts_again() -> None:
    time = FakeTime()
    emulator = emulator_with(time, rpm=2, window="minute")
    time.go_by(59)
    call(emulator, time), call(emulator, time)
    with pytest.raises(RateLimited) as refusal:
        call(emulator, time)
    assert refusal.value.retry_after == pytest.approx(1)
    time.go_by(1)
    call(emulator, time), call(emulator, time)


@pytest.mark.parametrize(("window", "reset"), [("minute", "50s"), ("bucket", "20s")])
def test_answers_state_what_is_left(window: Any, reset: str) -> None:
    time = FakeTime()
    emulator = emulator_with(time, rpm=6, window=window)
    time.go_by(10)
    with httpx.Client(transport=emulator.transport()) as client:
        for _ in range(2):
            answer = client.post(
                "https://api.groq.com/openai/v1/chat/completions",
                headers={"authorization": "Bearer key"},
                json={"model": "m", "messages": [{"role": "user", "content": "Hello"}]},
            )
    stated = {
        name.removeprefix("x-ratelimit-"): value
        for name, value in answer.headers.items()
        if name.endswith("-requests")
    }
    assert stated == {"limit-requests": "6", "remaining-requests": "4", "reset-requests": reset}


@pytest.mark.parametrize("window", ["minute", "bucket"])
def test_tokens_count_by_the_answer_that_is_billed(window: Any) -> None:
    time = FakeTime()
    tokens = call(Emulator(), time).usage_metadata["total_tokens"]
    emulator = emulator_with(time, tpm=2 * tokens, window=window)
    emulator.script("groq", [BadRequest()], key="same-account")
    call(emulator, time)
    with pytest.raises(Exception, match="malformed"):
        call(emulator, time, "same-account")
    call(emulator, time)
    with pytest.raises(RateLimited):
        call(emulator, time)

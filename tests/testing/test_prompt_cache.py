"""The emulator's prompt caches: one per account, with the lifetimes and minima of the providers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from scout_adapters.testing import Emulator
from tests.support.clock import FakeTime

LONG = "word " * 4000
MARK = {"cache_control": {"type": "ephemeral"}}


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def http(clock: FakeTime) -> httpx.Client:
    return httpx.Client(transport=Emulator(clock=lambda: clock.now).transport())


def claude(
    http: httpx.Client, *content: Any, key: str = "k", model: str = "claude-haiku-4-5"
) -> Any:
    """Return cache writes and cache reads of one message to Anthropic."""
    body = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": content}]}
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    answer = http.post("https://api.anthropic.com/v1/messages", json=body, headers=headers)
    usage = answer.json()["usage"]
    return usage["cache_creation_input_tokens"], usage["cache_read_input_tokens"]


def text(words: str, **marker: Any) -> Any:
    return {"type": "text", "text": words, **marker}


def gpt(http: httpx.Client, prompt: str, key: str = "k") -> int:
    """Return the cached tokens of one request to OpenAI."""
    body = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": prompt}]}
    headers = {"authorization": f"Bearer {key}"}
    answer = http.post("https://api.openai.com/v1/chat/completions", json=body, headers=headers)
    return int(answer.json()["usage"]["prompt_tokens_details"]["cached_tokens"])


def gemini(http: httpx.Client, prompt: str, model: str, key: str = "k") -> Any:
    """Return the usage of one request to Google."""
    url = f"https://generativelanguage.googleapis.com/v1beta/models/{model}:generateContent"
    body = {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}
    return http.post(url, json=body, headers={"x-goog-api-key": key}).json()["usageMetadata"]


def test_each_account_has_a_cache_of_its_own(http: httpx.Client) -> None:
    block = text(LONG, **MARK)
    written, _ = claude(http, block, key="a")
    assert claude(http, block, key="b") == (written, 0)
    assert claude(http, block, key="a") == (0, written)
    assert [gpt(http, LONG, key) > 0 for key in "abab"] == [False, False, True, True]


def test_an_entry_expires_five_minutes_after_its_last_use(
    http: httpx.Client, clock: FakeTime
) -> None:
    block = text(LONG, **MARK)
    written, _ = claude(http, block)
    for _ in range(3):
        clock.go_by(290)
        assert claude(http, block) == (0, written)
    clock.go_by(301)
    assert claude(http, block) == (written, 0)


def test_an_entry_of_an_hour_lasts_longer(http: httpx.Client, clock: FakeTime) -> None:
    block = text(LONG, cache_control={"type": "ephemeral", "ttl": "1h"})
    written, _ = claude(http, block)
    clock.go_by(3590)
    assert claude(http, block) == (0, written)


def test_what_openai_cached_expires(http: httpx.Client, clock: FakeTime) -> None:
    assert gpt(http, LONG) == 0
    clock.go_by(299)
    assert gpt(http, LONG) > 4000
    clock.go_by(301)
    assert gpt(http, LONG) == 0


@pytest.mark.parametrize(
    ("model", "tokens"),
    [("claude-haiku-4-5", 4096), ("claude-opus-4-7", 4096), ("claude-sonnet-4-6", 1024)],
)
def test_a_prefix_shorter_than_the_minimum_of_the_model_is_not_cached(
    http: httpx.Client, model: str, tokens: int
) -> None:
    short, long = (text("x" * 4 * (tokens + more), **MARK) for more in (-100, 100))
    assert claude(http, short, model=model) == claude(http, short, model=model) == (0, 0)
    written, read = claude(http, long, model=model)
    assert written > tokens
    assert read == 0


def test_an_entry_is_found_up_to_twenty_blocks_before_a_marker(http: httpx.Client) -> None:
    written, _ = claude(http, text(LONG, **MARK))
    near = [text(f"turn {n}") for n in range(19)]
    assert claude(http, text(LONG), *near, text("end", **MARK))[1] == written
    far = [text(f"other turn {n}") for n in range(20)]
    assert claude(http, text(LONG), *far, text("end", **MARK))[1] == 0


def test_gemini_caches_long_prefixes_by_model(http: httpx.Client) -> None:
    prompt = "y" * 4 * 2000
    assert "cachedContentTokenCount" not in gemini(http, prompt, "gemini-2.5-flash")
    usage = gemini(http, prompt, "gemini-2.5-flash")
    assert 1024 <= usage["cachedContentTokenCount"] <= usage["promptTokenCount"]
    assert "cachedContentTokenCount" not in gemini(http, prompt, "gemini-2.5-flash", key="b")
    for _ in range(2):
        usage = gemini(http, prompt, "gemini-3.5-flash")
    assert "cachedContentTokenCount" not in usage

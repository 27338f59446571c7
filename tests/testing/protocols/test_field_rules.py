"""What each provider refuses among the fields of a body: unknown ones, and values out of range."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from scout_adapters.testing import Emulator

URLS = {
    "openai": "https://api.openai.com/v1/chat/completions",
    "groq": "https://api.groq.com/openai/v1/chat/completions",
    "mistral": "https://api.mistral.ai/v1/chat/completions",
    "xai": "https://api.x.ai/v1/chat/completions",
    "anthropic": "https://api.anthropic.com/v1/messages",
    "google": "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
}


def post(provider: str, **more: Any) -> tuple[int, str]:
    body: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}
    if provider != "google":
        body = {"model": "openai/gpt-oss-20b", "messages": [{"role": "user", "content": "Hello"}]}
    if provider == "anthropic":
        body["max_tokens"] = 10
    with httpx.Client(transport=Emulator().transport()) as client:
        headers = {"authorization": "Bearer k", "x-goog-api-key": "k", "x-api-key": "k"}
        headers["anthropic-version"] = "2023-06-01"
        answer = client.post(URLS[provider], json=body | more, headers=headers)
    return answer.status_code, answer.text


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("openai", {"temprature": 1}, "Unrecognized request argument supplied: temprature"),
    ("openai", {"temperature": 3}, "Expected a value <= 2, but got 3 instead"),
    ("groq", {"temprature": 1}, "property 'temprature' is unsupported"),
    ("groq", {"rpm": 10}, "property 'rpm' is unsupported"),
    ("groq", {"n": 2}, "'n' : number must be at most 1"),
    ("mistral", {"rpm": 10}, "Extra inputs are not permitted"),
    ("mistral", {"temperature": 1.7}, "less than or equal to 1.5"),
    ("anthropic", {"temprature": 1}, "temprature: Extra inputs are not permitted"),
    ("anthropic", {"temperature": 1.5}, "temperature: range: 0..1"),
    ("google", {"temprature": 1}, "Cannot find field."),
    ("google", {"generationConfig": {"temperature": 3}}, "must be in the range [0.0, 2.0]"),
]


@pytest.mark.parametrize(("provider", "more", "words"), REFUSED)
def test_a_field_is_refused_in_the_providers_words(
    provider: str, more: dict[str, Any], words: str
) -> None:
    status, text = post(provider, **more)
    assert status in {400, 422}
    assert words in text


@pytest.mark.parametrize("provider", URLS)
def test_known_fields_in_range_are_answered(provider: str) -> None:
    more = {"generationConfig": {"temperature": 1, "topP": 1}} if provider == "google" else {}
    assert post(provider, **(more or {"temperature": 1, "top_p": 1, "stream": False}))[0] == 200


def test_a_provider_that_ignores_unknown_fields_answers() -> None:
    assert post("xai", temprature=1)[0] == 200

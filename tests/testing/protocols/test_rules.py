"""What every emulated API refuses in a request, and what passes everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testing.protocols.requests import USER, calling, result


def test_a_conversation_in_order_passes_everywhere(client: Any) -> None:
    messages = [USER, calling("abcdefgh1"), result("abcdefgh1")]
    for provider in ("openai", "groq", "mistral", "deepseek", "vllm"):
        assert client.chat(provider, messages=messages).status_code == 200


@pytest.mark.parametrize("provider", ["groq", "anthropic", "google"])
def test_a_body_that_is_no_json_object_is_refused(client: Any, provider: str) -> None:
    paths = {"groq": "/chat/completions", "anthropic": "/v1/messages"}
    path = paths.get(provider, "/v1beta/models/gemini-x:generateContent")
    headers = {"authorization": "Bearer k", "x-api-key": "k", "x-goog-api-key": "k"}
    for content in (b"{", b"[]", b""):
        url = client.emulator.url(provider) + path
        answer = client.http.post(url, content=content, headers=headers)
        assert answer.status_code == 400


@pytest.mark.parametrize("provider", ["groq", "openai", "anthropic", "google", "openrouter"])
def test_a_key_in_the_query_string_is_refused(client: Any, provider: str) -> None:
    path = (
        "/v1beta/models/gemini-x:generateContent" if provider == "google" else "/chat/completions"
    )
    url = f"{client.emulator.url(provider)}{path}?key=secret"
    answer = client.http.post(url, json={}, headers={"x-goog-api-key": "k"})
    assert answer.status_code == 400
    assert "query string" in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/groq/v1/chat/completions", "/groq/openai/v1/models", "/anthropic/v1/chat/completions", "/x"],
)
def test_a_path_that_the_provider_does_not_have_is_not_found(client: Any, path: str) -> None:
    answer = client.http.post(client.emulator.base + path, json={})
    assert answer.status_code == 404
    assert client.emulator.log[0].fault == "NoSuchPath"

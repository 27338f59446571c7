"""The emulator's answers have the fields of recorded traffic, and no others."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import recordings

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDED = {
    "openai": "openai",
    "groq": "groq",
    "openrouter": "openrouter",
    "deepseek": "deepseek",
    "mistral": "mistral",
    "xai": "xai",
    "cerebras": "cerebras",
    "ollama": "ollama-openai",
    "anthropic": "anthropic",
    "google": "gemini",
    "openai/responses": "openai-responses",
    "xai/responses": "xai-responses",
}
PROMPTS = ("Hello", "What is the weather in Paris and in London?")
FREE = {"args", "input", "arguments", "properties"}
"""Below these, keys are a tool's own."""


def paths(value: Any, start: str = "") -> Iterator[str]:
    """Yield the place of every key in a JSON value."""
    if isinstance(value, list):
        for item in value:
            yield from paths(item, f"{start}[]")
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{start}.{key}"
            if key not in FREE:
                yield from paths(inner, f"{start}.{key}")


def places(text: str, *, stream: bool) -> set[str]:
    """Return the place of every key in an answer; nothing where it is no JSON."""
    try:
        if not stream:
            return set(paths(json.loads(text)))
        lines = (line[5:] for line in text.splitlines() if line.startswith("data:"))
        events = [json.loads(line) for line in lines if "[DONE]" not in line]
    except ValueError:
        return set()
    return {place for event in events for place in paths(event)}


def recorded(name: str, *, stream: bool) -> list[set[str]]:
    if not recordings.files(name):
        pytest.skip(recordings.MISSING)
    return _places(name)[stream]


@cache
def _places(name: str) -> tuple[list[set[str]], list[set[str]]]:
    """Return the places of keys in each good answer, of whole answers and of streams."""
    both: tuple[list[set[str]], list[set[str]]] = [], []
    for record in recordings.records(name):
        if record["status"] == 200:
            stream = bool(record["stream"])
            both[stream].append(places(record["response_body"], stream=stream))
    return both


def emulated(client: Any, weather: Any, provider: str, *, stream: bool) -> set[str]:
    fields: set[str] = set()
    for prompt in PROMPTS:
        for thinks in (False, True):
            answer = _send(client, weather, provider, prompt, stream=stream, thinks=thinks)
            assert answer.status_code == 200
            fields |= places(answer.text, stream=stream)
    return fields


def _send(
    client: Any, weather: Any, provider: str, prompt: str, *, stream: bool, thinks: bool
) -> Any:
    if provider == "google":
        config = {"thinkingConfig": {"includeThoughts": thinks}}
        more = {"tools": [weather("gemini")], "generationConfig": config}
        return client.gemini(prompt, model="gemini-3-pro", stream=stream, **more)
    if provider == "anthropic":
        thinking = {"type": "enabled", "budget_tokens": 1024} if thinks else {"type": "disabled"}
        more = {"tools": [weather("anthropic")], "thinking": thinking}
        return client.messages(prompt, stream=stream, **more)
    if provider.endswith("/responses"):
        reasoning = {"effort": "low", "summary": "auto"} if thinks else {"effort": "none"}
        include = ["reasoning.encrypted_content"] if thinks else []
        body = {"tools": [weather("responses")], "reasoning": reasoning, "include": include}
        model = {"openai": "gpt-5.5", "xai": "grok-4.3"}[(maker := provider.partition("/")[0])]
        return client.responses(maker, prompt, model=model, stream=stream, **body)
    effort = {"reasoning_effort": "low" if thinks else "none"}
    more: dict[str, Any] = {"tools": [weather("openai")]}
    if stream:  # OpenAI refuses them for whole answers
        more["stream_options"] = {"include_usage": True}
    return client.chat(provider, prompt, stream=stream, **more, **effort)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("provider", RECORDED)
def test_no_key_is_invented(client: Any, weather: Any, provider: str, *, stream: bool) -> None:
    fields = set().union(*recorded(RECORDED[provider], stream=stream))
    assert emulated(client, weather, provider, stream=stream) <= fields


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("provider", RECORDED)
def test_no_key_is_missing_that_nearly_all_answers_have(
    client: Any, weather: Any, provider: str, *, stream: bool
) -> None:
    answers = recorded(RECORDED[provider], stream=stream)
    keys = set().union(*answers)
    usual = {key for key in keys if sum(key in answer for answer in answers) > 0.9 * len(answers)}
    usual = {key for key in usual if not key.startswith(".time_info.")}
    assert usual <= emulated(client, weather, provider, stream=stream)

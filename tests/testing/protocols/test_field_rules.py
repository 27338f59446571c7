"""What each provider refuses among the fields of a body: unknown ones, and values out of range."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from scout_adapters.testing import Emulator
from scout_adapters.testing.protocols.field_rules import FIELD_RULES
from scout_adapters.testing.protocols.openai_dialects import DIALECTS

URLS = {
    "openai": "https://api.openai.com/v1/chat/completions",
    "groq": "https://api.groq.com/openai/v1/chat/completions",
    "mistral": "https://api.mistral.ai/v1/chat/completions",
    "xai": "https://api.x.ai/v1/chat/completions",
    "anthropic": "https://api.anthropic.com/v1/messages",
    "cerebras": "https://api.cerebras.ai/v1/chat/completions",
    "fireworks": "https://api.fireworks.ai/inference/v1/chat/completions",
    "deepseek": "https://api.deepseek.com/chat/completions",
    "vllm": "http://localhost:8000/v1/chat/completions",
    "ollama": "http://localhost:11434/v1/chat/completions",
    "openrouter": "https://openrouter.ai/api/v1/chat/completions",
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


USER = {"role": "user", "content": "Hi"}
REASONED = {"role": "assistant", "content": "Hi", "reasoning_content": "hm"}

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("openai", {"temprature": 1}, "Unrecognized request argument supplied: temprature"),
    ("openai", {"temperature": 3}, "Expected a value <= 2, but got 3 instead"),
    ("openai", {"max_tokens": 0}, "integer below minimum value. Expected a value >= 1"),
    ("openai", {"max_completion_tokens": -5}, "integer below minimum value. Expected a value >= 1"),
    ("groq", {"max_tokens": -1}, "'max_tokens' : number must be at least 1"),
    ("groq", {"max_completion_tokens": 0}, "number must be at least 1"),
    ("mistral", {"max_tokens": -1}, "greater than or equal to 0"),
    ("google", {"generationConfig": {"maxOutputTokens": -5}}, "max_output_tokens must be positive"),
    ("openai", {"n": 0}, "'n': integer below minimum value."),
    ("groq", {"temprature": 1}, "property 'temprature' is unsupported"),
    ("groq", {"rpm": 10}, "property 'rpm' is unsupported"),
    ("groq", {"n": 2}, "'n' : number must be at most 1"),
    ("mistral", {"rpm": 10}, "Extra inputs are not permitted"),
    ("mistral", {"temperature": 1.7}, "less than or equal to 1.5"),
    ("anthropic", {"temprature": 1}, "temprature: Extra inputs are not permitted"),
    ("anthropic", {"temperature": 1.5}, "temperature: range: 0..1"),
    ("cerebras", {"store": True}, "body.store: property 'body.store' is unsupported"),
    ("cerebras", {"messages": [REASONED]}, "messages.0.assistant.reasoning_content: property"),
    ("groq", {"messages": [REASONED]}, "'messages.0' : property 'reasoning_content' is unsupp"),
    ("mistral", {"messages": [REASONED, USER]}, '"messages",0,"assistant","reasoning_content"'),
    ("fireworks", {"rpm": 10}, "Extra inputs are not permitted, field: 'rpm', value: 10"),
    ("fireworks", {"temperature": 3}, "Input should be less than or equal to 2, field: 'temp"),
    ("deepseek", {"temperature": 3}, "the valid range of temperature is [0, 2]"),
    ("vllm", {"temperature": -1}, "temperature must be non-negative, got -1."),
    ("openai", {"temperature": "hot"}, "expected a decimal, but got a string instead"),
    ("openai", {"max_tokens": "12"}, "expected an integer, but got a string instead"),
    ("openai", {"stream": 1}, "expected a boolean, but got an integer instead"),
    ("openai", {"n": True}, "expected an integer, but got a boolean instead"),
    ("groq", {"temperature": "hot"}, "'temperature' : value must be a number"),
    ("mistral", {"max_tokens": "x"}, '"loc":["body","max_tokens"]'),
    ("deepseek", {"temperature": "hot"}, 'invalid type: string \\"hot\\", expected f32'),
    ("anthropic", {"temperature": "hot"}, "temperature: Input should be a valid number"),
    ("google", {"generationConfig": {"temperature": "hot"}}, "(TYPE_FLOAT)"),
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


@pytest.mark.parametrize("provider", ["xai", "deepseek", "vllm", "ollama", "openrouter"])
def test_a_provider_that_ignores_unknown_fields_answers(provider: str) -> None:
    assert post(provider, temprature=1)[0] == 200


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_provider_refuses_unknown_fields_or_the_table_has_the_reason(dialect: str) -> None:
    rules = FIELD_RULES[dialect]
    assert bool(rules.unknown) is not bool(rules.ignores_because)

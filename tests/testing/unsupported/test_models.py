"""What a model cannot do is refused in its provider's words; what it can is answered."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters.testing.unsupported.anthropic_unsupported import ANTHROPIC_UNSUPPORTED
from scout_adapters.testing.unsupported.gemini_unsupported import GEMINI_UNSUPPORTED
from scout_adapters.testing.unsupported.unsupported_tables import UNSUPPORTED

TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
SCHEMA = {"name": "j", "schema": {"type": "object", "properties": {}}}
JSON = {"type": "json_schema", "json_schema": SCHEMA}


def part(kind: str, value: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"type": kind, kind: value}]}]}


IMAGE = part("image_url", {"url": "data:image/png;base64,iVBORw0KGgo="})
AUDIO = part("input_audio", {"data": "UklGRg==", "format": "wav"})

CHAT: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("groq", "openai/gpt-oss-120b", IMAGE, 400, "messages[0].content must be a string"),
    ("groq", "llama-3.3-70b-versatile", AUDIO, 400, "messages[0].content must be a string"),
    ("groq", "groq/compound", {"tools": TOOLS}, 400, "`tool calling` is not supported"),
    ("groq", "groq/compound", {"response_format": JSON}, 400, "response format `json_schema`"),
    ("groq", "llama-3.1-8b-instant", {"reasoning_effort": "low"}, 400, "is not supported with"),
    ("groq", "qwen/qwen3-32b", {"reasoning_effort": "low"}, 400, "one of `none` or `default`"),
    ("openai", "gpt-3.5-turbo", IMAGE, 400, "only supported by certain models"),
    ("openai", "gpt-4.1", AUDIO, 400, "either text or image_url type"),
    ("openai", "gpt-audio", IMAGE, 400, "does not support image_url content"),
    ("openai", "gpt-4.1", {"reasoning_effort": "low"}, 400, "supplied: reasoning_effort"),
    ("openai", "gpt-5.6-sol", {"stop": ["x"]}, 400, "'stop' is not supported with this model"),
    ("openai", "gpt-5", {"temperature": 0}, 400, "'temperature' does not support 0"),
    ("openai", "text-embedding-3-large", {}, 403, "not allowed to sample from this model"),
    ("openai", "no-such-model", {}, 404, "does not exist"),
    ("mistral", "ministral-8b-latest", AUDIO, 400, "Audio input is not enabled"),
    ("mistral", "voxtral-small-latest", IMAGE, 400, "Image input is not enabled"),
    ("mistral", "mistral-small-latest", {"tools": [{"type": "web_search"}]}, 422, "'function'"),
    ("xai", "grok-code-fast-1", {"reasoning_effort": "low"}, 400, "parameter reasoningEffort."),
    ("xai", "grok-4", {"presence_penalty": 1}, 400, "parameter presencePenalty."),
    ("cerebras", "gpt-oss-120b", IMAGE, 403, "Multimodal is not enabled"),
    ("openrouter", "qwen/qwen3-8b:free", {"tools": TOOLS}, 404, "that support tool use"),
    ("openrouter", "deepseek/deepseek-chat", IMAGE, 404, "that support image input"),
    ("deepseek", "deepseek-chat", {"response_format": JSON}, 400, "response_format type is unav"),
    ("deepseek", "deepseek-v4-pro", {"tools": TOOLS, "tool_choice": "required"}, 400, "Thinking"),
    ("ollama", "llama2:13b", {"tools": TOOLS}, 400, "llama2:13b does not support tools"),
    ("ollama", "gemma3", {"reasoning_effort": "low"}, 400, "does not support thinking"),
    ("vllm", "openai/gpt-oss-20b", IMAGE, 400, "is not a multimodal model"),
]

CAN: list[tuple[str, str, dict[str, Any]]] = [
    ("groq", "meta-llama/llama-4-scout-17b-16e-instruct", IMAGE),
    ("groq", "openai/gpt-oss-20b", {"tools": TOOLS, "reasoning_effort": "low"}),
    ("groq", "any-other-model", {**IMAGE, "tools": TOOLS, "response_format": JSON}),
    ("openai", "gpt-4.1", {**IMAGE, "stop": ["x"], "temperature": 0}),
    ("openai", "gpt-audio", AUDIO),
    ("mistral", "voxtral-small-latest", AUDIO),
    ("xai", "grok-3-mini", {"reasoning_effort": "low"}),
    ("cerebras", "gemma-4-31b", IMAGE),
    ("openrouter", "google/gemini-2.5-flash", {**AUDIO, "tools": TOOLS}),
    ("ollama", "qwen3:8b", {"tools": TOOLS, "reasoning_effort": "low"}),
]


@pytest.mark.parametrize(("provider", "model", "body", "status", "words"), CHAT)
def test_a_model_refuses(
    client: Any, provider: str, model: str, body: dict[str, Any], status: int, words: str
) -> None:
    answer = client.chat(provider, model=model, **body)
    assert answer.status_code == status
    assert words in answer.text.replace('\\"', '"')
    assert not client.emulator.log[0].billed


@pytest.mark.parametrize(("provider", "model", "body"), CAN)
def test_a_model_that_can_answers(
    client: Any, provider: str, model: str, body: dict[str, Any]
) -> None:
    assert client.chat(provider, model=model, **body).status_code == 200


@pytest.mark.parametrize(
    ("model", "body", "words"),
    [
        ("claude-opus-4-6", {"output_config": {"effort": "xhigh"}}, "effort level 'xhigh'"),
        ("claude-haiku-4-5", {"output_config": {"effort": "low"}}, "the effort parameter"),
        ("claude-opus-4-8", {"thinking": {"type": "enabled"}}, "thinking.type.adaptive"),
        ("claude-sonnet-4-5", {"thinking": {"type": "adaptive"}}, "adaptive thinking is not"),
        ("claude-opus-5", {"temperature": 0}, "`temperature` is deprecated for this model."),
        ("claude-sonnet-4-5", {"temperature": 0, "top_p": 0.5}, "cannot both be specified"),
        (
            "claude-fable-5-1",
            {"tool_choice": {"type": "any"}, "tools": [{"name": "f", "input_schema": {}}]},
            "type `any` is not supported",
        ),
    ],
)
def test_a_claude_refuses(client: Any, model: str, body: dict[str, Any], words: str) -> None:
    answer = client.messages(model=model, **body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("model", "body", "words"),
    [
        ("gemini-2.5-flash-preview-tts", {}, "response modalities (TEXT) is not supported"),
        ("gemma-3-27b-it", {"systemInstruction": {"parts": [{"text": "x"}]}}, "Developer instr"),
        ("gemma-3-27b-it", {"generationConfig": {"thinkingConfig": {"thinkingBudget": 1}}}, "Thin"),
    ],
)
def test_a_gemini_refuses(client: Any, model: str, body: dict[str, Any], words: str) -> None:
    answer = client.gemini(model=model, **body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize("rows", [*UNSUPPORTED.values(), ANTHROPIC_UNSUPPORTED, GEMINI_UNSUPPORTED])
def test_every_row_has_words_and_a_source(rows: Any) -> None:
    for row in rows:
        assert row.message or row.body or row.condition != "bad_request"
        assert row.source in {"recorded", "documented", "reported", "none"}

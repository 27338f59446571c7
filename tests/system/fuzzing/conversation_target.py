"""The way out: conversations with any content at all, made ready for any maker."""

from __future__ import annotations

import json
from functools import cache, partial
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from pydantic import ValidationError

from scout_adapters.errors import ScoutError
from scout_adapters.llm.adapters.http_adapter import HttpAdapter
from scout_adapters.llm.providers import registry
from scout_adapters.llm.types import CHOICE, ChatRequest
from tests.system.fuzzing.mutate import Rng, monster, spoilt, value
from tests.system.fuzzing.seeds import RESPONSES
from tests.system.fuzzing.targets import TARGETS, Case, Target

MAKERS = {
    "anthropic": "anthropic",
    "gemini": "google",
    "openai": "openai",
    "groq": "groq",
    RESPONSES: "openai",
}
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
)
BLOCKS: list[Any] = [
    "plain",
    {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
    {"type": "image", "base64": PIXEL, "mime_type": "image/png", "extras": {"detail": "low"}},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}", "detail": "low"}},
    {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"},
    {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    {"type": "video", "url": "https://a.example/b.mp4", "mime_type": "video/mp4"},
    {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "f"}},
    {"type": "file", "file_id": "file-1"},
    {"type": "file", "source_type": "text", "text": "t", "mime_type": "text/plain"},
    {"type": "document", "source": {"type": "text", "data": "d"}, "title": "t", "citations": {}},
    {"type": "text-plain", "text": "t", "mime_type": "text/plain", "title": "t"},
    {"type": "media", "mime_type": "image/png", "data": "AAAA"},
    {"type": "thinking", "thinking": "t", "signature": "s"},
    {"type": "redacted_thinking", "data": "d"},
    {"type": "reasoning", "reasoning": "r", "extras": {"signature": "s"}, "index": 0},
    {"type": "reasoning_content", "reasoning_content": {"text": "t", "signature": "s"}},
    {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}},
    {"type": "tool_call", "id": "c1", "name": "f", "args": {"a": 1}, "extras": {"signature": "s"}},
    {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "r"}]},
    {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
    {"type": "non_standard", "value": {"type": "executable_code", "executable_code": "1"}},
    {"type": "refusal", "refusal": "no"},
    {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c1"},
]
SEEDS = [json.dumps([block, other]).encode() for block in BLOCKS for other in BLOCKS[:6]]
CALL = {"name": "f", "args": {"a": 1}, "id": "c1", "type": "tool_call"}
BROKEN = {"name": "f", "args": "{", "id": "c2", "error": None, "type": "invalid_tool_call"}


def make_conversation(rng: Rng) -> Case:
    return {
        "maker": rng.choice(list(MAKERS)),
        "named": rng.choice((None, "openai", "anthropic", "google_genai", 1, "groq")),
        "messages": [_message(rng) for _ in range(rng.randrange(1, 4))],
    }


def _message(rng: Rng) -> Any:
    role = rng.choice(("human", "ai", "system", "tool"))
    content: Any = spoilt(rng, SEEDS)
    if rng.random() < 0.003:
        content = [monster(rng)]
    extra = value(rng, 2)
    extra_fields = {rng.choice(EXTRA_FIELDS): value(rng)} if rng.random() < 0.3 else {}
    calls = rng.random() < 0.4
    return {"role": role, "content": content, "kept": extra_fields, "calls": calls, "extra": extra}


EXTRA_FIELDS = (
    "reasoning_content", "reasoning_details", "refusal", "content_chunks", "audio", "annotations",
    "tool_calls", "function_call", "__gemini_function_call_thought_signatures__", "cache_control",
)  # fmt: skip


def built(fields: Any, named: Any) -> BaseMessage | None:
    """Make a message, None where LangChain itself will not have it."""
    content, extra_fields = fields["content"], fields["kept"]
    try:
        match fields["role"]:
            case "human":
                return HumanMessage(content=content)
            case "system":
                return SystemMessage(content=content)
            case "tool":
                return ToolMessage(content=content, tool_call_id="c1", artifact=fields["extra"])
        calls: dict[str, Any] = {"tool_calls": [CALL], "invalid_tool_calls": [BROKEN]}
        about = {"model_provider": named} if named is not None else {}
        more = calls if fields["calls"] else {}
        return AIMessage(
            content=content, additional_kwargs=extra_fields, response_metadata=about, **more
        )
    except (ValidationError, TypeError, ValueError, AttributeError, RecursionError):
        return None


@cache
def line_to(maker: str) -> HttpAdapter:
    client = registry.client(maker, api_keys=("k" * 8,), base_url="https://api.example/v1")
    line = client.endpoint.adapter
    assert isinstance(line, HttpAdapter)
    return line


def run_conversation(case: Case) -> None:
    """Content that cannot be sent is refused by name; all other content is JSON."""
    candidates = (built(fields, case["named"]) for fields in case["messages"])
    messages = [message for message in candidates if message is not None]
    if not messages:
        return
    line = line_to(MAKERS[case["maker"]])
    try:
        extra = {CHOICE: True} if case["maker"] == RESPONSES else {}
        prepared = line.prepare(ChatRequest(model="m", messages=messages, extra=extra))
    except ScoutError:
        return
    json.loads(prepared.content)


TARGETS["conversation"] = Target(partial(make_conversation), run_conversation)

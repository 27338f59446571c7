"""What a request is held for bounds what real providers have counted, over recorded traffic."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from scout_adapters.llm.adapters.adapter import PreparedRequest
from scout_adapters.llm.engine.cost_bound import token_bounds
from scout_adapters.llm.profiles.limits import limits_of
from scout_adapters.llm.providers import registry
from scout_adapters.llm.types import ChatRequest
from tests.support import recordings

NAMES = {"gemini": "google"}
PROVIDERS = ("openai", "anthropic", "gemini", "groq", "openrouter", "mistral", "deepseek", "xai")

SEARCHES = re.compile(r"sonar|search|:online|deep-research")
"""Models that read more than they are sent, over every provider."""

CUT = '"encrypted_content_REDACTED'
"""In a request: the recorder has put a word in the place of a page."""

COUNTED = re.compile(r'"(?:prompt_tokens|promptTokenCount|input_tokens)"\s*:\s*(\d+)')
CACHED = re.compile(r'"(cache_read_input_tokens|cache_creation_input_tokens)"\s*:\s*(\d+)')

COMPLETED = re.compile(r'"(?:completion_tokens|candidatesTokenCount|output_tokens)"\s*:\s*(\d+)')
THOUGHT = re.compile(r'"thoughtsTokenCount"\s*:\s*(\d+)')
TOTAL = re.compile(r'"total_tokens"\s*:\s*(\d+)')
FILES = frozenset({"input_audio", "file", "document", "video_url"})

pytestmark = recordings.needed


def recorded(provider: str) -> Iterator[dict[str, Any]]:
    for record in recordings.records(provider):
        good = record["status"] < 400 and record.get("request_json") and record["response_body"]
        if good and CUT not in json.dumps(record["request_json"]):
            yield record


def counted(record: dict[str, Any]) -> int | None:
    """Return all tokens of the prompt, those of caches too, where an answer counts them."""
    text = record["response_body"]
    prompt_counts = [int(count) for count in COUNTED.findall(text)]
    if not prompt_counts:
        return None
    apart = dict(CACHED.findall(text))  # Anthropic counts these beside `input_tokens`
    return max(prompt_counts) + sum(map(int, apart.values()))


def answered(record: dict[str, Any]) -> int | None:
    """Return all tokens of the answer, thoughts too, where it counts them."""
    text = record["response_body"]
    completions, thought = COMPLETED.findall(text), THOUGHT.findall(text)
    if not completions:
        return None
    counted_tokens = max(map(int, completions)) + max(map(int, thought), default=0)
    total, prompts = TOTAL.findall(text), COUNTED.findall(text)
    if record["provider"] == "xai" and total and prompts:  # thoughts are counted in the total alone
        return max(counted_tokens, max(map(int, total)) - max(map(int, prompts)))
    return counted_tokens


def media(value: Any) -> Iterator[dict[str, Any]]:
    """Find the parts of a request that are not text, in the fields of any wire."""
    if isinstance(value, dict):
        kind = str(value.get("type", ""))
        inline = value.get("inlineData") or value.get("inline_data")
        mime = str((inline or {}).get("mimeType") or (inline or {}).get("mime_type") or "")
        if kind in {"image", "image_url"} or mime.startswith("image/"):
            yield {"type": "image"}
        elif inline or kind in FILES or "fileData" in value or "file_data" in value:
            yield {"type": "file"}
        for each in value.values():
            yield from media(each)
    elif isinstance(value, list):
        for each in value:
            yield from media(each)


def prepared_of(record: dict[str, Any]) -> PreparedRequest:
    body = record["request_json"]
    tools = [
        {"type": "function"} if is_function(tool) else {"type": "own"}
        for tool in body.get("tools") or ()
    ]
    request = ChatRequest(model=record["model"] or "", messages=[], tools=tools)
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return PreparedRequest(request=request, content=content, body=body, media=list(media(body)))


def is_function(tool: dict[str, Any]) -> bool:
    """Return whether a tool is the user's own function, in the fields of any wire."""
    function_fields = {"function", "input_schema", "functionDeclarations", "function_declarations"}
    return bool(function_fields & set(tool)) and tool.get("type") in {None, "function", "custom"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_recorded_request_had_more_tokens_than_it_is_held_for(provider: str) -> None:
    spec = registry.spec(NAMES.get(provider, provider))
    beyond, looked_at = [], 0
    for record in recorded(provider):
        tokens = counted(record)
        if tokens is None or SEARCHES.search(record["model"] or ""):
            continue
        looked_at += 1
        bound, _ = token_bounds(prepared_of(record), limits_of(spec, record["model"]), spec.wire)
        if tokens > bound:
            beyond.append((record["id"], record["model"], tokens, bound))
    assert looked_at > 50
    assert beyond == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_recorded_answer_had_more_tokens_than_it_is_held_for(provider: str) -> None:
    spec = registry.spec(NAMES.get(provider, provider))
    beyond, looked_at = [], 0
    for record in recorded(provider):
        tokens = answered(record)
        _, bound = token_bounds(
            prepared_of(record), limits_of(spec, record["model"] or ""), spec.wire
        )
        looked_at += tokens is not None and bound is not None
        if tokens is not None and bound is not None and tokens > bound:
            beyond.append((record["id"], record["model"], tokens, bound))
    assert looked_at > 50
    assert beyond == []

"""Recorded requests, played again: what was refused is refused alike, what was taken is taken."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from typing import Any

import pytest

from scout_adapters.testing import Emulator
from scout_adapters.testing.http_messages import Request
from scout_adapters.testing.ids import sign
from tests.support import recordings

pytestmark = recordings.needed

PROVIDERS = {
    "openai": "openai",
    "openai-responses": "openai",
    "xai": "xai",
    "xai-responses": "xai",
    "groq": "groq",
    "openrouter": "openrouter",
    "deepseek": "deepseek",
    "mistral": "mistral",
    "together": "together",
    "cerebras": "cerebras",
    "ollama-openai": "ollama",
    "anthropic": "anthropic",
    "gemini": "google",
}

ROOTS = {"groq": "/openai/v1", "openrouter": "/api/v1"}

NOT_OF_A_BODY = re.compile(
    r"api key|authentication|unauthorized|permission|quota|credit|region|location|unregistered",
    re.IGNORECASE,
)
"""Refusals of keys and accounts; `faults` plays them."""

KNOWN_MISSES = {
    # The answer itself, a download, or a file's content is at fault, not the body.
    "openai": [
        "Could not finish the message",
        "Error while downloading",
        "unsupported image",
        "has been deprecated",
    ],
    # The same history is refused once and taken three times.
    "openai-responses": ["without its required following item"],
    "groq": ["Tool call validation failed"],
    # A provider behind OpenRouter refused; and the account of a stealth model's trial.
    "openrouter": ["Provider returned error", "The alpha period for this model has ended"],
    "ollama-openai": ["prompt too long"],
    "anthropic": ["Schema is too complex for compilation"],
    # Retired after the other recordings of it.
    "gemini": ["models/gemini-1.5-flash is not found"],
}
"""Recorded refusals that the emulator does not produce, by a part of their message."""

OTHER_WORDS = {
    # The name of the model's neighbours, and where in the text the parser stood.
    "gemini": ["Call ModelService.ListModels"],
    "deepseek": ["The supported API model names are", "Failed to deserialize", "Model Not Exist"],
}
"""Refused by the emulator too, with another text."""

FOREIGN = {
    "94ff0e60ff786df3": "an answer to a call of another id, which claude-3-opus still accepted",
    "921ea255193d0e9a": "the same",
    "ca320baad43250be": "a prompt instead of the result of a call, which gemini-2.5 accepted",
    "aca0232aa81d4c35": "the same",
    "ea0b977e4e50a385": "another server, played at OpenAI's address",
}
"""Good requests that the emulator refuses, and why."""


@cache
def records(name: str) -> tuple[list[Any], list[Any]]:
    """Return the refused requests, and every sixteenth good one."""
    refused, good = [], []
    for at, line in enumerate(recordings.lines(name)):
        if '"status": 200' in line and at % 16:
            continue
        record = json.loads(line)
        if not isinstance(record["request_json"], dict) or not _is_endpoint(record["path"]):
            continue
        if record["status"] == 200:
            good.append(record)
        elif record["status"] in {400, 403, 404, 422} and not _of_a_key(record):
            refused.append(record)
    return refused, good


def _of_a_key(record: Any) -> bool:
    return NOT_OF_A_BODY.search(record["response_body"]) is not None


def _is_endpoint(path: str) -> bool:
    return path.endswith(("/completions", "/responses", "/messages", "enerateContent"))


def played(name: str, record: Any) -> tuple[int, str]:
    """Return status and body of the emulator's answer to a recorded request."""
    provider, path = PROVIDERS[name], record["path"]
    if name != "gemini":
        tail = re.search(r"/(chat/completions|responses|messages)$", path)
        path = f"{ROOTS.get(provider, '/v1')}{tail[0]}" if tail else path
    headers = {"x-api-key": "k", "authorization": "Bearer k", "x-goog-api-key": "k"}
    body = json.dumps(_signed(record["request_json"])).encode()
    request = Request(
        "POST",
        f"/{provider}{path}",
        "alt=sse" if "stream" in path else "",
        "emulator.test",
        {**headers, "anthropic-version": "2023-06-01"},
        body,
    )
    reply = EMULATOR.answer(request).reply
    return reply.status, reply.body.decode()


EMULATOR = Emulator()


def _signed(value: Any) -> Any:
    """Put the emulator's signatures in place of the recorded ones, which it cannot verify."""
    if isinstance(value, list):
        return [_signed(part) for part in value]
    if not isinstance(value, dict):
        return value
    value = {key: _signed(part) for key, part in value.items()}
    if value.get("type") == "thinking" and "signature" in value:
        value["signature"] = sign(str(value.get("thinking")))
    for key in ("thoughtSignature", "thought_signature"):
        if key in value:
            value[key] = "skip_thought_signature_validator"
    if value.get("encrypted_content"):
        value["encrypted_content"] = "gAAAAAB"
    return value


def error_of(text: str) -> Any:
    """Return the error of a body, without ids of requests and users, and without its place."""
    body = json.loads(text)
    error = body.get("error", body)
    if not isinstance(error, dict):
        return error
    details = {"message", "type", "param", "code", "status", "detail"} & error.keys()
    return {name: error[name] for name in details if error[name] is not None}


def _contains(words: dict[str, list[str]], name: str, record: Any) -> bool:
    return any(part in record["response_body"] for part in words.get(name, ()))


@pytest.mark.parametrize("name", PROVIDERS)
def test_what_was_refused_is_refused_alike(name: str) -> None:
    refused, _ = records(name)
    odd = []
    for record in refused:
        if _contains(KNOWN_MISSES, name, record):
            continue
        status, text = played(name, record)
        kind = f"{record['id']} {record['status']} {record['response_body'][:200]}"
        if _contains(OTHER_WORDS, name, record):
            if status < 400:
                odd.append(f"{kind} -> {status}")
        elif status != record["status"] or error_of(text) != error_of(record["response_body"]):
            odd.append(f"{kind} -> {status} {text[:300]}")
    assert odd == []


@pytest.mark.parametrize("name", PROVIDERS)
def test_what_was_taken_is_taken(name: str) -> None:
    _, good = records(name)
    refusals: Counter[str] = Counter()
    for record in good:
        if record["id"] in FOREIGN or "_REDACTED_" in json.dumps(record["request_json"]):
            continue
        status, text = played(name, record)
        if status != 200:
            refusals[f"{record['id']}: {text[:200]}"] += 1
    assert dict(refusals) == {}

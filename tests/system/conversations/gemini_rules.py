"""What Gemini's API answers with a 400 although its schema allows it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

DATA = {
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
}


def parts(body: Json) -> Iterator[tuple[int, Json]]:
    for at, content in enumerate(body["contents"]):
        for part in content["parts"]:
            yield at, part


def one_thing_each(body: Json) -> Iterator[str]:
    """https://ai.google.dev/api/caching#Part: `data` is a union, and contents have parts."""
    for at, content in enumerate(body["contents"]):
        if not content["parts"]:
            yield f"content {at} has no parts"
    for at, part in parts(body):
        if len(DATA & part.keys()) != 1:
            yield f"content {at} has a part with {sorted(part)}"
        if part.get("text") == "" and "thoughtSignature" not in part:
            yield f"content {at} has an empty part"


def turns(body: Json) -> Iterator[str]:
    """https://ai.google.dev/gemini-api/docs/function-calling.

    As many responses as calls, in the turn right after them; calls follow the user or responses.
    """
    calls: list[tuple[Any, Any]] = []
    speaker = ""
    for at, content in enumerate(body["contents"]):
        answers = [p["functionResponse"] for p in content["parts"] if "functionResponse" in p]
        answered = [(answer.get("id"), answer["name"]) for answer in answers]
        if sorted(map(str, answered)) != sorted(map(str, calls)):
            yield f"content {at} responds to {answered}, called were {calls}"
        parts_called = [p["functionCall"] for p in content["parts"] if "functionCall" in p]
        calls = [(call.get("id"), call["name"]) for call in parts_called]
        if calls and speaker != "user":
            yield f"content {at} calls after {speaker or 'nobody'}"
        speaker = content["role"]
    if calls:
        yield f"nobody responds to {calls}"
    if body["contents"][0]["role"] != "user":
        yield "the first content is not the user's"


def signatures(body: Json) -> Iterator[str]:
    """https://ai.google.dev/gemini-api/docs/thought-signatures.

    Gemini 3 checks the first call of every step since the user last spoke; signatures are base64.
    """
    for at, content in enumerate(body["contents"]):
        called = [part for part in content["parts"] if "functionCall" in part]
        if called and not called[0].get("thoughtSignature"):
            yield f"content {at} has an unsigned first call"
    for at, part in parts(body):
        signature = str(part.get("thoughtSignature") or "").translate(str.maketrans("-_", "+/"))
        try:
            base64.b64decode(signature, validate=True)
        except binascii.Error:
            yield f"content {at} has a signature that is not base64"


RULES = (one_thing_each, turns, signatures)

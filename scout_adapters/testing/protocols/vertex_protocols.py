"""Vertex AI's paths, which name the publisher and the model, for Gemini and for Claude."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from scout_adapters.testing.model.chat_request import mapping, objects
from scout_adapters.testing.protocols import anthropic_messages
from scout_adapters.testing.protocols.anthropic_protocol import ANTHROPIC_MESSAGES, check_messages
from scout_adapters.testing.protocols.gemini_protocol import GEMINI
from scout_adapters.testing.protocols.protocol import EmulatedEndpoint
from scout_adapters.testing.protocols.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from scout_adapters.testing.http_messages import HttpReply, Json
    from scout_adapters.testing.model.chat_request import ReceivedRequest
    from scout_adapters.testing.prompt_cache import PromptCache
    from scout_adapters.testing.protocols.protocol import EmulatedRequest

VERSION = "vertex-2023-10-16"
_WITHOUT_CALL_IDS = re.compile(r"gemini-[12]")


def _endpoint(
    publisher: str, whole: str, streamed: str
) -> Callable[[str], EmulatedEndpoint | None]:
    pattern = re.compile(
        r"/v1(?:beta1)?(?:/projects/[\w-]+/locations/[\w-]+)?"
        rf"/publishers/{publisher}/models/([\w.@%-]+):({whole}|{streamed})"
    )

    def endpoint(path: str) -> EmulatedEndpoint | None:
        match = pattern.fullmatch(path)
        return EmulatedEndpoint(unquote(match[1]), match[2] == streamed) if match else None

    return endpoint


def _check_gemini(request: EmulatedRequest, body: Json) -> Violation | None:
    if _WITHOUT_CALL_IDS.match(request.model):
        for at, content in enumerate(objects(body.get("contents"))):
            for part_at, part in enumerate(objects(content.get("parts"))):
                for name, word in (("functionCall", "call"), ("functionResponse", "response")):
                    if "id" in mapping(part.get(name)):
                        where = f"contents[{at}].parts[{part_at}].function_{word}"
                        text = f"Unknown name \"id\" at '{where}': Cannot find field."
                        return Violation(f"Invalid JSON payload received. {text}")
    return GEMINI.check(request, body)


def _check_claude(request: EmulatedRequest, body: Json) -> Violation | None:
    if body.get("anthropic_version") != VERSION:
        return Violation("anthropic_version: Field required")
    if "model" in body:
        return Violation("model: Extra inputs are not permitted")
    if (body.get("stream") is True) != request.request.path.endswith(":streamRawPredict"):
        return Violation("stream: does not fit the method of the URL")
    return check_messages(request, _as_messages(request, body))


def _answer_claude(request: EmulatedRequest, body: Json, cache: PromptCache) -> HttpReply:
    return ANTHROPIC_MESSAGES.answer(request, _as_messages(request, body), cache)


def _read_claude(request: EmulatedRequest, body: Json) -> ReceivedRequest:
    return anthropic_messages.read(_as_messages(request, body))


def _as_messages(request: EmulatedRequest, body: Json) -> Json:
    """Return a body as Anthropic's own API takes it."""
    fields = {name: value for name, value in body.items() if name != "anthropic_version"}
    return {**fields, "model": request.model}


VERTEX_GEMINI = replace(
    GEMINI,
    name="vertex-gemini",
    endpoint=_endpoint("google", "generateContent", "streamGenerateContent"),
    check=_check_gemini,
)
VERTEX_ANTHROPIC = replace(
    ANTHROPIC_MESSAGES,
    name="vertex-anthropic",
    endpoint=_endpoint("anthropic", "rawPredict", "streamRawPredict"),
    key_header="",
    check=_check_claude,
    answer=_answer_claude,
    read=_read_claude,
)

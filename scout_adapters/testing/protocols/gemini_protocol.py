"""Gemini's protocol: endpoints with the model in the path, key header, rules, answers, errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from scout_adapters.testing.http_messages import CachedTokens, HttpReply, Json, dumps
from scout_adapters.testing.protocols import gemini, gemini_rules
from scout_adapters.testing.protocols.protocol import (
    EmulatedEndpoint,
    EmulatedProtocol,
    EmulatedRequest,
    billed_reply,
    billed_stream,
    tokens_spent,
)
from scout_adapters.testing.protocols.violation import Violation
from scout_adapters.testing.unsupported.gemini_unsupported import (
    GEMINI_UNSUPPORTED,
    STREAMED_UNSUPPORTED,
)
from scout_adapters.testing.unsupported.unsupported_row import check_rows

if TYPE_CHECKING:
    from scout_adapters.testing.emulated_provider import EmulatedProvider
    from scout_adapters.testing.ids import Ids
    from scout_adapters.testing.model.chat_request import ReceivedRequest
    from scout_adapters.testing.prompt_cache import PromptCache

_PATH = re.compile(
    r"/models/((?!.*\.\.)(?:[A-Za-z0-9._/-]|%20)+):(generateContent|streamGenerateContent)"
)
_JSON = "application/json; charset=UTF-8"

_SHORTEST = (("2.5-flash-lite", 2048), ("2.5-flash", 1024), ("2.5-pro", 2048))
"""Tokens: the shortest prefix that is cached, by model."""

_SHORTEST_OTHERS = 4096


def _endpoint(path: str) -> EmulatedEndpoint | None:
    match = _PATH.fullmatch(path)
    return (
        EmulatedEndpoint(unquote(match[1]), match[2] == "streamGenerateContent") if match else None
    )


def _headers(_: EmulatedProvider, ids: Ids) -> dict[str, str]:
    return gemini.headers(ids)


def _check(request: EmulatedRequest, body: Json) -> Violation | None:
    rows = (*(STREAMED_UNSUPPORTED if request.stream else ()), *GEMINI_UNSUPPORTED)
    if " " in request.model:
        return Violation("* GenerateContentRequest.model: unexpected model name format\n")
    unsupported = check_rows(rows, body, request.model)
    return next(unsupported, None) or gemini_rules.check(body, request.model)


def _read(request: EmulatedRequest, body: Json) -> ReceivedRequest:
    return gemini.read(body, request.model, stream=request.stream)


def _answer(request: EmulatedRequest, body: Json, cache: PromptCache) -> HttpReply:
    received = request.counted(_read(request, body))
    answer, input_tokens = request.answer_for(received), received.input_tokens
    cached = _cached(cache, request.model, body, input_tokens)
    runs, headers = request.tool_runs(body, received.prompt), gemini.headers(request.ids)
    spent = tokens_spent(input_tokens, answer, cached, runs)
    writer = gemini.GeminiWriter(request.ids, request.model, answer, spent, received.media_tokens)
    if received.stream and request.request.parameter("alt") == "sse":
        headers = {"content-type": "text/event-stream", **headers}
        return billed_stream(headers, writer.events(), spent)
    headers = {"content-type": _JSON, **headers}
    if received.stream:
        return billed_stream(headers, writer.events(sse=False), spent)
    return billed_reply(headers, dumps(writer.whole()), spent)


def _cached(cache: PromptCache, model: str, body: Json, input_tokens: int) -> CachedTokens:
    """Look up and store the prefixes of a prompt; shorter ones than the model's least are not."""
    system, tools = (gemini.either(body, name) for name in ("systemInstruction", "tools"))
    shortest = next((tokens for name, tokens in _SHORTEST if name in model), _SHORTEST_OTHERS)
    cached = cache.use_unmarked((model, system, tools, body["contents"]), shortest)
    return CachedTokens(read=min(cached.read, input_tokens))


def _error_event(_: EmulatedRequest, body: Json, status: int) -> bytes:  # noqa: ARG001  # a field's signature
    return b"data: " + dumps(body) + b"\r\n\r\n"


GEMINI = EmulatedProtocol(
    name="gemini",
    endpoint=_endpoint,
    key_header="x-goog-api-key",
    headers=_headers,
    check=_check,
    answer=_answer,
    read=_read,
    error_event=_error_event,
)

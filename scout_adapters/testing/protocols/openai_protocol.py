"""OpenAI's chat completions: endpoints, rules, answers and errors, in each provider's dialect."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scout_adapters.testing.background_answers import MadeAnswer
from scout_adapters.testing.emulated_providers import documented_fields
from scout_adapters.testing.http_messages import (
    JSON,
    BodyPart,
    CachedTokens,
    HttpReply,
    Json,
    TokensSpent,
    dumps,
)
from scout_adapters.testing.protocols import openai_chat, openai_rules
from scout_adapters.testing.protocols.openai_dialects import DIALECTS
from scout_adapters.testing.protocols.openai_usage import UsageCounts
from scout_adapters.testing.protocols.protocol import (
    EmulatedEndpoint,
    EmulatedProtocol,
    EmulatedRequest,
    billed_reply,
    billed_stream,
    tokens_spent,
)
from scout_adapters.testing.protocols.violation import Violation

if TYPE_CHECKING:
    from scout_adapters.testing.emulated_provider import EmulatedProvider, Price
    from scout_adapters.testing.ids import Ids
    from scout_adapters.testing.model.chat_request import ReceivedRequest
    from scout_adapters.testing.prompt_cache import PromptCache

_DEFERRED = re.compile(r"/chat/deferred-completion/([^/]+)")
_NOT_FOUND = "Some requested entity was not found"
DEFERRED_SECONDS = 86400.0
"""Seconds for which a deferred answer can be fetched."""

_PATHS = frozenset({"/chat/completions", "/text/chatcompletion_v2"})


def _endpoint(path: str) -> EmulatedEndpoint | None:
    return EmulatedEndpoint() if path in _PATHS else None


def _background_endpoint(method: str, path: str) -> EmulatedEndpoint | None:
    match = _DEFERRED.fullmatch(path) if method == "GET" else None
    return EmulatedEndpoint(answer_id=match[1]) if match else None


def _headers(provider: EmulatedProvider, ids: Ids) -> dict[str, str]:
    return DIALECTS[provider.openai_dialect].headers(ids)


def _check(request: EmulatedRequest, body: Json) -> Violation | None:
    provider = request.provider
    return openai_rules.check(body, provider.openai_dialect, documented_fields(provider.name))


def _read(_: EmulatedRequest, body: Json) -> ReceivedRequest:
    return openai_chat.read(body)


def _answer(request: EmulatedRequest, body: Json, cache: PromptCache) -> HttpReply:
    received, provider = request.counted(_read(request, body)), request.provider
    answer, dialect = request.answer_for(received), DIALECTS[provider.openai_dialect]
    prompt = (received.model, body.get("tools"), body["messages"])
    cached = cache.use_unmarked(prompt) if dialect.caches else CachedTokens()
    read = min(cached.read, received.input_tokens)
    runs = request.tool_runs(body, received.prompt)
    spent = tokens_spent(received.input_tokens, answer, replace(cached, read=read), runs)
    counts = _counts(spent, received.media_tokens.get("audio", 0), provider.price)
    writer = openai_chat.ChatWriter(
        dialect, request.ids, int(request.wall), body, answer, counts, runs
    )
    headers = dialect.headers(request.ids)
    if received.stream:
        kind = {"content-type": dialect.stream_type, **headers}
        return billed_stream(kind, writer.events(), spent)
    if body.get("deferred") is True:
        return _defer(request, {"content-type": JSON, **headers}, writer.whole(), spent)
    data = dialect.blank_lines + dumps(writer.whole())
    return billed_reply({"content-type": JSON, **headers}, data, spent)


def _defer(request: EmulatedRequest, headers: Json, whole: Json, spent: TokensSpent) -> HttpReply:
    """Defer an answer; return the id by which it can be fetched once, as xAI does.

    https://docs.x.ai/docs/guides/deferred-chat-completions
    """
    digits = request.ids.of("deferred").hex(32)
    answer_id = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    owner = (request.provider.name, request.key)
    states = {"in_progress": {}, "completed": whole}
    answer = MadeAnswer(owner, states, request.wall + DEFERRED_SECONDS, once=True)
    request.background.add(answer_id, answer)
    return billed_reply(headers, dumps({"request_id": answer_id}), spent)


def _fetch(request: EmulatedRequest, endpoint: EmulatedEndpoint) -> HttpReply | Violation:
    owner = (request.provider.name, request.key)
    made = request.background.fetch(endpoint.answer_id, owner, request.wall)
    if made is None:
        error = f"Deferred completion {endpoint.answer_id} not found."
        return Violation(error, status=404, body={"code": _NOT_FOUND, "error": error})
    headers = {"content-type": JSON, **_headers(request.provider, request.ids)}
    state, body = made
    if state != "completed":
        return HttpReply(status=202, headers=headers)
    return HttpReply(headers=headers, parts=(BodyPart(dumps(body)),))


def _counts(spent: TokensSpent, audio: int, price: Price | None) -> UsageCounts:
    return UsageCounts(
        prompt=spent.input,
        completion=spent.output,
        reasoning=spent.reasoning,
        audio=audio,
        cached=spent.cached.read,
        cost=_cost(price, spent) if price else None,
    )


def _cost(price: Price, spent: TokensSpent) -> tuple[int, int]:
    """Return what the input and the output of an answer cost, in nano-dollars."""
    output_cost = spent.output * price.output
    return price.cost(spent) - output_cost, output_cost


def _error_event(request: EmulatedRequest, body: Json, status: int) -> bytes:
    return DIALECTS[request.provider.openai_dialect].error_event(request, body, status)


OPENAI_CHAT = EmulatedProtocol(
    name="openai",
    endpoint=_endpoint,
    headers=_headers,
    check=_check,
    answer=_answer,
    read=_read,
    background_endpoint=_background_endpoint,
    fetch=_fetch,
    error_event=_error_event,
)

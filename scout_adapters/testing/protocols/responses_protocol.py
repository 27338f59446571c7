"""OpenAI's Responses API: endpoint, rules, answers and errors, in each provider's variant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scout_adapters.testing.http_messages import JSON, CachedTokens, HttpReply, Json, dumps
from scout_adapters.testing.protocols import openai_responses, responses_rules
from scout_adapters.testing.protocols.openai_dialects import DIALECTS
from scout_adapters.testing.protocols.protocol import (
    EVENTS,
    EmulatedEndpoint,
    EmulatedProtocol,
    EmulatedRequest,
    billed_reply,
    billed_stream,
    tokens_spent,
)
from scout_adapters.testing.protocols.responses_variants import variant_of

if TYPE_CHECKING:
    from scout_adapters.testing.emulated_provider import EmulatedProvider
    from scout_adapters.testing.ids import Ids
    from scout_adapters.testing.prompt_cache import PromptCache
    from scout_adapters.testing.protocols.violation import Violation


def _endpoint(path: str) -> EmulatedEndpoint | None:
    return EmulatedEndpoint() if path == "/responses" else None


def _headers(provider: EmulatedProvider, ids: Ids) -> dict[str, str]:
    return DIALECTS[provider.openai_dialect].headers(ids)


def _check(request: EmulatedRequest, body: Json) -> Violation | None:
    return responses_rules.check(body, request.provider.name)


def _answer(request: EmulatedRequest, body: Json, cache: PromptCache) -> HttpReply:
    received, provider = openai_responses.read(body), request.provider
    answer, variant = request.answer_for(received), variant_of(provider.name)
    prompt = (received.model, body.get("tools"), body.get("instructions"), body["input"])
    cached = cache.use_unmarked(prompt) if variant.caches else CachedTokens()
    read = min(cached.read, received.input_tokens)
    spent = tokens_spent(received.input_tokens, answer, replace(cached, read=read))
    cost = provider.price.cost(spent) if provider.price else None
    writer = openai_responses.ResponsesWriter(
        variant, request.ids, int(request.wall), body, answer, spent, cost
    )
    headers = _headers(provider, request.ids)
    if received.stream:
        return billed_stream({"content-type": EVENTS, **headers}, writer.events(), spent)
    return billed_reply({"content-type": JSON, **headers}, dumps(writer.whole()), spent)


def _error_event(request: EmulatedRequest, body: Json, status: int) -> bytes:  # noqa: ARG001  # the field's type
    """Return an error body as OpenAI's event `error`."""
    event = {"type": "error", "sequence_number": 2, **body}
    return b"event: error\ndata: %b\n\n" % dumps(event)


OPENAI_RESPONSES = EmulatedProtocol(
    name="responses",
    endpoint=_endpoint,
    headers=_headers,
    check=_check,
    answer=_answer,
    error_event=_error_event,
)

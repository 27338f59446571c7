"""OpenAI's Responses API: endpoint, rules, answers and errors, in each provider's variant."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scout_adapters.testing.background_answers import MadeAnswer
from scout_adapters.testing.http_messages import (
    JSON,
    BodyPart,
    CachedTokens,
    HttpReply,
    Json,
    dumps,
)
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
from scout_adapters.testing.protocols.violation import Violation

if TYPE_CHECKING:
    from scout_adapters.testing.emulated_provider import EmulatedProvider
    from scout_adapters.testing.ids import Ids
    from scout_adapters.testing.model.chat_request import ReceivedRequest
    from scout_adapters.testing.prompt_cache import PromptCache

_OF_RESPONSE = re.compile(r"/responses/([^/]+)(/cancel)?")
BACKGROUND_SECONDS = 600.0
"""Seconds for which a response made in the background can be fetched."""

STORED_SECONDS = 30 * 86400.0
"""Seconds for which a stored response can be fetched."""


def _endpoint(path: str) -> EmulatedEndpoint | None:
    return EmulatedEndpoint() if path == "/responses" else None


def _background_endpoint(method: str, path: str) -> EmulatedEndpoint | None:
    match = _OF_RESPONSE.fullmatch(path)
    if match is None or method != ("POST" if match[2] else "GET"):
        return None
    return EmulatedEndpoint(answer_id=match[1], cancels=bool(match[2]))


def _headers(provider: EmulatedProvider, ids: Ids) -> dict[str, str]:
    return DIALECTS[provider.openai_dialect].headers(ids)


def _check(request: EmulatedRequest, body: Json) -> Violation | None:
    return responses_rules.check(body, request.provider.name)


def _read(_: EmulatedRequest, body: Json) -> ReceivedRequest:
    return openai_responses.read(body)


def _answer(request: EmulatedRequest, body: Json, cache: PromptCache) -> HttpReply:
    received, provider = request.counted(_read(request, body)), request.provider
    answer, variant = request.answer_for(received), variant_of(provider.name)
    prompt = (received.model, body.get("tools"), body.get("instructions"), body["input"])
    cached = cache.use_unmarked(prompt) if variant.caches else CachedTokens()
    read = min(cached.read, received.input_tokens)
    runs = request.tool_runs(body, received.prompt)
    spent = tokens_spent(received.input_tokens, answer, replace(cached, read=read), runs)
    cost = provider.price.cost(spent) if provider.price else None
    writer = openai_responses.ResponsesWriter(
        variant, request.ids, int(request.wall), body, answer, spent, cost
    )
    headers = _headers(provider, request.ids)
    if body.get("background") is True and not received.stream:
        queued = _begin(request, writer)
        return billed_reply({"content-type": JSON, **headers}, dumps(queued), spent)
    if received.stream:
        return billed_stream({"content-type": EVENTS, **headers}, writer.events(), spent)
    return billed_reply({"content-type": JSON, **headers}, dumps(writer.whole()), spent)


def _begin(request: EmulatedRequest, writer: openai_responses.ResponsesWriter) -> Json:
    """Put a response into the background; return it as it is in its queue.

    Unless the request sets `store`, it is deleted soon after.
    https://platform.openai.com/docs/guides/background
    """
    states = {
        state: writer.without_output(state) for state in ("queued", "in_progress", "cancelled")
    }
    states["completed"] = writer.whole()
    seconds = STORED_SECONDS if writer.body.get("store") is True else BACKGROUND_SECONDS
    owner = (request.provider.name, request.key)
    answer = MadeAnswer(owner, states, request.wall + seconds)
    request.background.add(states["queued"]["id"], answer)
    return states["queued"]


def _fetch(request: EmulatedRequest, endpoint: EmulatedEndpoint) -> HttpReply | Violation:
    """Return a response in its state; another account's is as unknown as one that never was."""
    owner = (request.provider.name, request.key)
    made = request.background.fetch(
        endpoint.answer_id, owner, request.wall, cancel=endpoint.cancels
    )
    if made is None:
        return Violation(f"Response with id '{endpoint.answer_id}' not found.", status=404)
    headers = {"content-type": JSON, **_headers(request.provider, request.ids)}
    return HttpReply(headers=headers, parts=(BodyPart(dumps(made[1])),))


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
    read=_read,
    background_endpoint=_background_endpoint,
    fetch=_fetch,
    error_event=_error_event,
)

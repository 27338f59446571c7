"""Anthropic's Messages protocol: endpoint, key header, rules, answers and errors in streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scout_adapters.testing.http_messages import JSON, HttpReply, Json, dumps
from scout_adapters.testing.protocols import anthropic_messages, anthropic_rules
from scout_adapters.testing.protocols.field_rules import check_fields
from scout_adapters.testing.protocols.protocol import (
    EVENTS,
    EmulatedEndpoint,
    EmulatedProtocol,
    EmulatedRequest,
    billed_reply,
    billed_stream,
    tokens_spent,
)
from scout_adapters.testing.protocols.violation import Violation
from scout_adapters.testing.unsupported.anthropic_unsupported import ANTHROPIC_UNSUPPORTED
from scout_adapters.testing.unsupported.unsupported_row import check_rows

if TYPE_CHECKING:
    from scout_adapters.testing.emulated_provider import EmulatedProvider
    from scout_adapters.testing.ids import Ids
    from scout_adapters.testing.model.chat_request import ReceivedRequest
    from scout_adapters.testing.prompt_cache import PromptCache


def _endpoint(path: str) -> EmulatedEndpoint | None:
    return EmulatedEndpoint() if path == "/messages" else None


def _headers(_: EmulatedProvider, ids: Ids) -> dict[str, str]:
    return anthropic_messages.headers(ids)


def _check(request: EmulatedRequest, body: Json) -> Violation | None:
    if "anthropic-version" not in request.request.headers:
        return Violation("anthropic-version: header is required")
    return check_messages(request, body)


def check_messages(request: EmulatedRequest, body: Json) -> Violation | None:
    """Return the first reason to refuse a body, None if it is accepted."""
    if not request.provider.strict:
        return anthropic_rules.check(body)
    unsupported = check_rows(ANTHROPIC_UNSUPPORTED, body, request.model)
    violation = next(unsupported, None) or anthropic_rules.check(body)
    return violation or next(check_fields(body, "anthropic"), None)


def _read(_: EmulatedRequest, body: Json) -> ReceivedRequest:
    return anthropic_messages.read(body)


def _answer(request: EmulatedRequest, body: Json, cache: PromptCache) -> HttpReply:
    received = request.counted(_read(request, body))
    answer, cached = request.answer_for(received), cache.use_marked(body)
    total = max(received.input_tokens, cached.read + cached.written)
    runs = request.tool_runs(body, received.prompt)
    headers = anthropic_messages.headers(request.ids)
    writer = anthropic_messages.MessagesWriter(request.ids, body, answer, total, cached, runs)
    spent = tokens_spent(total, answer, cached, runs)
    if received.stream:
        return billed_stream({"content-type": EVENTS, **headers}, writer.events(), spent)
    return billed_reply({"content-type": JSON, **headers}, dumps(writer.whole()), spent)


def _error_event(_: EmulatedRequest, body: Json, status: int) -> bytes:  # noqa: ARG001  # a field's signature
    return b"event: error\ndata: " + dumps(body) + b"\n\n"


ANTHROPIC_MESSAGES = EmulatedProtocol(
    name="anthropic",
    endpoint=_endpoint,
    key_header="x-api-key",
    headers=_headers,
    check=_check,
    answer=_answer,
    read=_read,
    error_event=_error_event,
)

"""Rendering a request into a body of the Responses API.

https://platform.openai.com/docs/api-reference/responses/create
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import PREVIOUS, ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.openai_responses.dialect import dialect_of
from scout_adapters.llm.wires.openai_responses.input_items import input_items
from scout_adapters.llm.wires.openai_responses.previous import NO_RESPONSE, previous_response
from scout_adapters.llm.wires.openai_responses.tools import text_field, tool_fields
from scout_adapters.llm.wires.parsing import apply_card

ENCRYPTED = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"

NEEDS_STORE = ("previous_response_id", "background", "conversation", PREVIOUS)
"""Fields that work only if responses are stored; then the server's default holds."""

RENDERED = frozenset(
    {"include", "reasoning", "text", "verbosity", "logprobs", "max_completion_tokens"}
    | {"stream_options", "response_format", PREVIOUS}
)
"""Fields of `ChatRequest.extra` that are merged into others, or have another name here."""


def build_body(request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
    """Build the body; raises `UnsupportedContent` for what the API cannot carry.

    It is stateless unless `extra` has `store`: nothing is stored, and reasoning comes encrypted.
    This API has no stop sequences: like ChatOpenAI, leave them out.
    """
    extra = request.extra
    store = _store(extra, spec)
    body: Json = {"model": request.model, **_input(request, turns, spec, store)}
    options = {
        "store": store,
        "include": _include(request, spec, stored=store is not False),
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_output_tokens": request.max_tokens or extra.get("max_completion_tokens"),
        "reasoning": _reasoning(request),
        "text": text_field(
            request.response_format or extra.get("response_format"),
            extra.get("text"),
            extra.get("verbosity"),
        ),
        "stream": True if request.stream else None,
        "stream_options": _stream_options(extra),
        **tool_fields(request),
    }
    body |= {name: value for name, value in options.items() if value is not None}
    if extra:
        rest = (name for name in extra if name not in RENDERED)
        body |= {name: extra[name] for name in rest if extra[name] is not None}
    return apply_card(body, spec)


def _input(
    request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec, store: bool | None
) -> Json:
    """Return the conversation, or what follows the stored response that it refers to."""
    if not request.extra.get(PREVIOUS):
        return {"input": input_items(turns, spec, stored=store is not False)}
    previous = NO_RESPONSE if store is False else previous_response(request, spec)
    reference = {} if previous.id is None else {"previous_response_id": previous.id}
    return {"input": input_items(turns, spec, stored=False, after=previous.at), **reference}


def _store(extra: Mapping[str, Any], spec: ProviderSpec) -> bool | None:
    """Return `store`; None leaves it to the server, which stores."""
    if extra.get("store") is not None:
        return bool(extra["store"])
    if dialect_of(spec).stores or (extra and any(extra.get(name) for name in NEEDS_STORE)):
        return None
    return False


def _include(request: ChatRequest, spec: ProviderSpec, *, stored: bool) -> list[str] | None:
    dialect, extra = dialect_of(spec), request.extra
    include = [*(extra.get("include") or ())]
    encrypts = dialect.encrypts_reasoning and not dialect.not_reasoning.match(request.model)
    if not stored and encrypts and ENCRYPTED not in include:
        include.append(ENCRYPTED)
    if extra.get("logprobs") and LOGPROBS not in include:
        include.append(LOGPROBS)
    return include or None


def _reasoning(request: ChatRequest) -> Json | None:
    option = request.extra.get("reasoning")
    reasoning = dict(option) if option and isinstance(option, Mapping) else {}
    if request.reasoning_effort is not None:
        reasoning.setdefault("effort", request.reasoning_effort)
    return reasoning or None


def _stream_options(extra: Mapping[str, Any]) -> Json | None:
    """Return the options of a stream but for Chat Completions' `include_usage`: it always is."""
    options = extra.get("stream_options")
    if options is None or not isinstance(options, Mapping):
        return None
    return {name: value for name, value in options.items() if name != "include_usage"} or None

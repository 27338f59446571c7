"""What a call is expected to cost at a candidate, from an estimate of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from langchain_core.messages import BaseMessage

from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.pricing.price_list import price_list, priced_model
from scout_adapters.llm.pricing.rates import TokenCounts
from scout_adapters.llm.profiles.limits import limits_of
from scout_adapters.llm.router.abilities import CHARS_PER_TOKEN
from scout_adapters.llm.types import ChatRequest, ModelRequest

USUAL_ANSWER_TOKENS = 500
"""Tokens of an answer without `max_tokens`, for estimates."""

ONE = Decimal(1)


def usual_answer_tokens(candidate: Candidate, request: ModelRequest) -> int:
    """Return the output tokens to assume: `max_tokens`, or 500; 0 for embeddings."""
    own = candidate.request(request)
    return (own.max_tokens or USUAL_ANSWER_TOKENS) if isinstance(own, ChatRequest) else 0


def text_tokens(request: ChatRequest, messages: Sequence[BaseMessage]) -> int:
    """Return the estimated tokens of `messages` and of the request's tools."""
    characters = sum(len(message.text) for message in messages)
    characters += sum(_tool_characters(tool) for tool in request.tools)
    calls = (getattr(message, "tool_calls", ()) for message in messages)
    characters += sum(len(str(call["args"])) for each in calls for call in each)
    return characters // CHARS_PER_TOKEN


def _tool_characters(tool: Any) -> int:
    return len(str(tool.get("function", tool)))


def cached_prefix(request: ChatRequest) -> int:
    """Return the estimated tokens that the conversation's previous request left in a cache.

    These are the messages before the newest answer; without an answer, all but the last message.
    """
    messages = request.messages
    answers = [at for at, message in enumerate(messages) if message.type == "ai"]
    return text_tokens(request, messages[: answers[-1] if answers else -1])


def expected_cost(
    candidate: Candidate, request: ChatRequest, tokens: int, cached: int = 0
) -> float | None:
    """Return the expected cost of a request at a candidate in US dollars; None if unknown.

    `tokens`: input tokens, of which `cached` are read from the provider's cache. The others count
    as written to the cache if the candidate caches the request; see `caches`.
    """
    spec, model = candidate.endpoint.spec, candidate.model
    tariff = price_list(spec.name, priced_model(spec, model), prices=spec.prices).tariff
    if tariff is None:
        return None
    writes = caches(candidate, request)
    read = min(cached, tokens) if writes else 0
    counts = TokenCounts(
        input=tokens,
        output=usual_answer_tokens(candidate, request),
        cache_read=read,
        cache_write=tokens - read if writes else 0,
    )
    usd = tariff.rates(tokens).usd(counts, ONE)
    return None if usd is None else float(usd)


def caches(candidate: Candidate, request: ChatRequest) -> bool:
    """Return whether the candidate caches the prompt: always, or because the request marks it."""
    spec, model = candidate.endpoint.spec, candidate.model
    caching = spec.prompt_caching
    shortest = caching.shortest_for(spec.known_model(model)) if caching else None
    if shortest is None:
        return False
    if limits_of(spec, model).writes:
        return True
    own = candidate.request(request)
    return own.prompt_cache == "auto" or any(map(_is_marked, own.messages))


def _is_marked(message: BaseMessage) -> bool:
    return isinstance(message.content, list) and any(
        isinstance(block, dict) and "cache_control" in block for block in message.content
    )

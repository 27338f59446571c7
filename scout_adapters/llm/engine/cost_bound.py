"""Upper bound of what a request can cost, computed before it leaves; budgets reserve it.

Every token is at least one byte, so a request has at most as many tokens as bytes, plus the hidden
tokens that providers add, plus media. Recorded traffic confirms it
(`tests/llm/engine/test_cost_bound.py`). Where provider tools read more during the answer, only the
model's context window is a bound, or as many windows as there may be rounds of tools.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from langchain_core.messages import BaseMessage

from scout_adapters._internal.json_values import Json, positive_limit
from scout_adapters.llm.adapters.adapter import PreparedRequest
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.pricing.fees import billed_searches
from scout_adapters.llm.pricing.price_list import price_list, priced_model
from scout_adapters.llm.pricing.rates import STANDARD, ServiceTier, requested_service
from scout_adapters.llm.profiles.limits import MARKED_WRITES, ModelLimits, limits_of
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Wire

HIDDEN_TOKENS = 1000
"""Tokens that providers add to a request: templates, tool instructions, Grok's preamble. The
largest recorded number is 1,040, with a request of 447 bytes."""

UNBOUNDED_TOKENS = 10**9
"""Tokens of a file that is sent as a URL: only the model's context window limits them."""

BYTES_PER_MEDIA_TOKEN = 16
"""Bytes of audio or video per token: 32 tokens a second at 6 kbit/s are 23 bytes per token."""

SLACK = 16
"""Tokens that an answer may have beyond `max_tokens`, plus a sixteenth of it: some hosts round
up to a multiple of 16, and some count the framing of an answer."""


class CostBound(NamedTuple):
    """The most that a request can cost."""

    nano: int | None
    """Nano-dollars; None if unknown, and `why` has the reason."""

    input_tokens: int = 0
    output_tokens: int | None = None
    why: str = ""


def cost_bound(
    candidate: Candidate, prepared: PreparedRequest, answer_tokens: int | None = None
) -> CostBound:
    """Return the most that a prepared request can cost, by the body that is sent.

    `answer_tokens` limits the answer where the request sets no limit; else the model's own limit
    applies. Where the body names several models, the dearest counts.
    """
    spec = prepared.spec or candidate.endpoint.spec
    models = prepared.models or (candidate.model,)
    if len(models) == 1 and models[0] not in spec.systems:
        bound = _bound_of_text(spec, models[0], prepared, answer_tokens)
        return bound or _bound_of_model(spec, models[0], prepared, answer_tokens)
    return _highest(
        _bound_of_model(spec, model, prepared, answer_tokens, priced_as)
        for model in models
        for priced_as in spec.systems.get(model, (model,))
    )


def _highest(bounds: Iterable[CostBound]) -> CostBound:
    return max(bounds, key=lambda bound: math.inf if bound.nano is None else bound.nano)


def _bound_of_text(
    spec: ProviderSpec, model: str, prepared: PreparedRequest, answer_tokens: int | None
) -> CostBound | None:
    """Return what `_bound_of_model` would, for a request that has text and nothing of a price.

    Most requests are of this kind, and it takes half of the time. None for other requests.
    """
    wire, content = spec.wire, prepared.content
    if wire is None or not wire.unpriced_fields.issuperset(prepared.body):
        return None
    if prepared.media or not (prepared.has_output and content) or b"cache_control" in content:
        return None
    limits = limits_of(spec, model)
    input_tokens = HIDDEN_TOKENS + len(content)
    if limits.window is not None and input_tokens > limits.window:
        input_tokens = limits.window
    output_tokens = _output_tokens(prepared, limits, wire, answer_tokens)
    tariff = price_list(spec.name, priced_model(spec, model), prices=spec.prices).tariff
    if tariff is None or output_tokens is None:
        return None
    nano = tariff.max_cost(input_tokens, output_tokens, limits.writes)
    return None if nano is None else CostBound(max(0, nano), input_tokens, output_tokens)


def _bound_of_model(
    spec: ProviderSpec,
    model: str,
    prepared: PreparedRequest,
    answer_tokens: int | None,
    priced_as: str = "",
) -> CostBound:
    limits, media, body = limits_of(spec, model), prepared.media, prepared.body
    input_tokens, output_tokens = token_bounds(prepared, limits, spec.wire, answer_tokens)
    kinds = MARKED_WRITES if b"cache_control" in prepared.content else limits.writes
    modalities = spec.wire.output_modalities(body) if spec.wire else ()
    searches = spec.wire.searches(body) if spec.wire else 0
    if media or modalities:
        kinds = _token_kinds(media, modalities, kinds)
    return cost_bound_at(
        spec.name,
        priced_model(spec, priced_as or model),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        kinds=kinds,
        service=requested_service(body),
        prices=spec.prices,
        searches=billed_searches(model, searches) if searches else 0,
    )


def cost_bound_at(  # noqa: PLR0913  # every argument changes the price
    provider: str,
    model: str,
    *,
    input_tokens: int,
    output_tokens: int | None,
    kinds: frozenset[str] = frozenset(),
    service: ServiceTier = STANDARD,
    prices: str = "",
    searches: int = 0,
) -> CostBound:
    """Return the most that so many tokens can cost; `kinds` are token kinds that may cost more.

    `searches` are billed beside the tokens, where the model's prices have a fee for them.
    """
    if output_tokens is None:
        why = "the longest possible answer is unknown: set max_tokens="
        return CostBound(None, input_tokens, why=why)
    tariff = price_list(provider, model, service, prices=prices).tariff
    if tariff is None and service.tier == "flex":  # costs less than the standard tier
        tariff = price_list(provider, model, prices=prices).tariff
    nano = tariff.max_cost(input_tokens, output_tokens, kinds, searches) if tariff else None
    if nano is None:
        served = "".join(f", {name}" for name in (service.tier, service.speed) if name)
        why = f"no price is known for {provider}/{model}{served}: add it to PRICING[{provider!r}]"
        return CostBound(None, input_tokens, output_tokens, why)
    if service is not STANDARD and service.factor != 1:
        nano = math.ceil(nano * service.factor)
    return CostBound(max(0, nano), input_tokens, output_tokens)


def token_bounds(
    prepared: PreparedRequest,
    limits: ModelLimits,
    wire: Wire | None,
    answer_tokens: int | None = None,
) -> tuple[int, int | None]:
    """Return upper bounds of input and output tokens; the second is None if unknown."""
    request, body, window = prepared.request, prepared.body, limits.window
    input_tokens = HIDDEN_TOKENS + (len(prepared.content) or message_bytes(request.messages))
    if not prepared.has_output:  # the window limits each text of a batch, and not their sum
        return input_tokens, 0
    for block in prepared.media:
        input_tokens += _extra_tokens(block, limits)
    if window is not None:
        if limits.system or (wire is not None and _reads_more(wire, body)):
            input_tokens = window * limits.window_reads
        elif input_tokens > window:
            input_tokens = window
    return input_tokens, _output_tokens(prepared, limits, wire, answer_tokens)


def _output_tokens(
    prepared: PreparedRequest, limits: ModelLimits, wire: Wire | None, answer_tokens: int | None
) -> int | None:
    request, body = prepared.request, prepared.body
    output_tokens = answer_tokens or limits.answer or limits.window
    # A wire may set a limit where the request has none: Anthropic's API requires one.
    limit = wire.output_limit(body) if wire else positive_limit(request.max_tokens)
    if limits.stated and limit:
        output_tokens = limit + limit // 16 + SLACK
        if answer_tokens and not _has_own_limit(request, wire):
            output_tokens = min(answer_tokens, output_tokens)
    return output_tokens * wire.answer_count(body) if output_tokens and wire else output_tokens


def limits_answer(candidate: Candidate, prepared: PreparedRequest) -> bool:
    """Return whether the caller limits the answer; True if the request has none."""
    spec = prepared.spec or candidate.endpoint.spec
    return not prepared.has_output or _has_own_limit(prepared.request, spec.wire)


def _has_own_limit(request: ChatRequest, wire: Wire | None) -> bool:
    """Return whether the caller limits the answer, and not the wire."""
    stated = request.max_tokens is not None
    return stated or (wire is not None and wire.output_limit(dict(request.extra)) is not None)


def _reads_more(wire: Wire, body: Json) -> bool:
    """Return whether the provider may read more than the body contains."""
    return not wire.external_inputs.isdisjoint(body) or (
        "tools" in body and bool(wire.provider_tools(body))
    )


def message_bytes(messages: Sequence[BaseMessage]) -> int:
    """Return the bytes of the messages' text."""
    return sum(len(message.text.encode()) for message in messages)


def _extra_tokens(block: Json, limits: ModelLimits) -> int:
    """Return the tokens of a media block minus its bytes in the body, which are counted already."""
    base64_bytes = len(block.get("base64") or "")
    match block["type"]:
        case "image":
            return limits.image - base64_bytes
        case "audio" | "video" if base64_bytes:
            return base64_bytes // BYTES_PER_MEDIA_TOKEN - base64_bytes
    return 0 if base64_bytes else UNBOUNDED_TOKENS


def _token_kinds(
    media: Sequence[Json], modalities: Sequence[str], writes: frozenset[str]
) -> frozenset[str]:
    """Return the kinds of tokens in this call that may have a price of their own."""
    inputs = (f"input_{block['type']}" for block in media)
    outputs = (f"output_{modality}" for modality in modalities)
    return frozenset((*inputs, *outputs, *writes))

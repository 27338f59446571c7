"""The most that a request can cost, known before it leaves: what a budget must have room for.

A token stands for a byte at the least, so a request has no more tokens than bytes, but for what
providers add unseen, and for media. Over recorded traffic this holds (`tests/budgets`). What tools
of the provider's own read in the course of an answer is bounded by the model's window alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from langchain_core.messages import BaseMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.adapters.adapter import PreparedRequest
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.pricing.price_list import price_list
from scout_adapters.llm.pricing.rates import STANDARD, STANDARD_TIERS, ServiceTier
from scout_adapters.llm.profiles.limits import MARKED_WRITES, ModelLimits, limits_of

UNSEEN = 1000
"""Tokens that providers put around a request: templates, instructions for tools, Grok's preamble;
1,040 of them are the most that was recorded beside a request of 447 bytes."""

BOUNDLESS = 10**9
"""Tokens of what lies behind an address: only the model's window bounds them."""

BYTES_OF_SOUND = 16
"""Bytes of sound or film for a token: 32 tokens a second at 6 kbit/s are one for 23 bytes."""

SLACK = 16
"""Tokens that answers were seen to have beyond `max_tokens`, beside a sixteenth of it: some hosts
round it up to 16, and some count how an answer is framed."""

ELSEWHERE = frozenset(
    {"plugins", "web_search_options", "search_parameters", "mcp_servers", "cachedContent"}
)
"""Fields of a body that have the provider read more than it is sent."""


class CostBound(NamedTuple):
    """The most that a request can cost, in nano-dollars; None where nobody knows, `why` not."""

    nano: int | None
    input_tokens: int = 0
    output_tokens: int | None = None
    why: str = ""


def cost_bound(
    candidate: Candidate, prepared: PreparedRequest, answer_tokens: int | None = None
) -> CostBound:
    """Return the most that a prepared request can cost.

    Where it sets no limit to the answer, that is `answer_tokens`, or else all that the model can
    say.
    """
    spec, model = candidate.endpoint.spec, candidate.model
    limits, media, body = limits_of(spec, model), prepared.media, prepared.body
    given, taken = token_bounds(prepared, limits, answer_tokens)
    kinds = MARKED_WRITES if b"cache_control" in prepared.content else limits.writes
    if media or "modalities" in body:
        kinds = _kinds(media, body.get("modalities") or (), kinds)
    return cost_bound_at(
        spec.name,
        model,
        given=given,
        taken=taken,
        kinds=kinds,
        tier=body.get("service_tier"),
        prices=spec.prices,
    )


def cost_bound_at(  # noqa: PLR0913  # what a price depends on
    provider: str,
    model: str,
    *,
    given: int,
    taken: int | None,
    kinds: frozenset[str] = frozenset(),
    tier: Any = None,
    prices: str = "",
) -> CostBound:
    """Return the most that `given` tokens of a request and `taken` of its answer can cost."""
    if taken is None:
        why = "nobody knows how long an answer may be: set max_tokens="
        return CostBound(None, given, why=why)
    named = str(tier).lower() if tier else ""
    service = STANDARD if named in STANDARD_TIERS else ServiceTier(named)
    tariff = price_list(provider, model, service, prices=prices).tariff
    nano = tariff.max_cost(given, taken, kinds) if tariff else None
    if nano is None:
        why = f"no price is known for {provider}/{model}: add it to PRICING[{provider!r}]"
        return CostBound(None, given, taken, why)
    return CostBound(nano, given, taken)


def token_bounds(
    prepared: PreparedRequest, limits: ModelLimits, answer_tokens: int | None = None
) -> tuple[int, int | None]:
    """Return numbers of tokens that a request and its answer do not exceed.

    Of the answer None, where nobody knows one.
    """
    request, body, window = prepared.request, prepared.body, limits.window
    given = UNSEEN + (len(prepared.content) or message_bytes(request.messages))
    for block in prepared.media:
        given += _beyond(block, limits)
    if window is not None and (
        given > window
        or not ELSEWHERE.isdisjoint(body)
        or (request.tools and _of_providers_own(request.tools))
    ):
        given = window
    taken = answer_tokens or limits.answer or window
    stated = limits.stated and (
        request.max_tokens
        or body.get("max_completion_tokens")
        or body.get("max_tokens")  # Anthropic's wire sets it where nobody has
        or (body.get("generationConfig") or {}).get("maxOutputTokens")
    )
    if stated:
        taken = int(stated + stated // 16 + SLACK)
    return given, taken * int(body["n"] or 1) if taken and "n" in body else taken


def _of_providers_own(tools: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether one of the tools has the provider read more than it is sent."""
    return any(tool.get("type") != "function" for tool in tools)


def message_bytes(messages: Sequence[BaseMessage]) -> int:
    """Return the bytes of what messages say."""
    return sum(len(message.text.encode()) for message in messages)


def _beyond(block: Json, limits: ModelLimits) -> int:
    """Return how many tokens a part that is no text has beyond its bytes in the body."""
    packed = len(block.get("base64") or "")
    match block["type"]:
        case "image":
            return limits.image - packed
        case "audio" | "video" if packed:
            return packed // BYTES_OF_SOUND - packed
    return 0 if packed else BOUNDLESS


def _kinds(
    media: Sequence[Json], modalities: Sequence[str], writes: frozenset[str]
) -> frozenset[str]:
    """Name the kinds of tokens that may be dearer than others, and that this call may have."""
    given = (f"input_{block['type']}" for block in media)
    taken = (f"output_{modality}" for modality in modalities)
    return frozenset((*given, *taken, *writes))

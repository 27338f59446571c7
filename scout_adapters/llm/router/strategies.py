"""The order in which candidates are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.pricing.price_list import PRICING, cost_of
from scout_adapters.llm.types import ChatRequest

Strategy = Callable[[Sequence[Candidate], ChatRequest], Iterable[Candidate]]
"""Takes the candidates and the request, returns those to try, the first one first."""

CHARS_PER_TOKEN = 4

USUAL_ANSWER_TOKENS = 500

UNKNOWN_LAST = float("inf")


def priority(candidates: Sequence[Candidate], _request: ChatRequest) -> Sequence[Candidate]:
    """Keep the order in which they were written."""
    return candidates


def cheapest(candidates: Sequence[Candidate], request: ChatRequest) -> list[Candidate]:
    """Put the one first whose answer would cost least; unknown prices come last."""
    return sorted(candidates, key=lambda candidate: _expected_cost(candidate, request))


def fastest(candidates: Sequence[Candidate], _request: ChatRequest) -> list[Candidate]:
    """Put the one first that has answered fastest lately; one not measured yet gets its chance."""
    return sorted(candidates, key=lambda c: c.endpoint.load(c.model).latency_s or 0.0)


def least_busy(candidates: Sequence[Candidate], _request: ChatRequest) -> list[Candidate]:
    """Put the one first that has the fewest calls in flight."""
    return sorted(candidates, key=lambda c: c.endpoint.load(c.model).in_flight)


def weighted(clock: Clock) -> Strategy:
    """Draw the order by weight: 3 comes first three times as often as 1."""

    def draw(candidates: Sequence[Candidate], _request: ChatRequest) -> list[Candidate]:
        # Efraimidis and Spirakis: sorting by u^(1/w) draws without replacement by weight.
        return sorted(candidates, key=lambda c: _draw(clock.random(), c.weight))

    return draw


def _draw(chance: float, weight: float) -> float:
    return -(chance ** (1.0 / weight)) if weight > 0 else 1.0


def strategy_by_name(name: str, clock: Clock = SYSTEM) -> Strategy:
    """Find a strategy by its name."""
    named: dict[str, Strategy] = {
        "priority": priority,
        "cheapest": cheapest,
        "fastest": fastest,
        "least_busy": least_busy,
        "weighted": weighted(clock),
    }
    if name not in named:
        raise ConfigurationError(f"strategy {name!r} is none of {', '.join(named)}, or a callable")
    return named[name]


def _expected_cost(candidate: Candidate, request: ChatRequest) -> float:
    spec = candidate.endpoint.spec
    own = tuple(PRICING.get(spec.name, {}).get(candidate.model, {}).items())
    per_input, per_output = _unit_prices(spec.name, spec.prices, candidate.model, own)
    if per_input is None or per_output is None:
        return UNKNOWN_LAST
    characters = sum(len(message.text) for message in request.messages)
    answer = request.max_tokens or USUAL_ANSWER_TOKENS
    return per_input * characters / CHARS_PER_TOKEN + per_output * answer


@cache
def _unit_prices(
    provider: str,
    prices: str,
    model: str,
    _own: tuple[tuple[str, float], ...],  # the user's, which may change: a part of the cache's key
) -> tuple[float | None, float | None]:
    """Return the dollars of one token in and of one token out."""
    thousand = 1000
    given = UsageMetadata(input_tokens=thousand, output_tokens=0, total_tokens=thousand)
    taken = UsageMetadata(input_tokens=0, output_tokens=thousand, total_tokens=thousand)
    costs = (cost_of(provider, model, usage, prices=prices).usd for usage in (given, taken))
    per_input, per_output = (None if usd is None else usd / thousand for usd in costs)
    return per_input, per_output

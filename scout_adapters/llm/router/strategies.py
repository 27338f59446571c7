"""Strategies: the order in which a call tries its candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.pricing.price_list import PRICING, cost_of, priced_model
from scout_adapters.llm.types import ChatRequest, ModelRequest

Strategy = Callable[[Sequence[Candidate], ChatRequest], Iterable[Candidate]]
"""Function from candidates and request to the candidates to try, in order."""

CHARS_PER_TOKEN = 4
"""Characters per token, for estimates."""

USUAL_ANSWER_TOKENS = 500
"""Tokens of an answer without `max_tokens`, for estimates."""

UNKNOWN_LAST = float("inf")
"""US dollars: the expected cost of a candidate without a known price."""


def priority(candidates: Sequence[Candidate], _request: ChatRequest) -> Sequence[Candidate]:
    """Keep the configured order."""
    return candidates


def cheapest(candidates: Sequence[Candidate], request: ChatRequest) -> list[Candidate]:
    """Order by expected cost, lowest first; unknown prices come last."""
    return sorted(candidates, key=lambda candidate: _expected_cost(candidate, request))


def fastest(candidates: Sequence[Candidate], _request: ChatRequest) -> list[Candidate]:
    """Order by recent latency, lowest first; a candidate without a measurement comes first."""
    return sorted(candidates, key=lambda c: c.endpoint.load(c.model).latency_s or 0.0)


def least_busy(candidates: Sequence[Candidate], _request: ChatRequest) -> list[Candidate]:
    """Order by calls in flight, fewest first."""
    return sorted(candidates, key=lambda c: c.endpoint.load(c.model).in_flight)


def weighted(clock: Clock) -> Strategy:
    """Return a strategy of random order: weight 3 comes first three times as often as weight 1."""

    def draw(candidates: Sequence[Candidate], _request: ChatRequest) -> list[Candidate]:
        # Efraimidis and Spirakis: sorting by u^(1/w) draws without replacement by weight.
        return sorted(candidates, key=lambda c: _draw(clock.random(), c.weight))

    return draw


def _draw(chance: float, weight: float) -> float:
    return -(chance ** (1.0 / weight)) if weight > 0 else 1.0


def strategy_by_name(name: str, clock: Clock = SYSTEM) -> Strategy:
    """Return the strategy of that name.

    Raises:
        ConfigurationError: there is none.
    """
    strategies: dict[str, Strategy] = {  # a new name also goes into `option_names.StrategyName`
        "priority": priority,
        "cheapest": cheapest,
        "fastest": fastest,
        "least_busy": least_busy,
        "weighted": weighted(clock),
    }
    if name not in strategies:
        names = ", ".join(strategies)
        raise ConfigurationError(f"strategy {name!r} is unknown: use one of {names}, or a callable")
    return strategies[name]


def usual_answer_tokens(candidate: Candidate, request: ModelRequest) -> int:
    """Return the output tokens to assume: the limit of the request; 0 for embeddings."""
    own = candidate.request(request)
    return (own.max_tokens or USUAL_ANSWER_TOKENS) if isinstance(own, ChatRequest) else 0


def _expected_cost(candidate: Candidate, request: ChatRequest) -> float:
    spec = candidate.endpoint.spec
    model = priced_model(spec, candidate.model)
    own = tuple(PRICING.get(spec.name, {}).get(model, {}).items())
    per_input, per_output = _unit_prices(spec.name, spec.prices, model, own)
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
    _own: tuple[tuple[str, float], ...],  # part of the cache key: the user may change PRICING
) -> tuple[float | None, float | None]:
    """Return the price of one input token and of one output token, in US dollars."""
    thousand = 1000
    inputs = UsageMetadata(input_tokens=thousand, output_tokens=0, total_tokens=thousand)
    outputs = UsageMetadata(input_tokens=0, output_tokens=thousand, total_tokens=thousand)
    costs = (cost_of(provider, model, usage, prices=prices).usd for usage in (inputs, outputs))
    per_input, per_output = (None if usd is None else usd / thousand for usd in costs)
    return per_input, per_output

"""Strategies: the order in which a call tries its candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from inspect import Parameter, signature
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.pricing.price_list import PRICING, cost_of, priced_model
from scout_adapters.llm.router.abilities import CHARS_PER_TOKEN
from scout_adapters.llm.router.expected_costs import USUAL_ANSWER_TOKENS
from scout_adapters.llm.types import ChatRequest

if TYPE_CHECKING:
    from scout_adapters.llm.router.call_context import CallContext

Strategy = Callable[[Sequence[Candidate], ChatRequest], Iterable[Candidate]]
"""Function from candidates and request to the candidates to try, in order."""

ContextStrategy = Callable[[Sequence[Candidate], ChatRequest, "CallContext"], Iterable[Candidate]]
"""A strategy that also receives a `CallContext`: tags, user and conversation of the call."""

AnyStrategy: TypeAlias = Strategy | ContextStrategy
"""A strategy of two parameters, or of three."""

MAX_ORDER = 100_000
"""Number of candidates read from a strategy's result, which may be an endless generator."""

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


def weighted(clock: Clock = SYSTEM) -> Strategy:
    """Return a strategy of random order: weight 3 comes first three times as often as weight 1."""

    def draw(candidates: Sequence[Candidate], _request: ChatRequest) -> list[Candidate]:
        # Efraimidis and Spirakis: sorting by u^(1/w) draws without replacement by weight.
        return sorted(candidates, key=lambda c: _draw(clock.random(), c.weight))

    return draw


def _draw(chance: float, weight: float) -> float:
    return -(chance ** (1.0 / weight)) if weight > 0 else 1.0


def takes_context(strategy: AnyStrategy) -> bool:
    """Return whether a strategy has a third positional parameter for the `CallContext`.

    A third parameter with a default value counts only if its name is `context`.
    """
    try:
        parameters = [*signature(strategy).parameters.values()]
    except (TypeError, ValueError):  # of a function in C
        return False
    kinds = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
    third = [each for each in parameters if each.kind in kinds][2:3]
    return any(each.default is Parameter.empty or each.name == "context" for each in third)


def checked_order(strategy: AnyStrategy, order: Any) -> Iterable[Candidate]:
    """Return the candidates that a strategy returned, each once.

    Raises: `ConfigurationError` if `order` contains other objects, or is not iterable.
    """
    if getattr(strategy, "__module__", "") == __name__:
        return cast("Iterable[Candidate]", order)
    wrong: Any = order
    if isinstance(order, Iterable):
        first = {id(each): each for each in islice(order, MAX_ORDER)}
        others = [each for each in first.values() if not isinstance(each, Candidate)]
        if not others:
            return first.values()
        wrong = others[0]
    name = getattr(strategy, "__qualname__", None) or type(strategy).__qualname__
    raise ConfigurationError(
        f"the strategy {name} returned a {type(wrong).__name__}: it must return candidates of those"
        " that it receives, in order"
    )


def keeps_candidates(strategy: AnyStrategy) -> bool:
    """Return whether a strategy uses the memory of which candidates answered a conversation."""
    return bool(getattr(strategy, "keeps_candidates", False))


def check_strategy(strategy: AnyStrategy, candidates: Sequence[Candidate]) -> None:
    """Raise `ConfigurationError` if a strategy names a candidate that is not in `candidates`."""
    if (check := getattr(strategy, "check", None)) is not None:
        check(candidates)


def with_context(strategy: AnyStrategy) -> ContextStrategy:
    """Return a strategy with three parameters; one with two is wrapped and gets no context."""
    if takes_context(strategy):
        return cast("ContextStrategy", strategy)
    of_two = cast("Strategy", strategy)
    return lambda candidates, request, _context: of_two(candidates, request)


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

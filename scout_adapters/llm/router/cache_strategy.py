"""The strategy "cache": a conversation stays with the candidate that has cached its prompt."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

from scout_adapters.llm.engine.affinity import MAX_REST
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.router.strategies import (
    AnyStrategy,
    check_strategy,
    priority,
    with_context,
)
from scout_adapters.llm.types import ChatRequest

if TYPE_CHECKING:
    from scout_adapters.llm.router.call_context import CallContext


class CacheStrategy:
    """Strategy: the candidate with the conversation in its cache goes first, others by `order`.

        model = ScoutRouterChatModel(models=[...], strategy=cache(order="cheapest"))

    A candidate that is earlier in `order` still goes before it if this call costs no more there
    without the cache. A candidate that is not ready within two seconds is not moved to the front.
    """

    keeps_candidates = True
    """Whether the engine remembers which candidates answered a conversation."""

    def __init__(self, order: AnyStrategy = priority) -> None:
        """`order`: the strategy for new conversations, and for all other candidates."""
        self._order = with_context(order)

    def __call__(
        self, candidates: Sequence[Candidate], request: ChatRequest, context: CallContext
    ) -> Sequence[Candidate]:
        """Return the candidates in order."""
        ordered = tuple(self._order(candidates, request, context))
        home = _home(ordered, context)
        if home is None or home is ordered[0]:
            return ordered
        before = ordered[: ordered.index(home)]
        ahead = [each for each in before if _costs_no_more(each, home, context)]
        rest = [each for each in ordered if each is not home and each not in ahead]
        return (*ahead, home, *rest)

    def check(self, candidates: Sequence[Candidate]) -> None:
        """Raise `ConfigurationError` if `order` names a candidate that the route does not have."""
        check_strategy(self._order, candidates)


def _home(candidates: Sequence[Candidate], context: CallContext) -> Candidate | None:
    """Return the latest candidate that answered the conversation and is ready soon; or None."""
    conversation, now = context.conversation, context.clock.now()
    if conversation is None:
        return None
    # Not `affinity`, which also estimates the cached tokens.
    ranks = ((conversation.rank_of(each, now), each) for each in candidates)
    ranked = [(rank, each) for rank, each in ranks if rank is not None]
    for _, candidate in sorted(ranked, key=itemgetter(0)):
        ready_in = context.health(candidate).ready_in_s
        if ready_in is not None and ready_in <= MAX_REST:
            return candidate
    return None


def _costs_no_more(other: Candidate, home: Candidate, context: CallContext) -> bool:
    there, here = context.expected_cost(other, cached=False), context.expected_cost(home)
    return there is not None and here is not None and there <= here

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
    """Puts the candidate first that has cached the conversation; the others keep `order`.

        model = ScoutRouterChatModel(models=[...], strategy=cache(order="cheapest"))

    A candidate that comes earlier in that order goes first if this call costs no more there,
    although the whole prompt must be read again. One that cannot answer within two seconds keeps
    its place.
    """

    keeps_candidates = True
    """Whether the engine remembers which candidates answered a conversation."""

    def __init__(self, order: AnyStrategy = priority) -> None:
        """`order` is that of new conversations, and of the other candidates."""
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
        """Raise `ConfigurationError` if `order` names no candidate of a route."""
        check_strategy(self._order, candidates)


def _home(candidates: Sequence[Candidate], context: CallContext) -> Candidate | None:
    """Return the ready candidate that answered the conversation last; None if there is none."""
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

"""A route: candidates and the strategy that orders them; it creates the attempts of a call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters.llm.engine.affinity import CallConversation
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.limited_call import CallLimits
from scout_adapters.llm.engine.observers import Observer
from scout_adapters.llm.engine.retry import Attempts
from scout_adapters.llm.engine.retry_policy import RetryPolicy
from scout_adapters.llm.option_names import union
from scout_adapters.llm.router.abilities import able_first
from scout_adapters.llm.router.lookup_files import load_prices
from scout_adapters.llm.router.retirement_notices import warn_of_retirements
from scout_adapters.llm.router.strategies import (
    AnyStrategy,
    checked_order,
    keeps_candidates,
    priority,
    takes_context,
)
from scout_adapters.llm.types import ChatRequest, ModelRequest

if TYPE_CHECKING:
    from scout_adapters.llm.limits.limit_rule import LimitRule
    from scout_adapters.llm.limits.memory_limits import LimitStore
    from scout_adapters.llm.router.call_context import RunFacts


@dataclass(frozen=True, kw_only=True)
class Route:
    """The candidates of a chat model, and the strategy that orders them for each call."""

    candidates: Sequence[Candidate]
    strategy: AnyStrategy = priority
    clock: Clock = SYSTEM
    tag_limits: tuple[LimitRule, ...] = ()
    """Limits of the user for calls with a certain tag."""

    limit_store: LimitStore | None = None
    """Store that counts requests for limits; None to count in this process only."""

    def __post_init__(self) -> None:
        """Warn of models that end soon, and load prices; not with a test's clock, without dates."""
        if self.clock is SYSTEM:
            warn_of_retirements(self.candidates)
            load_prices()

    @property
    def has_keys(self) -> bool:
        """Whether every candidate has a key that is not quarantined, or needs none."""
        for candidate in self.candidates:
            endpoint = candidate.endpoint
            if not (endpoint.pool.has_working_key or endpoint.keyless):
                return False
        return True

    @cached_property
    def documented_fields(self) -> frozenset[str] | None:
        """Body fields that a call may set as options; None if a candidate accepts any field.

        A field that only other candidates of the router document is left out of a request.
        """
        fields = union(c.endpoint.spec.documented_fields for c in self.candidates)
        return fields and fields.union(*(c.undocumented for c in self.candidates))

    def attempts(
        self,
        request: ModelRequest,
        retry_policy: RetryPolicy = RetryPolicy(),  # noqa: B008  # frozen
        observer: Observer | None = None,
        conversation_id: str | None = None,
        run: RunFacts | None = None,
    ) -> Attempts[Any]:
        """Return the attempts of a new call.

        `conversation_id` is the user's own, if any; `run` has tags and metadata for a strategy.
        """
        conversation = self.conversation(request, retry_policy, conversation_id)
        attempts: Attempts[Any] = Attempts(
            self.ordered(request, conversation, conversation_id, run),
            request,
            retry_policy,
            observer=observer,
            clock=self.clock,
            conversation=conversation,
        )
        attempts.limits = self.call_limits(self.limits_of(run))
        return attempts

    def call_limits(self, rules: tuple[LimitRule, ...]) -> CallLimits | None:
        """Return the limits of a call, with the `rules` of its tags; None if nothing has limits."""
        if not self.has_limits:
            return None
        from scout_adapters.llm.limits.memory_limits import memory_limits  # noqa: PLC0415  # rare

        return CallLimits(rules, memory_limits if self.limit_store is None else self.limit_store)

    def limits_of(self, run: RunFacts | None) -> tuple[LimitRule, ...]:
        """Return the limits of the tags of a call; () if there are none or `run` is None."""
        if run is None or not self.tag_limits:
            return ()
        from scout_adapters.llm.limits.limit_rule import TAG  # noqa: PLC0415  # rare

        tags = {f"{TAG}{tag}" for tag in run.tags or ()}
        return tuple(rule for rule in self.tag_limits if rule.name in tags)

    def of_run(self, run: RunFacts | None) -> Route:
        """Return the route with the limits of a run's tags only."""
        return replace(self, tag_limits=self.limits_of(run)) if self.tag_limits else self

    @cached_property
    def has_limits(self) -> bool:
        """Whether a tag or a candidate has limits of the user."""
        return bool(self.tag_limits) or any(candidate.limits for candidate in self.candidates)

    def conversation(
        self, request: ModelRequest, retry_policy: RetryPolicy, conversation_id: str | None = None
    ) -> CallConversation | None:
        """Return the call's conversation; None without key affinity, or for embeddings."""
        if retry_policy.key_affinity == "off" or not isinstance(request, ChatRequest):
            return None
        return CallConversation(request, conversation_id, keeps_candidate=self._keeps_candidates)

    @cached_property
    def _keeps_candidates(self) -> bool:
        return keeps_candidates(self.strategy)

    @cached_property
    def _takes_context(self) -> bool:
        return takes_context(self.strategy)

    def ordered(
        self,
        request: ModelRequest,
        conversation: CallConversation | None = None,
        thread_id: str | None = None,
        run: RunFacts | None = None,
    ) -> Sequence[Candidate]:
        """Return the candidates in the order in which a call tries them.

        Candidates without an ability that the request needs come last. Embeddings keep the
        configured order. `thread_id`: the user's id of the conversation, for the strategy.
        """
        if len(self.candidates) == 1 or not isinstance(request, ChatRequest):
            return self.candidates
        if self.strategy is priority and not self._has_orders:
            return able_first(self.candidates, request)
        order = self._strategy_order(request, conversation, thread_id, run)
        ordered = checked_order(self.strategy, order)
        if self._has_orders:
            ordered = sorted(ordered, key=attrgetter("order"))
        return able_first(tuple(ordered), request)

    @cached_property
    def _has_orders(self) -> bool:
        """Whether the candidates have different `order`s."""
        return len({candidate.order for candidate in self.candidates}) > 1

    def _strategy_order(
        self,
        request: ChatRequest,
        conversation: CallConversation | None,
        thread_id: str | None,
        run: RunFacts | None,
    ) -> Any:
        strategy: Any = self.strategy
        if not self._takes_context:
            return cast("Iterable[Candidate]", strategy(self.candidates, request))
        from scout_adapters.llm.router.call_context import CallContext  # noqa: PLC0415  # on first use

        context = CallContext(
            request=request,
            clock=self.clock,
            thread_id=thread_id,
            run=run,
            conversation=conversation,
        )
        return cast("Iterable[Candidate]", strategy(self.candidates, request, context))

"""Data for a strategy besides the call's request; each value is computed when it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

from scout_adapters._internal.clock import Clock
from scout_adapters.llm.engine.affinity import CallConversation
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.candidate_state import CandidateState
from scout_adapters.llm.engine.record import Run, run_of
from scout_adapters.llm.router.expected_costs import cached_prefix, expected_cost, text_tokens
from scout_adapters.llm.timeouts import NEVER
from scout_adapters.llm.types import ChatRequest

NO_RUN = UUID(int=0)


class RunFacts(Protocol):
    """Tags and metadata of a LangChain run; its run manager has them."""

    @property
    def tags(self) -> Sequence[str] | None:
        """The tags."""

    @property
    def metadata(self) -> Mapping[str, Any] | None:
        """The metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateHealth:
    """The state of a candidate's keys and circuit."""

    ready_in_s: float | None
    """Seconds until a call can use it: 0 for now, None if waiting is no use."""

    in_flight: int
    """Calls that are running at this model and address."""

    latency_s: float | None
    """Seconds: a moving average of its answers; None before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateAffinity:
    """What a candidate has cached of the call's conversation, as far as its answers show."""

    rank: int | None = None
    """0 for the candidate that answered the conversation last, 1 for the one before; None for one
    that did not answer it, or whose cache has ended."""

    cached_tokens: int = 0
    """About how many tokens of this request it reads from its cache."""


@dataclass(frozen=True, kw_only=True)
class CallContext:
    """Data of a call for a strategy, besides candidates and request.

    def mine(candidates, request, context):
        return sorted(candidates, key=lambda each: context.health(each).in_flight)

    model = ScoutRouterChatModel(models=[...], strategy=mine)
    """

    request: ChatRequest = field(repr=False)
    clock: Clock = field(repr=False)
    thread_id: str | None = None
    """`thread_id`, `session_id` or `conversation_id` of the call's configuration or metadata."""

    run: RunFacts | None = field(default=None, repr=False)
    conversation: CallConversation | None = field(default=None, repr=False)

    @cached_property
    def _run(self) -> Run:
        run = self.run
        return Run(NO_RUN) if run is None else run_of(NO_RUN, None, run.tags, run.metadata)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the call, without those that LangChain and LangGraph add."""
        return self._run.tags

    @property
    def user(self) -> str | None:
        """`user_id` or `user` of the call's metadata."""
        return self._run.user

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata of the call; it cannot be changed."""
        return MappingProxyType(dict(self.run.metadata or {}) if self.run else {})

    @cached_property
    def input_tokens(self) -> int:
        """Estimated tokens of messages and tools: four characters each."""
        return text_tokens(self.request, self.request.messages)

    @cached_property
    def _cached_prefix(self) -> int:
        return cached_prefix(self.request)

    @cached_property
    def _now(self) -> float:
        return self.clock.now()

    def expected_cost(self, candidate: Candidate, *, cached: bool = True) -> float | None:
        """Return US dollars that a call of the candidate is expected to cost; None if unknown.

        What it has cached counts as read from the cache, unless `cached` is false. Without
        `max_tokens`, 500 output tokens are assumed.
        """
        tokens = self.affinity(candidate).cached_tokens if cached else 0
        return expected_cost(candidate, self.request, self.input_tokens, tokens)

    def health(self, candidate: Candidate) -> CandidateHealth:
        """Return the state of a candidate's keys and circuit, as it is now."""
        load = candidate.endpoint.load(candidate.model)
        usable = candidate.endpoint.key_states or candidate.endpoint.keyless
        at = CandidateState(candidate).ready_at(self._now) if usable else NEVER
        return CandidateHealth(
            ready_in_s=None if at == NEVER else max(at - self._now, 0.0),
            in_flight=load.in_flight,
            latency_s=load.latency_s,
        )

    def affinity(self, candidate: Candidate) -> CandidateAffinity:
        """Return what a candidate has cached of the conversation.

        Candidates are remembered by the strategy "cache" only.
        """
        rank = self.conversation.rank_of(candidate, self._now) if self.conversation else None
        if rank is None:
            return CandidateAffinity()
        return CandidateAffinity(rank=rank, cached_tokens=self._cached_prefix)

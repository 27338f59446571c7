"""Candidates in the order in which a call tries them, and the strategies that order them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.observers import Observer
from scout_adapters.llm.engine.retry import Attempts
from scout_adapters.llm.engine.retry_policy import RetryPolicy
from scout_adapters.llm.router.strategies import (
    Strategy,
    priority,
)
from scout_adapters.llm.types import ChatRequest


@dataclass(frozen=True, kw_only=True)
class Route:
    """Who may answer, and in which order they are asked."""

    candidates: Sequence[Candidate]
    strategy: Strategy = priority
    clock: Clock = SYSTEM

    @property
    def has_keys(self) -> bool:
        """Whether every candidate has the keys that it needs."""
        return all(c.endpoint.pool or c.endpoint.keyless for c in self.candidates)

    def attempts(
        self,
        request: ChatRequest,
        retry_policy: RetryPolicy = RetryPolicy(),  # noqa: B008  # frozen
        observer: Observer | None = None,
    ) -> Attempts:
        """Begin a call."""
        ordered = self.ordered(request)
        return Attempts(ordered, request, retry_policy, observer=observer, clock=self.clock)

    def ordered(self, request: ChatRequest) -> Sequence[Candidate]:
        """Put the candidates into the order in which a call tries them."""
        if len(self.candidates) == 1 or self.strategy is priority:
            return self.candidates
        return tuple(self.strategy(self.candidates, request))

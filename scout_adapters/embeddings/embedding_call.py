"""One call of `embed_documents` or `embed_query`: its batches, each sent by the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scout_adapters.embeddings.batches import Positions, smaller
from scout_adapters.embeddings.embedding_run import EmbeddingRun
from scout_adapters.errors import ErrorKind, ProviderError
from scout_adapters.llm.engine.calls import acomplete, complete
from scout_adapters.llm.engine.retry import Attempts
from scout_adapters.llm.engine.retry_policy import RetryPolicy
from scout_adapters.llm.router.lookup_files import read_lookup_files
from scout_adapters.llm.router.route import Route
from scout_adapters.llm.types import Task
from scout_adapters.llm.types.embedding import EmbeddingAnswer, EmbeddingRequest

TOO_LARGE = frozenset({ErrorKind.CONTEXT_OVERFLOW, ErrorKind.REQUEST_TOO_LARGE})
SHORTEST = 0.001
"""Seconds: the deadline of a request for which no time is left."""


@dataclass(kw_only=True)
class EmbeddingCall:
    """The texts of one call, and the vectors that have arrived."""

    texts: Sequence[str]
    task: Task
    route: Route
    retry_policy: RetryPolicy
    run: EmbeddingRun
    dimensions: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    vectors: dict[int, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._started = self.route.clock.now()

    @property
    def result(self) -> list[list[float]]:
        """The vectors in the order of the texts."""
        return [self.vectors[position] for position in range(len(self.texts))]

    def send(self, batches: Iterable[Positions]) -> None:
        """Send the batches one after the other."""
        for batch in batches:
            pending = [batch]
            while pending:
                part = pending.pop()
                try:
                    self._keep(part, complete(self._attempts(part)))
                except ProviderError as error:
                    pending += self._smaller(part, error)

    async def asend(self, batches: Iterable[Positions], max_concurrency: int) -> None:
        """Send the batches, at most `max_concurrency` at once; a failure cancels the others."""
        await read_lookup_files(self.route.candidates)
        turns = asyncio.Semaphore(max_concurrency)
        tasks = [asyncio.ensure_future(self._asend(batch, turns)) for batch in batches]
        try:
            await asyncio.gather(*tasks)
        except BaseException:  # raised again: a failure, or a cancellation
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise

    async def _asend(self, batch: Positions, turns: asyncio.Semaphore) -> None:
        pending = [batch]
        async with turns:
            while pending:
                part = pending.pop()
                try:
                    self._keep(part, await acomplete(self._attempts(part)))
                except ProviderError as error:
                    pending += self._smaller(part, error)

    def request(self, batch: Positions) -> EmbeddingRequest:
        """Return the request of a batch."""
        return EmbeddingRequest(
            model=self.route.candidates[0].model,
            texts=[self.texts[position] for position in batch],
            positions=batch,
            task=self.task,
            dimensions=self.dimensions,
            extra=self.extra,
        )

    def _attempts(self, batch: Positions) -> Attempts[EmbeddingAnswer]:
        policy = self.retry_policy
        if policy.deadline is not None:
            left = policy.deadline - (self.route.clock.now() - self._started)
            policy = replace(policy, deadline=max(left, SHORTEST))
        return self.route.attempts(self.request(batch), policy, self.run.observer())

    def _keep(self, batch: Positions, answer: EmbeddingAnswer) -> None:
        self.vectors.update(zip(batch, answer.vectors, strict=True))

    def _smaller(self, batch: Positions, error: ProviderError) -> list[Positions]:
        """Return the parts of a batch that was too large; raise any other error.

        An error about a single text has its index.
        """
        if error.kind not in TOO_LARGE:
            raise error
        if len(batch) == 1:
            if len(self.texts) > 1:
                error.message = f"text {batch[0]}: {error.message}"
            raise error
        return smaller(batch, self.texts)

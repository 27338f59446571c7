"""The retry loop on copies of candidates: which attempts a call would make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import TypeVar

from typing_extensions import override

from scout_adapters._internal.clock import Clock
from scout_adapters.errors import ErrorKind, provider_error
from scout_adapters.llm.engine.affinity import CallConversation
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.candidate import Candidate, Endpoint, RetryBudget
from scout_adapters.llm.engine.candidate_state import CandidateState
from scout_adapters.llm.engine.key_reports import has_just_worked
from scout_adapters.llm.engine.limited_call import BlockedKey, CallLimits, reservation_of
from scout_adapters.llm.engine.retry import Attempts
from scout_adapters.llm.engine.retry_policy import RetryPolicy
from scout_adapters.llm.health.key_penalties import refused_together
from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.types import ModelRequest

T = TypeVar("T")


class DryRun(Attempts):
    """The retry loop without requests.

    Every planned attempt counts as refused, so that the loop goes on to the next key.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        request: ModelRequest,
        clock: Clock,
        conversation: CallConversation | None = None,
    ) -> None:
        """`candidates` must be copies: the dry run changes their state."""
        super().__init__(candidates, request, RetryPolicy(), clock=clock, conversation=conversation)
        self.unless_invalid: set[int] = set()
        """Numbers of attempts that a call would not make if all earlier keys were invalid."""

        self._supposed: dict[int, set[str]] = {}
        """By `id()` of an endpoint: fingerprints of planned keys, which count as refused."""

    def run(self) -> list[tuple[CandidateState, list[Attempt]]]:
        """Return the candidates in order, each with its planned attempts."""
        planned: list[Attempt] = []
        while attempt := self._next():
            attempt.release()
            planned.append(attempt)
            self._suppose_refused(attempt)
            self._decide(attempt, provider_error(ErrorKind.AUTH_INVALID, "supposed"))
        return [
            (state, [attempt for attempt in planned if attempt.candidate is state.candidate])
            for state in self._candidate_states
        ]

    @property
    def blocked_keys(self) -> dict[tuple[int, str], BlockedKey]:
        """Keys that must wait for a limit of the user, by `id()` of the candidate and key id."""
        return {(id(each.state.candidate), each.key_id): each for each in self._blocked}

    @override
    def _attempt(self, state: CandidateState, again: KeyState | None = None) -> Attempt | None:
        if self.limits is not None and not state.keys_tried:
            self._block_keys(state, self.limits)
        return super()._attempt(state, again)

    def _block_keys(self, state: CandidateState, limits: CallLimits) -> None:
        """Leave keys out of the plan that must wait for a limit of the user."""
        rules, now = (*state.candidate.limits, *limits.rules), self.clock.now()
        if state.prepared is None and not self._prepare(state):
            return
        assert state.prepared is not None  # noqa: S101  # see above
        for key in state.candidate.endpoint.key_states:
            reservation = reservation_of(state.candidate, state.prepared, key, rules)
            shortage = limits.store.peek(reservation, now)
            if shortage is not None:
                state.avoid[key.id] = until = now + shortage.wait
                self._blocked.append(BlockedKey(state, key.id, shortage, until))

    @override
    def _waits_for_candidate(self, state: CandidateState) -> bool:
        return False  # a plan has no time

    def _suppose_refused(self, attempt: Attempt) -> None:
        """Add the attempt to `unless_invalid` if refusals before it would mean a provider fault."""
        endpoint, now = attempt.candidate.endpoint, self.clock.now()
        supposed = self._supposed.setdefault(id(endpoint), set())
        if not has_just_worked(endpoint, now) and refused_together(
            endpoint.pool.states, now, supposed
        ):
            self.unless_invalid.add(attempt.number)
        if attempt.request.context.key_id:
            supposed.add(attempt.request.context.key_id)


class Copier:
    """Copies all state that a call changes; an object that candidates share is copied once."""

    def __init__(self) -> None:
        self._copies: dict[int, object] = {}

    def candidate(self, original: Candidate) -> Candidate:
        """Return a copy of a candidate, without its rate limiter."""
        endpoint = self._once(original.endpoint, self._endpoint)
        return replace(original, endpoint=endpoint, limiter=None)

    def _once(self, original: T, make: Callable[[T], T]) -> T:
        if id(original) not in self._copies:
            self._copies[id(original)] = make(original)
        copied: T = self._copies[id(original)]  # type: ignore[assignment]  # `make` returns a T
        return copied

    def _endpoint(self, original: Endpoint) -> Endpoint:
        pool = original.pool
        states = [self._once(state, _key) for state in pool]
        places = {
            self._once(state, _key): place._replace(circuit=self._once(place.circuit, copy))
            for state, place in pool.places.items()
        }
        return replace(
            original,
            pool=KeyPool(pool.provider, states, pool.rules, pool.address, places),
            circuit=self._once(original.circuit, copy),
            gate=original.gate and self._once(original.gate, _key),
            retries=RetryBudget(),
            loads={},
        )


def _key(original: KeyState) -> KeyState:
    cooldowns = dict(original.model_cooldowns)
    return replace(original, key=original.origin, model_cooldowns=cooldowns, ramps={})

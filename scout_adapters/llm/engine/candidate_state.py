"""State of a call's candidates: keys tried, when to try again, which are excluded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from scout_adapters._internal.redaction import key_redactor
from scout_adapters.errors import (
    ProviderError,
    one_line,
)
from scout_adapters.llm.adapters.adapter import AttemptRequest, PreparedRequest
from scout_adapters.llm.engine.affinity import CallConversation
from scout_adapters.llm.engine.cache_key import add_cache_key
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.llm.engine.retry_policy import RetryUsage
from scout_adapters.llm.engine.skip_reasons import no_lease_reason, refusal_kind
from scout_adapters.llm.health.key_affinity import ConversationKeys
from scout_adapters.llm.health.key_places import KeyPlace, closed_to_calls
from scout_adapters.llm.health.key_pool import Crowd
from scout_adapters.llm.health.key_state import KeyState, Lease, LeaseOwner
from scout_adapters.llm.profiles.limits import limits_of
from scout_adapters.llm.timeouts import NEVER, AttemptContext

if TYPE_CHECKING:
    from scout_adapters.llm.health.source_values import Secret

DEADLINE_PASSED = "the call's deadline has passed"
"""Message of `DeadlineExceeded`, and why a candidate was not tried after another one failed."""

LATE = "the deadline passed before the request could leave: a rate limiter or a callback took long"
"""Message of the `DeadlineExceeded` that a rate limiter or callback causes."""

SERVER_PAUSE = "the server stated a pause"
MAX_MODELS_NOT_FOUND = 2
"""Number of keys with which a call tries a model that is not found: a second account may have
access to it; a third one rarely has."""

NO_KEY = ""
"""Key id of a provider that needs no key."""


class RefusedSecret(NamedTuple):
    """A secret that the provider has refused within a call, and its error."""

    secret: Secret
    error: ProviderError
    number: int
    """How many secrets of its source were refused within the call."""


@dataclass(slots=True, eq=False)
class CandidateState:
    """State of one candidate within one call."""

    candidate: Candidate
    conversation: CallConversation | None = None
    """The conversation of the call, whose latest keys are preferred; None for no key affinity."""

    prepared: PreparedRequest | None = None
    avoid: dict[str, float] = field(default_factory=dict)
    """By key id: when this call may use a key again that it has tried (monotonic seconds)."""

    refusals: dict[str, RefusedSecret] = field(default_factory=dict)
    """By key id: the refused secret of a key that comes from a source, which is read again."""

    keys_tried: int = 0
    models_not_found: int = 0
    """Number of keys that were refused because the model does not exist."""

    alone: bool = False
    """Whether the route has no other candidate, so that a call can only wait for this one."""

    excluded: bool = False
    """Whether this call does not try the candidate again."""

    skip_reason: str = ""
    """Reason of the last skip; a repeated reason adds no second record."""

    @property
    def key_limit_reached(self) -> bool:
        """Whether the call has tried as many keys at this candidate as it may."""
        limit = self.candidate.endpoint.max_key_attempts
        all_tried = limit is not None and self.keys_tried >= limit
        return all_tried or self.models_not_found >= MAX_MODELS_NOT_FOUND

    @property
    def no_key_message(self) -> str:
        """Error message for a provider without a configured key, or without its whole address."""
        if missing := self.candidate.endpoint.missing:
            return missing
        variables = " or ".join(self.candidate.endpoint.key_variables)
        chain = self.candidate.endpoint.spec.key_chain
        label = getattr(chain.source, "label", "") if chain else ""
        own = f"; with the credentials of this machine: api_key=scout_adapters.auth.{label}()"
        how = f"{f'set {variables}, or ' if variables else ''}pass api_key={own if label else ''}"
        return f"no key is configured: {how}"

    @property
    def tokens(self) -> int:
        """Estimated input tokens of the request; 0 before it is prepared."""
        return self.prepared.tokens if self.prepared else 0

    def set_request(self, prepared: PreparedRequest) -> None:
        """Set the request to send; add the conversation's name if the provider's cache uses it."""
        if self.candidate.endpoint.names_conversations and self.conversation is not None:
            add_cache_key(prepared, self.conversation)
        self.prepared = prepared

    def revise_request(self, revised: PreparedRequest | None) -> None:
        """Set the request as a refusal requires it; None leaves it as it is."""
        if revised is not None:
            self.set_request(revised)

    def lease(
        self, now: float, again: KeyState | None, owner: LeaseOwner, *, waits: bool = True
    ) -> Lease | str:
        """Return a lease of the key `again`, or else of the best key; or the reason for none.

        `waits`: whether the call may wait while other calls try a key after its cooldown. For a
        server without keys, the lease has an empty key.
        """
        pool, model = self.candidate.endpoint.pool, self.candidate.model
        crowd: Crowd = "never" if not waits else "always" if self.alone else "after_rest"
        if (gate := self.candidate.endpoint.gate) is not None:
            if NO_KEY in self.avoid:
                return SERVER_PAUSE
            return pool.lease_again(gate, model, now, crowd, owner) or SERVER_PAUSE
        if not pool.states:
            self.excluded = True
            return self.no_key_message
        avoid, call, tokens = frozenset(self.avoid), self.conversation, self.tokens
        if pool.places:
            avoid |= closed_to_calls(pool.places, now)
        keys = call.at(self.candidate, tokens) if call else None
        if again is not None:
            lease = pool.lease_again(again, model, now, owner=owner)
        else:
            lease = self._lease_kept(keys, now, avoid, crowd, owner) if keys else None
            lease = lease or pool.lease(model, now, avoid, tokens, crowd, owner)
        if lease is None:
            return no_lease_reason(pool.states, model, now)
        lease.conversation = keys
        return lease

    def _lease_kept(
        self,
        keys: ConversationKeys,
        now: float,
        avoid: frozenset[str],
        crowd: Crowd,
        owner: LeaseOwner,
    ) -> Lease | None:
        """Return a lease of a key that answered the conversation; None if none is usable."""
        pool, model = self.candidate.endpoint.pool, self.candidate.model
        for state in pool.keys_of(keys, model, now, avoid, self.tokens):
            if lease := pool.lease_again(state, model, now, crowd, owner):
                return lease
        return None

    def attempt_request(
        self, lease: Lease, usage: RetryUsage, place: KeyPlace | None
    ) -> AttemptRequest:
        """Return the request of an attempt with a leased key that starts now."""
        assert self.prepared is not None  # noqa: S101  # a key is leased for a prepared request
        candidate = self.candidate
        context = AttemptContext(
            provider=candidate.endpoint.name,
            model=candidate.model,
            key_id=lease.state.id or None,
            timeouts=usage.timeouts(candidate.timeouts),
            clock=usage.clock,
            deadline=usage.deadline,
            redact=redactor(lease),
        )
        key, address = lease.key or None, place.address if place else ""
        return AttemptRequest(prepared=self.prepared, key=key, context=context, address=address)

    def exclude_unaffordable(self, lease: Lease | None) -> None:
        """Undo an attempt over budget: exclude its key from this call, or else the candidate."""
        self.keys_tried -= 1
        if lease is None or not lease.key_id:
            self.excluded = True
        else:
            self.avoid[lease.key_id] = NEVER

    def skip(self, reason: str, number: int, now: float) -> AttemptRecord:
        """Return the record of a skip; `number` is that of the call's last attempt."""
        self.skip_reason = reason
        return AttemptRecord(
            number=number,
            provider=self.candidate.endpoint.name,
            model=self.candidate.model,
            outcome="skipped",
            reason=one_line(reason, 1000),
            ready_in_s=self.ready_in(now),
        )

    def ready_at(self, now: float) -> float:
        """Return when this call can try the candidate (monotonic seconds)."""
        endpoint = self.candidate.endpoint
        circuit = endpoint.circuit.ready_at(now)
        keys = [
            max(key.due_at(self.candidate.model, now), self.avoid.get(key.id, 0.0))
            for key in endpoint.key_states
        ]
        if places := endpoint.pool.places:
            open_at = (places[key].circuit.ready_at(now) for key in endpoint.key_states)
            keys = [max(pair) for pair in zip(keys, open_at, strict=True)]
        return max(circuit, min(keys, default=0.0))

    def ready_in(self, now: float) -> float | None:
        """Return the seconds until the call can try the candidate; None if waiting is no use."""
        at = NEVER if self.excluded else self.ready_at(now)
        return None if at == NEVER else round(max(at - now, 0.0), 6)


class CandidateStates(list[CandidateState]):
    """States of the candidates that were reached; most calls reach the first one only."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        now: float,
        conversation: CallConversation | None = None,
    ) -> None:
        """Keep the order, but put providers last that do not serve this region."""
        super().__init__()
        self._conversation = conversation
        for candidate in candidates:
            if candidate.endpoint.circuit.is_aside(now):
                candidates = sorted(candidates, key=lambda c: c.endpoint.circuit.is_aside(now))
                break
        self._candidates = candidates

    @property
    def all_reached(self) -> bool:
        """Whether the call has come to each of its candidates."""
        return len(self) == len(self._candidates)

    def of(self, candidate: Candidate) -> CandidateState:
        """Return the state of a candidate that was reached."""
        return next(state for state in self if state.candidate is candidate)

    def ready_in(self, now: float) -> float | None:
        """Return the seconds until the first candidate is ready; None if waiting is no use."""
        at = min((state.ready_at(now) for state in self if not state.excluded), default=NEVER)
        return None if at == NEVER else max(at - now, 0.001)

    def recovers_in(self, now: float) -> float | None:
        """Return `ready_in` without candidates whose keys are all refused or out of credit."""
        states = (state for state in self if not refusal_kind(state.skip_reason))
        at = min((state.ready_at(now) for state in states if not state.excluded), default=NEVER)
        return None if at == NEVER else max(at - now, 0.001)

    def served(self, since: float) -> bool:
        """Return whether a key of a candidate that is not excluded has answered after `since`.

        `since` is in monotonic seconds.
        """
        states = (state for state in self if not state.excluded)
        return any(
            key.last_success > since
            for state in states
            for key in state.candidate.endpoint.key_states
        )

    def wait(self, now: float) -> None:
        """Count the call as one that waits for the keys in cooldown."""
        for state in self:
            if not state.excluded:
                for key in state.candidate.endpoint.key_states:
                    key.wait(state.candidate.model, now)

    def allow_due_keys(self, at: float) -> None:
        """Stop avoiding keys whose next try is due by `at` (monotonic seconds)."""
        for state in self:
            state.avoid = {key: due for key, due in state.avoid.items() if due > at}

    def reached(self) -> Iterator[CandidateState]:
        """Yield every state in order; create the states of candidates that were not reached yet."""
        yield from self
        for candidate in self._candidates[len(self) :]:
            state = CandidateState(candidate, self._conversation, alone=len(self._candidates) == 1)
            self.append(state)
            yield state


def context_window(candidate: Candidate) -> int | None:
    """Return the candidate's context window in tokens; None if it is unknown."""
    return limits_of(candidate.endpoint.spec, candidate.model).window


def exclude_smaller(states: Iterable[CandidateState], failed: Candidate) -> None:
    """Exclude candidates whose context window is not larger than that of the failed one."""
    window = context_window(failed)
    for state in states:
        other = context_window(state.candidate)
        if window and other and other <= window:
            state.excluded = True


def redactor(lease: Lease | None) -> Callable[[str], str]:
    """Return a function that removes the leased key from a provider's text."""
    key = lease.state if lease else None
    return key_redactor(key.key, f"<key {key.id}>") if key and key.key else str

"""What one call has learnt about each of its candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from scout_adapters._internal.redaction import hider
from scout_adapters.errors import (
    CircuitOpenError,
    ErrorKind,
    NoKeyError,
    NoWorkingKey,
    ScoutError,
    provider_error,
)
from scout_adapters.llm.adapters.adapter import PreparedRequest
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.llm.health.key_state import KeyState, Lease
from scout_adapters.llm.pricing.price_list import context_window
from scout_adapters.llm.profiles.lookup import profile_on
from scout_adapters.llm.timeouts import NEVER

CIRCUIT_OPEN = "circuit open"
PAUSED = "the server asked for a pause"
REFUSED = "every key was refused"
ENOUGH_MISSES = 2
"""Another account may have a model that this one has not; a third would say the same again."""

NO_KEY = ""
"""Stands for the key of a provider that needs none."""


@dataclass(slots=True, eq=False)
class CandidateState:
    """A candidate in the course of one call."""

    candidate: Candidate
    prepared: PreparedRequest | None = None
    avoid: dict[str, float] = field(default_factory=dict)
    """Keys that were tried, by fingerprint, and when a later round may come back to them."""

    keys_tried: int = 0
    missed: int = 0
    """How many keys were told that there is no such model."""

    out: bool = False
    """Whether this call is done with it."""

    noted: str = ""
    """The reason for which it was last skipped, so that it stands in the table once."""

    @property
    def enough_keys(self) -> bool:
        """Whether the call has tried as many keys here as it may."""
        limit = self.candidate.endpoint.max_key_attempts
        spent = limit is not None and self.keys_tried >= limit
        return spent or self.missed >= ENOUGH_MISSES

    @property
    def lacks_keys(self) -> str:
        """Say what to do about there being no key."""
        variables = " or ".join(self.candidate.endpoint.key_variables)
        return f"no key is configured: {f'set {variables}, or ' if variables else ''}pass api_key="

    @property
    def why_no_key(self) -> str:
        """Say why no key can be leased."""
        refused = all(state.permanently_failed for state in self.candidate.endpoint.pool)
        return REFUSED if refused else "every key rests or is refused"

    @property
    def tokens(self) -> int:
        """The request's tokens, estimated; 0 before it is ready."""
        return self.prepared.tokens if self.prepared else 0

    def lease(self, now: float, again: KeyState | None) -> Lease | str | None:
        """Take a key, `again` if that one is wanted; None where none is needed; or say why not."""
        pool = self.candidate.endpoint.pool
        if not len(pool):
            if self.candidate.endpoint.keyless:
                return PAUSED if NO_KEY in self.avoid else None
            self.out = True
            return self.lacks_keys
        model = self.candidate.model
        if again is not None:
            return pool.lease_again(again, model, now) or self.why_no_key
        return pool.lease(model, now, frozenset(self.avoid), self.tokens) or self.why_no_key

    def not_made(self, lease: Lease | None) -> None:
        """Take back an attempt that was too dear: with this key, or without one, with any."""
        self.keys_tried -= 1
        if lease is None:
            self.out = True
        else:
            self.avoid[lease.key_id] = NEVER

    def ready_at(self, now: float) -> float:
        """Return when this call can try the candidate (again), in monotonic seconds."""
        endpoint = self.candidate.endpoint
        circuit = endpoint.circuit.ready_at(now)
        keys = [
            max(state.due_at(self.candidate.model, now), self.avoid.get(state.id, 0.0))
            for state in endpoint.pool
        ]
        return max(circuit, min(keys) if keys else self.avoid.get(NO_KEY, 0.0))

    def ready_in(self, now: float) -> float | None:
        """Return the seconds until then; None where this call can never try it by waiting."""
        at = NEVER if self.out else self.ready_at(now)
        return None if at == NEVER else round(max(at - now, 0.0), 6)


class CandidateStates(list[CandidateState]):
    """The progress with each candidate that was reached: most calls reach the first one only."""

    def __init__(self, candidates: Sequence[Candidate], now: float) -> None:
        """Take the candidates; those whose provider does not serve this place come last."""
        super().__init__()
        if any(one.endpoint.circuit.is_aside(now) for one in candidates):
            candidates = sorted(candidates, key=lambda one: one.endpoint.circuit.is_aside(now))
        self._candidates = candidates

    def reached(self) -> Iterator[CandidateState]:
        """Yield each in turn, and begin with those that have not been reached before."""
        yield from self
        for candidate in self._candidates[len(self) :]:
            progress = CandidateState(candidate)
            self.append(progress)
            yield progress


def window_of(candidate: Candidate) -> int | None:
    """Return the tokens that fit into the candidate's window, where that is known."""
    spec = candidate.endpoint.spec
    profile = profile_on(spec, candidate.model) or {}
    return profile.get("max_input_tokens") or context_window(
        spec.prices or spec.name, candidate.model
    )


def drop_smaller(those: Iterable[CandidateState], failed: Candidate) -> None:
    """Leave out candidates whose window is known to be no larger than the overflowed one."""
    window = window_of(failed)
    for progress in those:
        other = window_of(progress.candidate)
        if window and other and other <= window:
            progress.out = True


def redactor(lease: Lease | None) -> Callable[[str], str]:
    """Make the function that takes the leased key out of whatever a provider sends."""
    return str if lease is None else hider(lease.key, f"<key {lease.key_id}>")


def no_attempt_error(records: Sequence[AttemptRecord], pause: float | None) -> ScoutError:
    """Make the error of a call that could not be tried; `pause` says in how many seconds it can."""
    skipped = [record for record in records if record.outcome == "skipped"]
    why = "; ".join(f"{r.provider}/{r.model}: {r.reason}" for r in skipped)
    if not skipped:
        return NoWorkingKey("the route has no candidate")
    if pause is None:
        return NoKeyError(why)
    if all(r.reason == REFUSED for r in skipped):
        known = {"provider": skipped[0].provider, "model": skipped[0].model}
        return provider_error(ErrorKind.AUTH_INVALID, why, phase="pre_send", **known)
    kind = CircuitOpenError if any(r.reason == CIRCUIT_OPEN for r in skipped) else NoWorkingKey
    return kind(f"{why}; ready in {pause:.1f} s")

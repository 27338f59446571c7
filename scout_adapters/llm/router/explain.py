"""Whom a call made now would ask, and why not the others: told without asking anybody.

The real loop plays on copies of all that it would change, and each key in turn is supposed to be
refused, so that the one after it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TypeVar

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ErrorKind, provider_error
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.candidate import Candidate, Endpoint, RetryBudget
from scout_adapters.llm.engine.candidate_state import CIRCUIT_OPEN, CandidateState
from scout_adapters.llm.engine.retry import Attempts
from scout_adapters.llm.engine.retry_policy import RetryPolicy
from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.pricing.price_list import cost_of
from scout_adapters.llm.router.route import Route
from scout_adapters.llm.router.strategies import USUAL_ANSWER_TOKENS
from scout_adapters.llm.types import ChatRequest

CHOSEN, NEXT, SKIPPED = "chosen", "next", "skipped"
SET_ASIDE = "set aside: the provider does not serve this place, so all others go first"
PROBED_CIRCUIT = "the circuit lets one call through to see whether the provider is back"
PROBED_KEY = "the key was refused before, and is due for another try"
REFUSED_KEY = "the provider refused this key"
BEING_PROBED = "the key was refused, and another call is trying it at this moment"
RESTS = "the key rests"
RESTS_FOR_MODEL = "the key rests for this model"
LEFT_OUT = "the strategy leaves it out"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAttempt:
    """What an attempt would be, in the words of `AttemptRecord`.

    `outcome` is `chosen`, `next` or `skipped`. Tokens and `cost_usd` are estimates; where the call
    sets no `max_tokens`, 500 are assumed. `reason` says why it is skipped, or what is special about
    asking it; `ready_in_s` when it could be asked, 0 for now, None where waiting does not help.
    """

    number: int
    provider: str
    model: str
    outcome: str
    key_id: str | None
    reason: str | None
    ready_in_s: float | None
    cost_usd: float | None
    cost_source: str | None
    input_tokens: int
    output_tokens: int
    changes: tuple[str, ...] = ()
    """What the conversation would undergo on the way to this provider."""

    def as_dict(self) -> Json:
        """Return what is known, as `AttemptRecord.as_dict` does."""
        pairs = ((one.name, getattr(self, one.name)) for one in fields(self))
        known: Json = {name: value for name, value in pairs if value not in (None, ())}
        return known | ({"changes": list(self.changes)} if self.changes else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Every candidate and every key, in the order in which a call made now would try them."""

    rows: tuple[PlannedAttempt, ...]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When it was made; `ready_in_s` counts from here."""

    def __iter__(self) -> Iterator[PlannedAttempt]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def chosen(self) -> PlannedAttempt | None:
        """Who would be asked; None where nobody can be asked now."""
        return next((row for row in self.rows if row.outcome == CHOSEN), None)

    @property
    def ready_in_s(self) -> float | None:
        """Seconds until somebody can be asked: 0 for now, None where waiting does not help."""
        return min((r.ready_in_s for r in self.rows if r.ready_in_s is not None), default=None)

    def as_dicts(self) -> list[Json]:
        """Return the rows as `response_metadata["scout"]["attempts"]` has them."""
        return [row.as_dict() for row in self.rows]

    def __str__(self) -> str:
        """Write a line for each row; one for all keys of a candidate of which the same is true."""
        lines = [self._line(list(rows)) for _, rows in groupby(self.rows, _likeness)]
        if self.chosen is None:
            wait = self.ready_in_s
            when = "waiting does not help" if wait is None else self._when(wait)
            lines.append(f"nobody can be asked now; {when}")
        return "\n".join(lines)

    def _line(self, rows: Sequence[PlannedAttempt]) -> str:
        row, *others = rows
        named = f" with key {row.key_id}" if row.key_id else ""
        more = f" and {len(others)} more" if others else ""
        parts = [f"{row.outcome:7} {row.provider}/{row.model}{named}{more}"]
        parts += [row.reason] if row.reason else []
        parts += [self._when(row.ready_in_s)] if row.ready_in_s else []
        if row.outcome != SKIPPED:
            parts += [_estimate(row), *row.changes]
        return ": ".join((parts[0], "; ".join(parts[1:]))) if parts[1:] else parts[0]

    def _when(self, seconds: float) -> str:
        until = (self.at + timedelta(seconds=seconds)).astimezone()
        return f"ready in {seconds:.1f} s, at {until:%H:%M:%S}"


def _likeness(row: PlannedAttempt) -> tuple[object, ...]:
    """Tell apart what is worth a line of its own."""
    own = row.key_id if row.outcome != SKIPPED or row.ready_in_s else None
    return row.provider, row.model, row.outcome, row.reason, own


def _estimate(row: PlannedAttempt) -> str:
    cost = "of unknown price" if row.cost_usd is None else f"about ${row.cost_usd:.6f}"
    return f"{row.input_tokens} tokens in and {row.output_tokens} out, {cost}"


def explain(route: Route, request: ChatRequest, input_tokens: int) -> Explanation:
    """Tell whom a call of `request` would ask now; nothing is leased, booked or sent.

    `input_tokens` is an estimate. Raises what the call would raise before it asked anybody.
    """
    copier, ordered = Copier(), route.ordered(request)
    copies = [copier.candidate(candidate) for candidate in ordered]
    dry = DryRun(copies, request, RetryPolicy(), clock=route.clock)
    writer = RowWriter(route.clock.now(), request, input_tokens)
    rows = [
        row
        for candidate_state, planned in dry.run()
        for row in writer.rows(candidate_state, planned)
    ]
    taken = {id(candidate) for candidate in ordered}
    rows += [
        row
        for candidate in route.candidates
        if id(candidate) not in taken
        for row in writer.rows(CandidateState(candidate, skip_reason=LEFT_OUT, excluded=True), [])
    ]
    return Explanation(rows=tuple(rows))


class DryRun(Attempts):
    """The loop of a call that is only imagined."""

    def run(self) -> list[tuple[CandidateState, list[Attempt]]]:
        """Return the candidates in turn, each with the attempts that would be made there."""
        planned: list[Attempt] = []
        while attempt := self._next():
            attempt.release()
            planned.append(attempt)
            self._decide(attempt, provider_error(ErrorKind.AUTH_INVALID, "supposed"))
        return [
            (p, [a for a in planned if a.candidate is p.candidate]) for p in self._candidate_states
        ]


class Copier:
    """Copies of all that a call would change; what candidates share, their copies share."""

    def __init__(self) -> None:
        self._made: dict[int, object] = {}

    def candidate(self, original: Candidate) -> Candidate:
        """Copy a candidate; its rate limiter is not asked."""
        endpoint = self._once(original.endpoint, self._endpoint)
        return replace(original, endpoint=endpoint, limiter=None)

    def _once(self, original: T, make: Callable[[T], T]) -> T:
        if id(original) not in self._made:
            self._made[id(original)] = make(original)
        made: T = self._made[id(original)]  # type: ignore[assignment]  # made of it just now
        return made

    def _endpoint(self, original: Endpoint) -> Endpoint:
        states = [self._once(state, _key) for state in original.pool]
        return replace(
            original,
            pool=KeyPool(
                original.pool.provider, states, original.pool.rules, original.pool.address
            ),
            circuit=self._once(original.circuit, copy),
            retries=RetryBudget(),
            loads={},
        )


def _key(original: KeyState) -> KeyState:
    return replace(original, key=original.key, resting=dict(original.resting))


class RowWriter:
    """Puts into rows what the imagined call has found out."""

    def __init__(self, now: float, request: ChatRequest, input_tokens: int) -> None:
        self._now = now
        self._request = request
        self._input_tokens = input_tokens
        self._number = 0

    def rows(
        self, candidate_state: CandidateState, planned: Sequence[Attempt]
    ) -> Iterator[PlannedAttempt]:
        """Yield a row for each key of a candidate, those first that would be asked."""
        known = self._known(candidate_state)
        for attempt in planned:
            self._number += 1
            yield PlannedAttempt(
                number=self._number,
                outcome=CHOSEN if self._number == 1 else NEXT,
                key_id=attempt.request.key_id,
                reason=_special(attempt, candidate_state.tokens, self._now),
                ready_in_s=0.0,
                **known,
            )
        tried = {attempt.request.key_id for attempt in planned}
        pool, model = candidate_state.candidate.endpoint.pool, candidate_state.candidate.model
        rest = [state for state in pool if state.id not in tried]
        for state in sorted(rest, key=lambda state: state.ready_at(model)):
            yield self._skipped(known, state.id, *self._why_not(candidate_state, state))
        if not len(pool) and not planned:
            yield self._skipped(
                known, None, candidate_state.skip_reason, candidate_state.ready_in(self._now)
            )

    def _skipped(
        self, known: Json, key_id: str | None, reason: str, ready_in_s: float | None
    ) -> PlannedAttempt:
        return PlannedAttempt(
            number=self._number,
            outcome=SKIPPED,
            key_id=key_id,
            reason=reason,
            ready_in_s=ready_in_s,
            **known,
        )

    def _known(self, candidate_state: CandidateState) -> Json:
        """Return what is true of a candidate whichever key is used."""
        candidate, prepared = candidate_state.candidate, candidate_state.prepared
        spec = candidate.endpoint.spec
        answer = candidate.request(self._request).max_tokens or USUAL_ANSWER_TOKENS
        usage = UsageMetadata(
            input_tokens=self._input_tokens,
            output_tokens=answer,
            total_tokens=self._input_tokens + answer,
        )
        cost = cost_of(spec.name, candidate.model, usage, prices=spec.prices)
        return {
            "provider": spec.name,
            "model": candidate.model,
            "input_tokens": self._input_tokens,
            "output_tokens": answer,
            "cost_usd": cost.usd,
            "cost_source": cost.source,
            "changes": tuple(prepared.changes) if prepared else (),
        }

    def _why_not(
        self, candidate_state: CandidateState, state: KeyState
    ) -> tuple[str, float | None]:
        """Return why a key would not be asked, and in how many seconds it could be."""
        own, ready_at = self._hindrance(candidate_state, state)
        if candidate_state.skip_reason == CIRCUIT_OPEN:
            circuit = candidate_state.candidate.endpoint.circuit.ready_at(self._now)
            both = f"{CIRCUIT_OPEN}; {own}" if own else CIRCUIT_OPEN
            return both, None if ready_at is None else max(circuit, ready_at) - self._now
        if candidate_state.prepared is None:
            return candidate_state.skip_reason, None
        limit = candidate_state.candidate.endpoint.max_key_attempts
        reason = own or f"one call tries no more than {limit} keys here"
        return reason, max(ready_at - self._now, 0.0) if own and ready_at is not None else None

    def _hindrance(
        self, candidate_state: CandidateState, state: KeyState
    ) -> tuple[str, float | None]:
        """Return what is wrong with a key itself, if anything, and until when."""
        model, now = candidate_state.candidate.model, self._now
        ready_at = state.ready_at(model)
        if ready_at <= now:
            probed = state.permanently_failed and state.in_flight
            return (BEING_PROBED, None) if probed else ("", ready_at)
        if state.permanently_failed and state.quarantined_until > now:
            return REFUSED_KEY, ready_at
        for_model = state.resting.get(model, 0.0) > max(now, state.cooldown_until)
        return RESTS_FOR_MODEL if for_model else RESTS, ready_at


def _special(attempt: Attempt, tokens: int, now: float) -> str | None:
    """Say what is special about asking this one."""
    circuit, lease = attempt.candidate.endpoint.circuit, attempt.lease
    said = [
        (circuit.is_aside(now), SET_ASIDE),
        (attempt.permit.probe, PROBED_CIRCUIT),
        (lease is not None and lease.probe, PROBED_KEY),
    ]
    words = [sentence for true, sentence in said if true]
    if lease and (lacking := lease.state.lacks(attempt.candidate.model, tokens, now)):
        wait = lacking.until - now
        words.append(f"{lacking.left} {lacking.counts} are left of its limit for {wait:.1f} s")
    return "; ".join(words) or None

"""Explain which candidates and keys a call would try now, and why others are skipped.

The real retry loop runs on copies of all state that it changes (`dry_run.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from html import escape
from itertools import chain, groupby, starmap

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.dollar_text import dollar_text
from scout_adapters._internal.json_values import Json
from scout_adapters.llm.engine.affinity import CallConversation
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.candidate_state import CandidateState
from scout_adapters.llm.engine.skip_reasons import CIRCUIT_OPEN
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.pricing.price_list import cost_of, priced_model
from scout_adapters.llm.router.abilities import reason_for_last
from scout_adapters.llm.router.dry_run import Copier, DryRun
from scout_adapters.llm.router.expected_costs import usual_answer_tokens
from scout_adapters.llm.router.retirement_notices import ended_models
from scout_adapters.llm.router.route import Route
from scout_adapters.llm.types import ModelRequest

CHOSEN, NEXT, SKIPPED = "chosen", "next", "skipped"
SET_ASIDE = "set aside: the provider does not serve this place, so all others go first"
PROBED_CIRCUIT = "the circuit allows one call, to test whether the provider works again"
PROBED_KEY = "the key was refused before, and is due for another try"
REFUSED_KEY = "the provider refused this key"
BEING_PROBED = "the key was refused, and another call is trying it at this moment"
UNLESS_INVALID = (
    "not tried if all keys before it are refused as invalid: the provider is at fault then"
)
RESTS = "the key rests"
RESTS_FOR_MODEL = "the key rests for this model"
LEFT_OUT = "the strategy leaves it out"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAttempt:
    """An attempt that a call would make or skip; the fields are those of `AttemptRecord`.

    `outcome` is `chosen`, `next` or `skipped`. Tokens and `cost_usd` are estimates; without
    `max_tokens`, 500 output tokens are assumed. `reason` contains why the attempt is skipped, or
    what is special about it. `ready_in_s` is in seconds: 0 for now, None if waiting is no use.
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
    wire: str | None = None
    """The API that the request goes over, where the provider has several."""

    changes: tuple[str, ...] = ()
    """Changes that the conversation needs for this provider."""

    def as_dict(self) -> Json:
        """Return the fields that are not None, like `AttemptRecord.as_dict`."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        row: Json = {name: value for name, value in pairs if value not in (None, ())}
        return row | ({"changes": list(self.changes)} if self.changes else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Every candidate and key, in the order in which a call would try them now."""

    rows: tuple[PlannedAttempt, ...]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """Time of the explanation; `ready_in_s` counts from it."""

    def __iter__(self) -> Iterator[PlannedAttempt]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def chosen(self) -> PlannedAttempt | None:
        """The first attempt; None if no candidate is ready now."""
        return next((row for row in self.rows if row.outcome == CHOSEN), None)

    @property
    def ready_in_s(self) -> float | None:
        """Seconds until a candidate is ready: 0 for now, None if waiting is no use."""
        return min((r.ready_in_s for r in self.rows if r.ready_in_s is not None), default=None)

    def as_dicts(self) -> list[Json]:
        """Return the rows in the form of `response_metadata["scout"]["attempts"]`."""
        return [row.as_dict() for row in self.rows]

    def _repr_html_(self) -> str:
        """Return the text as a notebook shows it."""
        return f"<pre>{escape(str(self))}</pre>"

    def __str__(self) -> str:
        """Return one line per row; keys of a candidate with the same reason share a line."""
        lines = [self._line(list(rows)) for _, rows in groupby(self.rows, _line_group)]
        if self.chosen is None:
            wait = self.ready_in_s
            when = "waiting does not help" if wait is None else self._when(wait)
            lines.append(f"no candidate is ready now; {when}")
        return "\n".join(lines)

    def _line(self, rows: Sequence[PlannedAttempt]) -> str:
        row, *others = rows
        key = f" with key {row.key_id}" if row.key_id else ""
        more = f" and {len(others)} more" if others else ""
        parts = [f"{row.outcome:7} {row.provider}/{row.model}{key}{more}"]
        parts += [row.reason] if row.reason else []
        parts += [self._when(row.ready_in_s)] if row.ready_in_s else []
        if row.outcome != SKIPPED:
            parts += [_estimate(row), *([f"over {row.wire}"] if row.wire else ()), *row.changes]
        return ": ".join((parts[0], "; ".join(parts[1:]))) if parts[1:] else parts[0]

    def _when(self, seconds: float) -> str:
        until = (self.at + timedelta(seconds=seconds)).astimezone()
        return f"ready in {seconds:.1f} s, at {until:%H:%M:%S}"


def _line_group(row: PlannedAttempt) -> tuple[object, ...]:
    """Return the fields in which all rows of one text line agree."""
    own = row.key_id if row.outcome != SKIPPED or row.ready_in_s else None
    return row.provider, row.model, row.outcome, row.reason, own


def _estimate(row: PlannedAttempt) -> str:
    cost = row.cost_usd
    price = "of unknown price" if cost is None else f"about {dollar_text(cost)}"
    unit = "token" if row.input_tokens == 1 else "tokens"
    return f"{row.input_tokens} {unit} in and {row.output_tokens} out, {price}"


def explain(
    route: Route,
    request: ModelRequest,
    input_tokens: int,
    conversation: CallConversation | None = None,
    on: date | None = None,
    order: Sequence[Candidate] | None = None,
) -> Explanation:
    """Return the attempts that a call of `request` would make now; nothing is sent or recorded.

    `input_tokens` is an estimate. `conversation`: for key affinity. With `on`, models that have
    been shut down by that day are left out. `order`: the candidates in order; None: the route.s
    strategy orders them.

    Raises:
        ScoutError: the call would fail before its first attempt, with the same error.
    """
    ended = ended_models(route.candidates, on) if on else {}
    copier = Copier()
    order = route.ordered(request) if order is None else order
    ordered = [each for each in order if id(each) not in ended]
    dry = DryRun([*map(copier.candidate, ordered)], request, route.clock, conversation)
    dry.limits = route.call_limits(route.tag_limits)
    planned_by_candidate = dry.run()
    writer = RowWriter(route, request, input_tokens, dry)
    rows = list(chain.from_iterable(starmap(writer.rows, planned_by_candidate)))
    chosen = {id(candidate) for candidate in ordered}
    for candidate in route.candidates:
        if id(candidate) not in chosen:
            reason = ended.get(id(candidate), LEFT_OUT)
            rows += writer.rows(_left_out(candidate, reason), [])
    return Explanation(rows=tuple(rows))


def _left_out(candidate: Candidate, reason: str) -> CandidateState:
    return CandidateState(candidate, skip_reason=reason, excluded=True)


class RowWriter:
    """Converts the result of a dry run to rows."""

    def __init__(
        self,
        route: Route,
        request: ModelRequest,
        input_tokens: int,
        dry: DryRun,
    ) -> None:
        self._now = route.clock.now()
        self._has_choice = len(route.candidates) > 1
        self._unless_invalid = dry.unless_invalid
        self._blocked = dry.blocked_keys
        self._request = request
        self._input_tokens = input_tokens
        self._number = 0

    def rows(
        self, candidate_state: CandidateState, planned: Sequence[Attempt]
    ) -> Iterator[PlannedAttempt]:
        """Yield a row for each key of a candidate: planned attempts first, then skipped keys."""
        common = self._common_fields(candidate_state)
        for attempt in planned:
            self._number += 1
            yield PlannedAttempt(
                number=self._number,
                outcome=CHOSEN if self._number == 1 else NEXT,
                key_id=attempt.request.context.key_id,
                reason=self._special(attempt, candidate_state.tokens),
                ready_in_s=0.0,
                **common,
            )
        tried = {attempt.request.context.key_id for attempt in planned}
        pool, model = candidate_state.candidate.endpoint.pool, candidate_state.candidate.model
        rest = [key for key in pool if key.id not in tried]
        for key in sorted(rest, key=lambda key: key.ready_at(model)):
            yield self._skipped(common, key.id, *self._skip_reason(candidate_state, key))
        if not len(pool) and not planned:
            yield self._skipped(
                common, None, candidate_state.skip_reason, candidate_state.ready_in(self._now)
            )

    def _special(self, attempt: Attempt, tokens: int) -> str | None:
        """Return notes on a planned attempt, such as a probe or low quota; None without any."""
        last = reason_for_last(attempt.candidate, self._request) if self._has_choice else ""
        notes = _notes(attempt, tokens, self._now)
        if attempt.number in self._unless_invalid:
            notes.append(UNLESS_INVALID)
        return "; ".join([last, *notes] if last else notes) or None

    def _skipped(
        self, common: Json, key_id: str | None, reason: str, ready_in_s: float | None
    ) -> PlannedAttempt:
        return PlannedAttempt(
            number=self._number,
            outcome=SKIPPED,
            key_id=key_id,
            reason=reason,
            ready_in_s=ready_in_s,
            **common,
        )

    def _common_fields(self, candidate_state: CandidateState) -> Json:
        """Return the fields that are the same for all keys of a candidate."""
        candidate, prepared = candidate_state.candidate, candidate_state.prepared
        spec = candidate.endpoint.spec
        answer = usual_answer_tokens(candidate, self._request)
        usage = UsageMetadata(
            input_tokens=self._input_tokens,
            output_tokens=answer,
            total_tokens=self._input_tokens + answer,
        )
        cost = cost_of(spec.name, priced_model(spec, candidate.model), usage, prices=spec.prices)
        return {
            "provider": spec.name,
            "model": candidate.model,
            "input_tokens": self._input_tokens,
            "output_tokens": answer,
            "cost_usd": cost.usd,
            "cost_source": cost.source,
            "wire": prepared.wire if prepared else None,
            "changes": tuple(prepared.changes) if prepared else (),
        }

    def _skip_reason(
        self, candidate_state: CandidateState, key: KeyState
    ) -> tuple[str, float | None]:
        """Return why a key would be skipped, and the seconds until it is ready, or None."""
        own, ready_at = self._key_reason(candidate_state, key)
        if (blocked := self._blocked.get((id(candidate_state.candidate), key.id))) is not None:
            own = "; ".join(filter(None, (own, blocked.shortage.reason)))
            ready_at = None if ready_at is None else max(ready_at, blocked.until)
        place = candidate_state.candidate.endpoint.pool.places.get(key)
        if place is not None and not place.circuit.is_available(self._now):
            ready_at = max(ready_at or 0.0, place.circuit.ready_at(self._now))
            own = "; ".join(filter(None, (CIRCUIT_OPEN, own)))
        if candidate_state.skip_reason == CIRCUIT_OPEN:
            circuit = candidate_state.candidate.endpoint.circuit.ready_at(self._now)
            both = f"{CIRCUIT_OPEN}; {own}" if own else CIRCUIT_OPEN
            return both, None if ready_at is None else max(circuit, ready_at) - self._now
        if candidate_state.prepared is None:
            return candidate_state.skip_reason, None
        limit = candidate_state.candidate.endpoint.max_key_attempts
        reason = own or f"one call tries no more than {limit} keys here"
        return reason, max(ready_at - self._now, 0.0) if own and ready_at is not None else None

    def _key_reason(
        self, candidate_state: CandidateState, key: KeyState
    ) -> tuple[str, float | None]:
        """Return why a key is not usable, or "", and when it is ready (monotonic s), or None."""
        model, now = candidate_state.candidate.model, self._now
        ready_at = key.ready_at(model)
        if ready_at <= now:
            probe_running = key.permanently_failed and key.in_flight
            return (BEING_PROBED, None) if probe_running else ("", ready_at)
        if key.permanently_failed and key.quarantined_until > now:
            return REFUSED_KEY, ready_at
        for_model = key.model_cooldowns.get(model, 0.0) > max(now, key.cooldown_until)
        fault = key.source.fault if key.source else ""
        rests = f"{RESTS}: {fault}" if fault else RESTS
        return RESTS_FOR_MODEL if for_model else rests, ready_at


def _notes(attempt: Attempt, tokens: int, now: float) -> list[str]:
    """Return notes on a planned attempt: probes, key source, and a limit with too little left."""
    circuit, lease = attempt.circuit, attempt.lease
    notes = [
        (circuit.is_aside(now), SET_ASIDE),
        (attempt.permit.probe, PROBED_CIRCUIT),
        (lease is not None and lease.probe, PROBED_KEY),
    ]
    reasons = [note for applies, note in notes if applies]
    if lease and lease.state.source:
        reasons.append(f"key from {lease.state.source.label}")
    if lease and (quota := lease.state.insufficient_quota(attempt.candidate.model, tokens, now)):
        wait = quota.until - now
        reasons.append(f"{quota.left} {quota.counts} are left of its limit for {wait:.1f} s")
    return reasons

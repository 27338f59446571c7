"""The user's limits in a call: reserved before an attempt, waited for in line, settled after it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from scout_adapters.errors import ErrorKind, LimitReached, ScoutError
from scout_adapters.llm.adapters.adapter import PreparedRequest
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.candidate_state import NO_KEY, CandidateState
from scout_adapters.llm.engine.observers import Observer
from scout_adapters.llm.engine.record import NOT_SENT, AttemptRecord
from scout_adapters.llm.engine.retry_policy import RetryPolicy
from scout_adapters.llm.engine.skip_reasons import no_attempt_error
from scout_adapters.llm.engine.sourced_call import SourcedCall
from scout_adapters.llm.health.key_state import KeyState

if TYPE_CHECKING:  # calls without limits do without these modules
    from scout_adapters.llm.limits.limit_meter import LimitReservation, Shortage
    from scout_adapters.llm.limits.limit_rule import LimitRule
    from scout_adapters.llm.limits.limit_waiter import LimitWaiter
    from scout_adapters.llm.limits.memory_limits import LimitStore

NEVER_LEFT = frozenset({NOT_SENT, str(ErrorKind.CONNECT)})
"""Outcomes of attempts whose request did not reach the provider."""


class BlockedKey(NamedTuple):
    """A key that the call does not use until a limit has room."""

    state: CandidateState
    key_id: str
    shortage: Shortage
    until: float
    """When the limit may have room for the call (monotonic seconds)."""


class CallLimits(NamedTuple):
    """The limits of a call's tags, and where all its limits are counted."""

    rules: tuple[LimitRule, ...]
    store: LimitStore


class LimitedCall(SourcedCall):
    """Reserves an attempt's share of the user's limits, and waits in line where none is left."""

    retry_policy: RetryPolicy

    limits: CallLimits | None = None
    """The limits of the call's tags; None if neither a tag nor a candidate has any."""

    def __init__(self, observer: Observer | None) -> None:
        super().__init__(observer)
        self._blocked: list[BlockedKey] = []
        self._waiter: LimitWaiter | None = None
        self._in_line = False
        """Whether the next pause ends as soon as a limit has room."""

    @property
    def _limit_store(self) -> LimitStore:
        if self.limits is not None:
            return self.limits.store
        from scout_adapters.llm.limits.memory_limits import memory_limits  # noqa: PLC0415  # rare

        return memory_limits

    def _reserve(self, attempt: Attempt, limits: CallLimits) -> bool:
        """Return whether the limits have room for the attempt: reserve its share, or undo it."""
        reservation = self._reservation(attempt, limits)
        shortage = limits.store.reserve(reservation, self.clock.now, self._waiter)
        return self._is_admitted(attempt, reservation, shortage)

    async def _areserve(self, attempt: Attempt, limits: CallLimits) -> bool:
        """Twin of `_reserve`."""
        reservation = self._reservation(attempt, limits)
        shortage = await limits.store.areserve(reservation, self.clock.now, self._waiter)
        return self._is_admitted(attempt, reservation, shortage)

    def _reservation(self, attempt: Attempt, limits: CallLimits) -> LimitReservation:
        """Return what the attempt reserves; the call gives it back under any exception."""
        candidate, lease = attempt.candidate, attempt.lease
        assert lease is not None  # noqa: S101  # each attempt before its start has one
        rules = (*candidate.limits, *limits.rules)
        prepared = attempt.request.prepared
        reservation = reservation_of(candidate, prepared, lease.state, rules)
        self._held.reserved = reservation
        return reservation

    def _is_admitted(
        self, attempt: Attempt, reservation: LimitReservation, shortage: Shortage | None
    ) -> bool:
        if shortage is None:
            self._leave_line()
            return True
        self._held.reserved = None
        self._block(attempt, reservation, shortage)
        return False

    def _block(self, attempt: Attempt, reservation: LimitReservation, shortage: Shortage) -> None:
        """Undo an attempt that must wait, and do not use its key until there is room."""
        from scout_adapters.llm.limits.limit_waiter import LimitWaiter  # noqa: PLC0415  # rare

        now, state = self.clock.now(), self._candidate_states.of(attempt.candidate)
        waiter = self._waiter = self._waiter or LimitWaiter(reservation.tokens)
        self._limit_store.stand(reservation, now, waiter)
        attempt.release()
        self._held.attempt = None
        self._sent -= 1
        state.keys_tried -= 1
        self._usage.return_pause(attempt.waited)
        wait = shortage.wait
        if shortage.for_place:
            wait = min(wait, max(0.001, self._usage.patience))
        own, until = attempt.request.context.key_id or NO_KEY, now + wait
        others = () if shortage.other_key_helps else state.candidate.endpoint.pool.states
        for key_id in {own, *(key.id for key in others if key.id not in state.avoid)}:
            state.avoid[key_id] = until
            self._blocked.append(BlockedKey(state, key_id, shortage, until))

    def _limit_reason(self, state: CandidateState) -> str:
        """Return which limit blocks a candidate: the one that has room first; "" if none does."""
        own = [each for each in self._blocked if each.state is state]
        return min(own, key=_until).shortage.reason if own else ""

    def _no_attempt_error(self, pause: float) -> ScoutError:
        """Return the error of a call that may not wait as long as its limits or keys require."""
        if not self._blocked:
            return no_attempt_error(self.records, pause)
        first = min(self._blocked, key=_until)
        wait, candidate = first.until - self.clock.now(), first.state.candidate
        ready = "no request ends in time" if first.shortage.for_place else f"ready in {wait:.1f} s"
        return LimitReached(
            f"{candidate}: {first.shortage.reason}: {ready}, and the call may wait "
            f"{self._usage.patience:.1f} s: raise the limit in limits=, add keys or models, or "
            "allow a longer max_wait="
        )

    def _waits_in_line(self, pause: float) -> bool:
        """Return whether a limit has room after a pause, and the call may wait so long for it.

        Such a wait is no retry: a call without retries waits as well.
        """
        until = min((each.until for each in self._blocked), default=None)
        self._in_line = until is not None and self._usage.affords(pause)
        return self._in_line and until is not None and until <= self.clock.now() + pause + 0.001

    def _pause(self, seconds: float) -> None:
        """Sleep; a call that waits for a limit is woken when there is room."""
        if self._waiter is None or not self._in_line:
            self.clock.sleep(seconds)
            return
        began = self.clock.now()
        self._waiter.wait(self.clock, seconds, self._longest(seconds))
        self._end_wait(began, seconds)

    async def _apause(self, seconds: float) -> None:
        """Twin of `_pause`."""
        if self._waiter is None or not self._in_line:
            await self.clock.asleep(seconds)
            return
        began = self.clock.now()
        await self._waiter.await_(self.clock, seconds, self._longest(seconds))
        self._end_wait(began, seconds)

    def _longest(self, seconds: float) -> float:
        """Return the most seconds that a pause may last; `seconds` of them are counted already.

        A pause at whose end a limit has room may take all the time that the call may still wait.
        """
        due = min(each.until for each in self._blocked) <= self.clock.now() + seconds + 0.001
        return seconds + max(0.0, self._usage.patience) if due else seconds

    def _end_wait(self, began: float, seconds: float) -> None:
        """Count the actual seconds of a wait, and allow the blocked keys again."""
        self._usage.shorten(seconds - (self.clock.now() - began))
        self._in_line = False
        blocked, self._blocked = self._blocked, []
        for each in blocked:
            if each.state.avoid.get(each.key_id) == each.until:
                del each.state.avoid[each.key_id]

    def _settle(self, record: AttemptRecord) -> None:
        """Replace what an attempt has reserved by what it used."""
        reservation = self._held.reserved
        if reservation is None:
            return
        from scout_adapters.llm.limits.token_demand import learn_answer  # noqa: PLC0415  # rare

        tokens = 0 if record.billed == "no" else None
        if record.outcome == "ok" and record.input_tokens is not None:
            answer = record.output_tokens or 0
            tokens = record.input_tokens + answer
            if not record.estimated:
                learn_answer(f"{record.provider}/{record.model}", answer)
        sent = record.outcome not in NEVER_LEFT
        self._limit_store.settle(reservation, self.clock.now(), tokens, sent=sent)
        self._held.reserved = None

    def _give_back_reserved(self) -> None:
        """Give back what an attempt that is not sent has reserved."""
        if self._held.reserved is not None:
            self._limit_store.settle(self._held.reserved, self.clock.now(), 0, sent=False)
            self._held.reserved = None

    def _leave_line(self) -> None:
        """Leave the waiting line, so that the calls behind this one move up."""
        if self._waiter is not None:
            self._limit_store.leave(self._waiter)
            self._waiter = None

    def abandon(self, error: BaseException) -> None:
        """Release key, circuit, limits and place in line when `error` ends the call."""
        super().abandon(error)
        if self.limits is not None:
            self._give_back_reserved()
            self._leave_line()

    async def aabandon(self, error: BaseException) -> None:
        """Twin of `abandon`."""
        try:
            await super().aabandon(error)
        finally:
            if self.limits is not None:
                self._give_back_reserved()
                self._leave_line()


def reservation_of(
    candidate: Candidate, prepared: PreparedRequest, key: KeyState, rules: tuple[LimitRule, ...]
) -> LimitReservation:
    """Return the tokens that a request with `key` reserves, and the scope of each of `rules`."""
    from scout_adapters.llm.limits.limit_meter import LimitReservation  # noqa: PLC0415  # rare
    from scout_adapters.llm.limits.limit_rule import RequestPlace  # noqa: PLC0415  # rare

    pool, lowest, scopes = candidate.endpoint.pool, math.inf, []
    place = RequestPlace(pool.provider, candidate.model, pool.address, key.id, key.account)
    for rule in rules:
        scopes.append((rule.scope(place), rule))
        if (tpm := rule.limits.tpm) is not None and tpm < lowest:
            lowest = tpm
    tokens = 0 if lowest == math.inf else _demand(candidate, prepared, lowest)
    return LimitReservation(scopes, tokens)


def _demand(candidate: Candidate, prepared: PreparedRequest, tpm: float) -> int:
    from scout_adapters.llm.limits.token_demand import token_demand  # noqa: PLC0415  # rare

    if not prepared.has_output:
        return prepared.tokens
    name = f"{candidate.endpoint.name}/{prepared.model}"
    return token_demand(name, prepared.tokens, prepared.request.max_tokens, tpm)


def _until(blocked: BlockedKey) -> float:
    return blocked.until

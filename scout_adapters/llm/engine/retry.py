"""The retry loop of a call: which candidate, which key, how long to wait, when to give up."""

from __future__ import annotations

from collections.abc import Sequence
from logging import DEBUG, WARNING
from typing import Generic

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters._internal.json_values import Json
from scout_adapters._internal.logs import logger_of
from scout_adapters.errors import (
    DeadlineExceeded,
    ErrorKind,
    ProviderError,
    ScoutError,
    UnsupportedContent,
    provider_error,
)
from scout_adapters.llm.engine.admitted_call import AdmittedCall
from scout_adapters.llm.engine.affinity import MAX_REST, CallConversation, waits_for_cache
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.candidate_state import (
    DEADLINE_PASSED,
    NO_KEY,
    CandidateState,
    CandidateStates,
    exclude_smaller,
)
from scout_adapters.llm.engine.observers import Observer
from scout_adapters.llm.engine.record import AttemptRecord, summary_of
from scout_adapters.llm.engine.retry_policy import RetryPolicy, RetryUsage, may_repeat, retry_state
from scout_adapters.llm.engine.skip_reasons import CIRCUIT_OPEN, no_attempt_error
from scout_adapters.llm.failures.refused_answers import policy_refusal
from scout_adapters.llm.health.circuit_breaker import Permit
from scout_adapters.llm.health.key_places import REST_SECONDS, KeyPlace, rest_address
from scout_adapters.llm.health.key_state import KeyState, Lease
from scout_adapters.llm.timeouts import SHORTEST
from scout_adapters.llm.types import AnswerT, ModelAnswer, ModelRequest

logger = logger_of(__name__)

CONTENT_REFUSALS = frozenset({ErrorKind.CONTENT_INPUT, ErrorKind.CONTENT_OUTPUT})


class Attempts(AdmittedCall, Generic[AnswerT]):
    """Iterator over the attempts of a call: `for attempt in attempts: with attempt: …`.

    It ends by raising the error of the last attempt, or the reason why there was none; the error
    contains all records. The type parameter is the answer's: a message by default, or embeddings.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        request: ModelRequest,
        retry_policy: RetryPolicy,
        *,
        observer: Observer | None = None,
        clock: Clock = SYSTEM,
        conversation: CallConversation | None = None,
    ) -> None:
        """`conversation`: its latest keys are preferred; None for no key affinity."""
        self.request = request
        self.retry_policy = retry_policy
        self.clock = clock
        super().__init__(observer)
        self._usage = RetryUsage(retry_policy, clock)
        self._candidate_states = CandidateStates(candidates, self._usage.began, conversation)
        self._pause_due = 0.0
        self._retry: tuple[CandidateState, KeyState | None] | None = None
        self._last_error: ScoutError | None = None
        self._final_error: ScoutError | None = None
        self._sent = 0
        self._sent_before = 0
        self._counted_at = self._usage.began
        self._has_waited = False
        """Whether the call has waited for a candidate while others were ready."""

    def __iter__(self) -> Attempts[AnswerT]:
        return self

    def __aiter__(self) -> Attempts[AnswerT]:
        if self._observer:
            self._observer.off_loop = True
        return self

    def __next__(self) -> Attempt:
        while True:
            step = self._step()
            try:
                self.notify()
                if isinstance(step, Attempt):
                    if self._may_start(step):
                        return step
                    continue
            except BaseException:  # raised again: a callback failed, or the call was cancelled
                if isinstance(step, Attempt):
                    step.release()
                raise
            if isinstance(step, ScoutError):
                raise step
            self._pause(self._affordable(step))

    async def __anext__(self) -> Attempt:
        while True:
            step = self._step()
            try:
                await self.anotify()
                if isinstance(step, Attempt):
                    if await self._amay_start(step):
                        return step
                    continue
            except BaseException:  # raised again: a callback failed, or the call was cancelled
                if isinstance(step, Attempt):
                    step.release()
                raise
            if isinstance(step, ScoutError):
                raise step
            await self._apause(self._affordable(step))

    def _affordable(self, pause: float) -> float:
        """Return the seconds to sleep: `pause`, or 0 if the deadline would pass during it.

        Callbacks may have taken that time. Another candidate follows, or the last error is raised.
        """
        if pause < self._usage.left():
            return pause
        (state, _), self._retry = self._retry or (None, None), None
        if self.out_of_time or (state is None and self._candidate_states.all_reached):
            raise self._finish_late()
        self._usage.shorten(pause)
        if state is not None:
            state.excluded = True
        return 0.0

    def check_answer(self, answer: ModelAnswer) -> None:
        """Raise `ContentRefused` for an answer that a content policy ended before it began."""
        if self.retry_policy.failover_on_refusal and (reason := policy_refusal(answer)):
            message = f"a content policy ended the answer: {reason}"
            raise provider_error(ErrorKind.CONTENT_OUTPUT, message, code=reason)

    def on_attempt_end(self, record: AttemptRecord) -> None:
        """Record a success, or an attempt that was cancelled."""
        self._settle(record)
        self._add_record(record)
        self._held.attempt = None

    def on_attempt_failure(
        self, attempt: Attempt, record: AttemptRecord, error: ProviderError
    ) -> None:
        """Record a failure, and decide what happens next."""
        self._settle(record)
        self._last_error = error
        self._decide(attempt, error)
        self._add_record(record, None if self._final_error else retry_state(attempt.number, error))
        self._held.attempt = None

    def summary(self, attempt: Attempt, record: AttemptRecord) -> Json:
        """Return the call's summary for `response_metadata["scout"]`."""
        return summary_of(record, self.records, attempt.request.prepared.changes)

    def _decide(self, attempt: Attempt, error: ProviderError) -> None:
        state = self._candidate_states.of(attempt.candidate)
        policy, lease = error.policy, attempt.lease
        key = lease if lease is not None and lease.key_id else None
        if attempt.revised is not None or attempt.renews_key:
            state.revise_request(attempt.revised)
            self._retry = state, key.state if key else None
        elif attempt.committed:
            self._final_error = error
        elif self._spills(state, attempt, error):
            return
        elif (pause := self._retry_pause(attempt, error)) is not None:
            self._retry, self._pause_due = (state, key.state if key else None), pause
        elif policy.next_key and (key is not None or policy.key_effect == "cooldown"):
            state.avoid[key.key_id if key else NO_KEY] = self._usage.key_due_at(error)
            state.models_not_found += error.kind is ErrorKind.MODEL_NOT_FOUND
            state.excluded = state.excluded or state.key_limit_reached
        elif policy.next_candidate or (
            error.kind in CONTENT_REFUSALS and self.retry_policy.failover_on_refusal
        ):
            state.excluded = True
            if error.kind is ErrorKind.CONTEXT_OVERFLOW:
                exclude_smaller(self._candidate_states.reached(), state.candidate)
        else:
            self._final_error = error

    def _spills(self, state: CandidateState, attempt: Attempt, error: ProviderError) -> bool:
        """Return whether to go on at another address of the candidate; let this one rest."""
        endpoint, address = attempt.candidate.endpoint, attempt.request.address
        limited = error.policy.key_effect == "cooldown"
        moves_on = limited or error.policy.actor == "provider"
        if not (address and moves_on) or self._keeps_key(attempt, error):
            return False
        until = self.clock.now() + (error.retry_after or REST_SECONDS)
        only = attempt.request.context.key_id if limited else None
        keys = rest_address(endpoint.pool.places, address, attempt.candidate.model, until, only)
        state.avoid.update(dict.fromkeys(keys, until))
        return True

    def _keeps_key(self, attempt: Attempt, error: ProviderError) -> bool:
        """Return whether the call waits, at most once, for the key that has its prompt cached."""
        lease, is_first = attempt.lease, not any(record.status for record in self.records)
        return lease is not None and is_first and waits_for_cache(lease, error, self.clock.now())

    def _retry_pause(self, attempt: Attempt, error: ProviderError) -> float | None:
        """Return the seconds before a retry with the same key; None if there is no retry."""
        if not (may_repeat(error, self.records) or self._keeps_key(attempt, error)):
            return None
        endpoint = attempt.candidate.endpoint
        pause = self._usage.back_off(error)
        if not (
            self._usage.affords_retry(pause)
            and attempt.circuit.is_available(self.clock.now())
            and endpoint.retries.spend()
        ):
            return None
        self._usage.retries += 1
        return pause

    @property
    def patience(self) -> float:
        """Seconds that the call may still wait before an attempt."""
        return min(self.retry_policy.max_wait, self._usage.left())

    @property
    def out_of_time(self) -> bool:
        """Whether the call's deadline has passed; a timeout is then no fault of the provider."""
        if self.retry_policy.deadline is None:
            return False
        return self._usage.left() <= SHORTEST  # a read needs more time than this

    def _step(self) -> Attempt | ScoutError | float:
        """Return the next attempt, or seconds to sleep, or the error that ends the call."""
        if self._final_error is not None:
            return self._finish(self._final_error)
        if self.out_of_time:
            return self._finish_late()
        if self._pause_due:
            pause, self._pause_due = self._pause_due, 0.0
            return self._usage.sleep(pause)
        if self._retry is not None:
            (state, key), self._retry = self._retry, None
            if attempt := self._attempt(state, key):
                return attempt
        return self._next() or self._wait_or_give_up()

    def _next(self) -> Attempt | None:
        """Return an attempt at the first candidate that is ready; record why others are skipped."""
        for state in self._candidate_states.reached():
            if not state.excluded and (attempt := self._attempt(state)) is not None:
                return attempt
            if state.conversation and self._waits_for_candidate(state):
                return None
        return None

    def _waits_for_candidate(self, state: CandidateState) -> bool:
        """Return whether the call waits, at most once, for the candidate with its prompt cached."""
        now, call = self.clock.now(), state.conversation
        if call is None or self._has_waited or not call.answered_by(state.candidate, now):
            return False
        pause = None if state.excluded else state.ready_in(now)
        if pause is None or pause > MAX_REST or not self._usage.affords_wait(pause):
            return False
        self._has_waited = True
        return True

    def _attempt(self, state: CandidateState, again: KeyState | None = None) -> Attempt | None:
        """Return an attempt with circuit and key; None, with a recorded skip, without either."""
        candidate, now = state.candidate, self.clock.now()
        endpoint = candidate.endpoint
        if state.prepared is None and not self._prepare(state):
            return None
        held = self._held
        held.circuit, held.permit = endpoint.circuit, None
        if (permit := endpoint.circuit.permit(now, held)) is None:
            self._skip(state, CIRCUIT_OPEN)
            return None
        lease = state.lease(now, again, held, waits=self._usage.affords_ramp())
        if isinstance(lease, str):
            endpoint.circuit.report(permit, "neutral", now)
            self._skip(state, lease)
            return None
        place = endpoint.pool.places[lease.state] if endpoint.pool.places else None
        if place is not None:
            held.circuit = place.circuit
            if (permit := place.circuit.permit(now, held)) is None:
                endpoint.pool.release(lease, used=False)
                self._skip(state, CIRCUIT_OPEN)
                return None
        return self._create_attempt(state, permit, lease, place)

    def _create_attempt(
        self, state: CandidateState, permit: Permit, lease: Lease, place: KeyPlace | None
    ) -> Attempt:
        self._sent += 1
        is_first, state.keys_tried = state.keys_tried == 0, state.keys_tried + 1
        attempt = self._held.attempt = Attempt(
            call=self,
            candidate=state.candidate,
            permit=permit,
            lease=lease,
            number=self._sent,
            waited=self._usage.take_pause(),
            request=state.attempt_request(lease, self._usage, place),
            circuit=place.circuit if place else state.candidate.endpoint.circuit,
            is_first=is_first,
        )
        self._held.progress = attempt.request.context.progress
        return attempt

    def _prepare(self, state: CandidateState) -> bool:
        """Build the request for a candidate, once for all keys; False if it cannot be sent."""
        candidate = state.candidate
        try:
            request = candidate.request(self.request)
            state.set_request(candidate.endpoint.adapter.prepare(request))
        except UnsupportedContent as error:
            state.excluded = True
            self._last_error = self._last_error or error
            self._skip(state, str(error))
        return state.prepared is not None

    def _wait_or_give_up(self) -> Attempt | ScoutError | float:
        pause = self._candidate_states.ready_in(self.clock.now())
        if pause is None:
            return self._finish(self._last_error or no_attempt_error(self.records, None))
        any_sent, self._sent_before = self._sent > self._sent_before, self._sent
        # A round without a request (keys rest, circuits are open) costs time, but no retry. Nor
        # does one for a key that has served other calls since the last round.
        self._usage.retries += any_sent and not self._candidate_states.served(self._counted_at)
        self._counted_at = self.clock.now() if any_sent else self._counted_at
        if not (self._waits_in_line(pause) or self._usage.affords_wait(pause)):
            if not self._candidate_states.all_reached:  # no wait for the cached prompt after all
                return self._next() or self._wait_or_give_up()
            return self._finish(self._last_error or self._no_attempt_error(pause), pause)
        self._candidate_states.wait(self.clock.now())
        self._candidate_states.allow_due_keys(self.clock.now() + pause)
        level = DEBUG if self._blocked or (self._usage.waited and not any_sent) else WARNING
        logger.log(level, "no candidate is ready: waiting %.1f s for the first one", pause)
        return self._usage.sleep(pause)

    def _finish_late(self) -> ScoutError:
        """Return the error of a call that is too late; record a skip of untried candidates."""
        for state in self._candidate_states.reached():
            if not (state.excluded or state.keys_tried):
                self._skip(state, DEADLINE_PASSED)
        return self._finish(self._last_error or DeadlineExceeded(DEADLINE_PASSED))

"""Whether an attempt of a call may start: its key is read, limits and budgets admit it."""

from __future__ import annotations

from scout_adapters.errors import BudgetExceeded, DeadlineExceeded, ScoutError
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.candidate_state import LATE, CandidateState
from scout_adapters.llm.engine.limited_call import LimitedCall
from scout_adapters.llm.engine.observers import AttemptEvent
from scout_adapters.llm.engine.record import NEVER_RETRYABLE, with_attempts
from scout_adapters.llm.engine.retry_policy import RetryPolicy


class AdmittedCall(LimitedCall):
    """Acquires what an attempt needs besides circuit and key, before it starts."""

    retry_policy: RetryPolicy

    def _finish(self, error: ScoutError, ready_in: float | None = None) -> ScoutError:
        """Return the error that ends the call, with the records of all its attempts.

        `ready_in`: seconds until a candidate is ready; becomes `retry_after` of an error without.
        The last failure is no longer reported as followed by a retry.
        """
        if ready_in and error is self._last_error and not isinstance(error, NEVER_RETRYABLE):
            ready_in = self._candidate_states.recovers_in(self.clock.now())
        if self._events:  # no attempt follows the last failure, so it is no retry
            self._events = (*self._events[:-1], AttemptEvent(self._events[-1].record))
        if self._observer:
            self._observer.on_failure(error)
        return with_attempts(error, self.records, ready_in, retries=self.retry_policy.max_retries)

    def _skip(self, state: CandidateState, reason: str) -> None:
        """Record that a candidate is skipped."""
        if self._blocked:
            reason = self._limit_reason(state) or reason
        if state.skip_reason != reason:
            self._add_record(state.skip(reason, self._sent, self.clock.now()))

    def _may_start(self, attempt: Attempt) -> bool:
        """Return whether the attempt has a key and is admitted by limits, limiter and budgets.

        If False, the attempt is undone, and the call looks for another key or candidate.

        Raises:
            DeadlineExceeded: the deadline passed while the call waited for the rate limiter.
            BudgetExceeded: a budget ends the call.
        """
        if not self._has_key(attempt):
            return False
        if self.limits is not None and not self._reserve(attempt, self.limits):
            return False
        if not self._usage.acquire_limiter(attempt.candidate.limiter):
            raise self._finish(DeadlineExceeded(LATE))
        try:
            if self._observer:
                # One line: budgets hold for it from here on.
                self._held.admitted = self._observer.on_proposal(attempt) or attempt.number  # type: ignore[func-returns-value]  # see above
        except BudgetExceeded as error:
            self._pass_over(attempt, error)
            return False
        return True

    async def _amay_start(self, attempt: Attempt) -> bool:
        """Twin of `_may_start`."""
        if not await self._ahas_key(attempt):
            return False
        if self.limits is not None and not await self._areserve(attempt, self.limits):
            return False
        if not await self._usage.aacquire_limiter(attempt.candidate.limiter):
            raise self._finish(DeadlineExceeded(LATE))
        try:
            if self._observer:
                self._held.admitted = await self._observer.aon_proposal(attempt) or attempt.number  # type: ignore[func-returns-value]  # as above
        except BudgetExceeded as error:
            self._pass_over(attempt, error)
            return False
        return True

    def _pass_over(self, attempt: Attempt, error: BudgetExceeded) -> None:
        """Undo an attempt that a budget stopped, so that another key or candidate follows.

        Raises:
            BudgetExceeded: no other key or candidate helps.
        """
        if error.passes is None:
            raise self._finish(error) from error.__cause__
        attempt.release()
        self._give_back_reserved()
        self._sent -= 1
        self._usage.return_pause(attempt.waited)
        self._last_error = error
        state = self._candidate_states.of(attempt.candidate)
        state.exclude_unaffordable(attempt.lease if error.passes == "key" else None)
        self._skip(state, str(error))

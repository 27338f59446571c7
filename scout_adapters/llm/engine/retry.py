"""The one loop that tries again: which candidate, which key, how long to wait, when to give up."""

from __future__ import annotations

from collections.abc import Sequence

from tenacity import RetryCallState

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters._internal.json_values import Json
from scout_adapters._internal.logs import logger_of
from scout_adapters.errors import (
    BudgetExceeded,
    DeadlineExceeded,
    ErrorKind,
    ProviderError,
    ScoutError,
    UnsupportedContent,
)
from scout_adapters.llm.adapters.adapter import AttemptRequest
from scout_adapters.llm.engine.attempt import Attempt, ReleaseUnlessMade
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.candidate_state import (
    CIRCUIT_OPEN,
    NO_KEY,
    CandidateState,
    CandidateStates,
    drop_smaller,
    no_attempt_error,
    redactor,
)
from scout_adapters.llm.engine.observers import AttemptEvent, Observer
from scout_adapters.llm.engine.record import AttemptRecord, summary_of, with_attempts
from scout_adapters.llm.engine.retry_policy import (
    RetryPolicy,
    RetryUsage,
    back_off,
    may_repeat,
    retry_state,
)
from scout_adapters.llm.health.circuit_breaker import Permit
from scout_adapters.llm.health.key_state import KeyState, Lease
from scout_adapters.llm.timeouts import NEVER, SHORTEST, StreamProgress
from scout_adapters.llm.types import ChatRequest

logger = logger_of(__name__)

CONTENT = frozenset({ErrorKind.CONTENT_INPUT, ErrorKind.CONTENT_OUTPUT})
LATE = "the deadline passed before the request could leave: a rate limiter or a callback took long"


class Attempts:
    """Iterate, sync or async, to try: `for attempt in attempts: with attempt: …`.

    Ends by raising: the error of the last attempt, or why none could be made, with all records.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        request: ChatRequest,
        retry_policy: RetryPolicy,
        *,
        observer: Observer | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self.request = request
        self.retry_policy = retry_policy
        self.clock = clock
        self.records: tuple[AttemptRecord, ...] = ()
        self._observer = observer
        self._progress = CandidateStates(candidates, clock.now())
        self._spent = RetryUsage(retry_policy, clock)
        self._waiting = 0.0
        self._again: tuple[CandidateState, KeyState | None] | None = None
        self._last: ScoutError | None = None
        self._final: ScoutError | None = None
        self._news: tuple[AttemptEvent, ...] = ()
        self._sent = 0
        self._sent_before = 0

    def __iter__(self) -> Attempts:
        return self

    def __aiter__(self) -> Attempts:
        return self

    def __next__(self) -> Attempt:
        while True:
            step = self._step()
            with ReleaseUnlessMade(step):
                self.notify()
                if isinstance(step, Attempt):
                    if not self._spent.acquire_limiter(step.candidate.limiter):
                        raise self._finish(DeadlineExceeded(LATE))
                    if self._affordable(step):
                        return step
                    continue
            if isinstance(step, ScoutError):
                raise step
            self.clock.sleep(step)

    async def __anext__(self) -> Attempt:
        while True:
            step = self._step()
            with ReleaseUnlessMade(step):
                await self.anotify()
                if isinstance(step, Attempt):
                    if not await self._spent.aacquire_limiter(step.candidate.limiter):
                        raise self._finish(DeadlineExceeded(LATE))
                    if self._affordable(step):
                        return step
                    continue
            if isinstance(step, ScoutError):
                raise step
            await self.clock.asleep(step)

    def notify(self) -> None:
        """Pass on what happened since the last time."""
        if self._news and self._observer:
            news, self._news = self._news, ()
            self._observer.notify(news)

    async def anotify(self) -> None:
        """Twin of `tell`."""
        if self._news and self._observer:
            news, self._news = self._news, ()
            await self._observer.anotify(news)

    def _affordable(self, attempt: Attempt) -> bool:
        """Ask the budgets; False where one sends the call on to somebody who costs less."""
        if self._observer is None:
            return True
        try:
            self._observer.on_proposal(attempt)
        except BudgetExceeded as error:
            if error.passes is None:
                raise self._finish(error) from error.__cause__
            self._pass_over(attempt, error)
            return False
        return True

    def _pass_over(self, attempt: Attempt, error: BudgetExceeded) -> None:
        """Undo an attempt that was not made, and go on with the next key or candidate."""
        attempt.give_back()
        self._sent -= 1
        self._spent.return_pause(attempt.waited)
        self._last = error
        progress = self._of(attempt)
        progress.not_made(attempt.lease if error.passes == "key" else None)
        self._skip(progress, str(error))

    def _of(self, attempt: Attempt) -> CandidateState:
        return next(p for p in self._progress if p.candidate is attempt.candidate)

    def on_attempt_start(self, attempt: Attempt) -> None:
        """Hear that a request is about to leave."""
        if self._observer:
            self._observer.on_start(attempt)

    def on_attempt_end(self, record: AttemptRecord) -> None:
        """Hear of an attempt after which nothing comes: a success, or one that was cancelled."""
        self._note(record)

    def on_attempt_failure(
        self, attempt: Attempt, record: AttemptRecord, error: ProviderError
    ) -> None:
        """Hear of a failure, and decide what comes next."""
        self._last = error
        self._decide(attempt, error)
        self._note(record, None if self._final else retry_state(attempt.number, error))

    def summary(self, attempt: Attempt, record: AttemptRecord) -> Json:
        """Return what `response_metadata["scout"]` says of the call."""
        return summary_of(record, self.records, attempt.request.prepared.changes)

    def _decide(self, attempt: Attempt, error: ProviderError) -> None:
        progress = self._of(attempt)
        policy, key = error.policy, attempt.lease
        if attempt.committed:
            self._final = error
        elif may_repeat(error, self.records) and (
            (pause := self._second_try(attempt, error)) is not None
        ):
            self._again, self._waiting = (progress, key.state if key else None), pause
        elif policy.next_key and (key is not None or policy.key_effect == "cooldown"):
            progress.avoid[key.key_id if key else NO_KEY] = self._rested(error)
            progress.missed += error.kind is ErrorKind.MODEL_NOT_FOUND
            progress.out = progress.out or progress.enough_keys
        elif policy.next_candidate or (
            error.kind in CONTENT and self.retry_policy.failover_on_refusal
        ):
            progress.out = True
            if error.kind is ErrorKind.CONTEXT_OVERFLOW:
                drop_smaller(self._progress.reached(), progress.candidate)
        else:
            self._final = error

    def _second_try(self, attempt: Attempt, error: ProviderError) -> float | None:
        """Return the pause before the same key is asked again; None if it is not."""
        endpoint = attempt.candidate.endpoint
        pause = self._pause(error)
        able = self._spent.affords_retry(pause) and endpoint.circuit.is_available(self.clock.now())
        if not able or not endpoint.retries.spend():
            return None
        self._spent.retries += 1
        return pause

    def _pause(self, error: ProviderError) -> float:
        if error.retry_after:  # a wait of zero is no wait: back off as if nothing had been said
            return error.retry_after
        return back_off(self._spent.retries + 1, error, self.clock.random())

    def _rested(self, error: ProviderError) -> float:
        """Return when this call may come back to a key that was refused."""
        if error.policy.key_effect != "cooldown":
            return NEVER
        return self.clock.now() + self._pause(error)

    @property
    def out_of_time(self) -> bool:
        """Whether the call's own deadline has passed: no fault of whoever is being asked."""
        return self._spent.left() <= SHORTEST  # no read begins with less

    def _step(self) -> Attempt | ScoutError | float:
        """Return the attempt to make, seconds to sleep first, or the error that ends the call."""
        if self._final is not None:
            return self._finish(self._final)
        if self.out_of_time:
            return self._finish(self._last or DeadlineExceeded("the call's deadline has passed"))
        if self._waiting:
            pause, self._waiting = self._waiting, 0.0
            return self._spent.sleep(pause)
        if self._again is not None:
            (progress, key), self._again = self._again, None
            if attempt := self._attempt(progress, key):
                return attempt
        return self._next() or self._wait_or_give_up()

    def _next(self) -> Attempt | None:
        """Take whoever is next in turn, and note why those before cannot be tried now."""
        tried = (self._attempt(one) for one in self._progress.reached() if not one.out)
        return next((attempt for attempt in tried if attempt), None)

    def _attempt(self, progress: CandidateState, again: KeyState | None = None) -> Attempt | None:
        """Take circuit and key of a candidate, or note why it cannot be tried now."""
        candidate, now = progress.candidate, self.clock.now()
        endpoint = candidate.endpoint
        if progress.prepared is None and not self._prepare(progress):
            return None
        permit = endpoint.circuit.permit(now)
        if permit is None:
            self._skip(progress, CIRCUIT_OPEN)
            return None
        lease = progress.lease(now, again)
        if isinstance(lease, str):
            endpoint.circuit.report(permit, "neutral", now)
            self._skip(progress, lease)
            return None
        return self._leave(progress, permit, lease)

    def _leave(self, progress: CandidateState, permit: Permit, lease: Lease | None) -> Attempt:
        assert progress.prepared is not None  # noqa: S101  # _attempt has seen to it
        if progress.keys_tried == 0:
            progress.candidate.endpoint.retries.called()
        self._sent += 1
        progress.keys_tried += 1
        key = lease.key if lease else None
        request = AttemptRequest(
            prepared=progress.prepared,
            key=key,
            key_id=lease.key_id if lease else None,
            timeouts=self._spent.timeouts(progress.candidate.timeouts),
            now=self.clock.now,
            watch=StreamProgress()
            if self.retry_policy.deadline is None
            else StreamProgress(self._spent.left),
            redact=redactor(lease),
        )
        return Attempt(
            call=self,
            candidate=progress.candidate,
            permit=permit,
            lease=lease,
            number=self._sent,
            waited=self._spent.take_pause(),
            request=request,
        )

    def _prepare(self, progress: CandidateState) -> bool:
        """Say the request in the candidate's words, once, whichever key will carry it."""
        candidate = progress.candidate
        try:
            progress.prepared = candidate.endpoint.adapter.prepare(candidate.request(self.request))
        except UnsupportedContent as error:
            progress.out = True
            self._last = self._last or error
            self._skip(progress, str(error))
            return False
        return True

    def _skip(self, progress: CandidateState, reason: str) -> None:
        if progress.noted == reason:
            return
        progress.noted = reason
        candidate = progress.candidate
        record = AttemptRecord(
            number=self._sent,
            provider=candidate.endpoint.name,
            model=candidate.model,
            outcome="skipped",
            reason=reason,
            ready_in_s=progress.ready_in(self.clock.now()),
        )
        self._note(record)

    def _note(self, record: AttemptRecord, retry: RetryCallState | None = None) -> None:
        self.records += (record,)
        observer = self._observer
        if observer is not None:
            observer.on_end(record)
            if retry is not None or observer.events:
                self._news += (AttemptEvent(record, retry),)

    def _wait_or_give_up(self) -> ScoutError | float:
        pause = self._ready_in()
        if pause is None:
            return self._finish(self._last or no_attempt_error(self.records, None))
        asked, self._sent_before = self._sent > self._sent_before, self._sent
        # A round that asked nobody (keys rest, circuits are open) costs time, and no retry.
        self._spent.retries += asked
        if not self._spent.affords_wait(pause):
            return self._finish(self._last or no_attempt_error(self.records, pause), pause)
        self._begin_round(self.clock.now() + pause)
        logger.warning("nobody can answer now: waiting %.1f s for the first to be ready", pause)
        return self._spent.sleep(pause)

    def _begin_round(self, at: float) -> None:
        """Let the keys whose time has come by then be tried again."""
        for progress in self._progress:
            progress.avoid = {key: due for key, due in progress.avoid.items() if due > at}

    def _ready_in(self) -> float | None:
        """Return the seconds until some candidate can be tried; None if none ever can be."""
        now = self.clock.now()
        soonest = min((p.ready_at(now) for p in self._progress if not p.out), default=NEVER)
        return None if soonest == NEVER else max(soonest - now, 0.001)

    def _finish(self, error: ScoutError, ready_in: float | None = None) -> ScoutError:
        """Put the whole story on the error; it is retryable only where a wait is known to help."""
        if self._news:  # no other attempt follows the last failure
            self._news = (*self._news[:-1], AttemptEvent(self._news[-1].record))
        return with_attempts(error, self.records, ready_in)

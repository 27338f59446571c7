"""How long and how often a call tries, and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from langchain_core.rate_limiters import BaseRateLimiter
from tenacity import RetryCallState, Retrying, wait_exponential

from scout_adapters._internal.clock import Clock
from scout_adapters.errors import BAD_CERTIFICATE, ErrorKind, ProviderError
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.llm.timeouts import NEVER, Timeouts

BACK_OFF = wait_exponential(multiplier=0.5, max=8)
LIMITER_PAUSE = 0.05
"""Seconds between two questions to a rate limiter: LangChain's say yes or no, never when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long and how often one call tries. Seconds; None is without end."""

    max_retries: int = 2
    """Second tries of the same key, and waits for a key or circuit to come back; per call."""

    max_wait: float = 30.0
    deadline: float | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    failover_on_refusal: bool = False
    """Whether a content policy's refusal goes to the next candidate."""


@dataclass(slots=True)
class RetryUsage:
    """What a call has spent of its patience."""

    retry_policy: RetryPolicy
    clock: Clock
    began: float = field(init=False)
    waited: float = 0.0
    retries: int = 0
    _before: float = 0.0

    def __post_init__(self) -> None:
        self.began = self.clock.now()

    def left(self) -> float:
        """Return the seconds until the deadline."""
        deadline = self.retry_policy.deadline
        return NEVER if deadline is None else deadline - (self.clock.now() - self.began)

    def timeouts(self, own: Timeouts | None = None) -> Timeouts:
        """Return the timeouts of an attempt that begins now; a candidate may have its `own`."""
        left, usual = self.left(), own or self.retry_policy.timeouts
        return usual if left == NEVER else usual.within(left)

    def affords_retry(self, pause: float) -> bool:
        """Tell whether there is another second try, and time to wait before it."""
        return self.retries < self.retry_policy.max_retries and self._affords(pause)

    def affords_wait(self, pause: float) -> bool:
        """Tell whether there is time to wait for a key or circuit; without retries there is not."""
        limit = self.retry_policy.max_retries
        return 0 < limit >= self.retries and self._affords(pause)

    def _affords(self, pause: float) -> bool:
        return self.waited + pause <= self.retry_policy.max_wait and pause < self.left()

    def acquire_limiter(self, limiter: BaseRateLimiter | None) -> bool:
        """Wait for a candidate's own rate limiter; False where the deadline came first."""
        endless = self.retry_policy.deadline is None
        while limiter is not None and not limiter.acquire(blocking=endless):
            if self.left() <= 0:
                return False
            self.clock.sleep(LIMITER_PAUSE)
        return self.left() > 0  # those who are told of failures may take their time

    async def aacquire_limiter(self, limiter: BaseRateLimiter | None) -> bool:
        """Twin of `admit`."""
        endless = self.retry_policy.deadline is None
        while limiter is not None and not await limiter.aacquire(blocking=endless):
            if self.left() <= 0:
                return False
            await self.clock.asleep(LIMITER_PAUSE)
        return self.left() > 0

    def sleep(self, pause: float) -> float:
        """Book a pause that is about to be slept."""
        self.waited += pause
        self._before += pause
        return pause

    def take_pause(self) -> float:
        """Return the seconds slept since the last attempt."""
        before, self._before = self._before, 0.0
        return before

    def return_pause(self, seconds: float) -> None:
        """Leave a pause to the attempt that is made in the place of another."""
        self._before += seconds


def may_repeat(error: ProviderError, before: Sequence[AttemptRecord]) -> bool:
    """Tell whether the same key may be asked again, after what was noted `before`.

    An answer that came and cannot be read is paid for. A request that left and was not answered
    may be, and leaves once more at the most: servers often drop an idle connection like that. A
    server that has waited in vain for the request has done nothing that it could bill. And what a
    server shows of itself will be the same the next time.
    """
    if error.kind is ErrorKind.PROTOCOL:
        known = (record.outcome for record in before)
        return error.phase == "sent" and ErrorKind.PROTOCOL not in known
    if error.code == BAD_CERTIFICATE:
        return False
    return error.policy.same_key or error.status == HTTPStatus.REQUEST_TIMEOUT


def retry_state(number: int, error: BaseException) -> RetryCallState:
    """Say a failure in tenacity's words, which LangChain's `on_retry` takes."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = number
    state.set_exception((type(error), error, error.__traceback__))
    return state


def back_off(number: int, error: BaseException, chance: float) -> float:
    """Return the seconds before the second try of that number: 0.5, 1, 2, …, 8, less up to half."""
    return float(BACK_OFF(retry_state(number, error))) * (0.5 + 0.5 * chance)

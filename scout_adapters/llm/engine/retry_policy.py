"""How long and how often a call tries: limits, back-off, and what may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Literal

from langchain_core.rate_limiters import BaseRateLimiter
from tenacity import RetryCallState, Retrying, wait_exponential

from scout_adapters._internal.clock import Clock
from scout_adapters.errors import BAD_CERTIFICATE, ConfigurationError, ErrorKind, ProviderError
from scout_adapters.errors.option_values import check_seconds
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.llm.timeouts import LONGEST, NEVER, Timeouts

BACK_OFF = wait_exponential(multiplier=0.5, max=8)
"""Seconds: 0.5, 1, 2, 4, then 8."""

LIMITER_PAUSE = 0.05
"""Seconds between two tries to acquire a rate limiter: LangChain's return no waiting time."""


RAMP_RESERVE = 2.0
"""Seconds: a call with less time left does not wait while others try a key after a cooldown."""


KeyAffinityChoice = Literal["auto", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Limits of one call's retries. Units: seconds; None is unlimited."""

    max_retries: int = 2
    """Retries with the same key, plus waits for a key or circuit; per call."""

    max_wait: float = 30.0
    """Seconds that a call may sleep between attempts, in total."""

    deadline: float | None = None
    """Seconds for the whole call, over all attempts."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    failover_on_refusal: bool = False
    """Whether the next candidate is tried after a content policy's refusal, also under a 200."""

    key_affinity: KeyAffinityChoice = "auto"
    """Whether a conversation keeps to the key in whose account its prompt is cached."""

    def __post_init__(self) -> None:
        """Raise `ConfigurationError` for a limit that is no number, or a wrong `key_affinity`."""
        for name in ("max_retries", "max_wait", "deadline"):
            check_seconds(name, getattr(self, name))
        if self.deadline is not None and self.deadline > LONGEST:
            object.__setattr__(self, "deadline", None)
        if self.key_affinity not in {"auto", "off"}:
            raise ConfigurationError(f'key_affinity={self.key_affinity!r}: use "auto" or "off"')


@lru_cache(maxsize=256)
def usual_policy(
    max_retries: int,
    max_wait: float,
    deadline: float | None,
    *,
    failover_on_refusal: bool,
    key_affinity: KeyAffinityChoice,
) -> RetryPolicy:
    """Return the policy with these limits and default timeouts; cached by its arguments."""
    return RetryPolicy(
        max_retries=max_retries,
        max_wait=max_wait,
        deadline=deadline,
        failover_on_refusal=failover_on_refusal,
        key_affinity=key_affinity,
    )


@dataclass(slots=True)
class RetryUsage:
    """What a call has used of its `RetryPolicy`."""

    retry_policy: RetryPolicy
    clock: Clock
    began: float = field(init=False)
    waited: float = 0.0
    retries: int = 0
    _before: float = 0.0

    def __post_init__(self) -> None:
        self.began = self.clock.now()

    @property
    def deadline(self) -> float:
        """Time of the clock at which the call must be over."""
        seconds = self.retry_policy.deadline
        return NEVER if seconds is None else self.began + seconds

    def left(self) -> float:
        """Return the seconds until the deadline."""
        deadline = self.retry_policy.deadline
        return NEVER if deadline is None else deadline - (self.clock.now() - self.began)

    def timeouts(self, own: Timeouts | None = None) -> Timeouts:
        """Return the timeouts of an attempt that starts now; `own` are the candidate's."""
        usual = own or self.retry_policy.timeouts
        return usual if self.retry_policy.deadline is None else usual.within(self.left())

    def affords_retry(self, pause: float) -> bool:
        """Return whether the call may sleep `pause` seconds and then retry."""
        return self.retries < self.retry_policy.max_retries and self.affords(pause)

    def affords_wait(self, pause: float) -> bool:
        """Return whether the call may sleep `pause` seconds until a key or circuit is ready.

        A call without retries does not wait.
        """
        limit = self.retry_policy.max_retries
        return 0 < limit >= self.retries and self.affords(pause)

    def affords_ramp(self) -> bool:
        """Return whether the call has time to wait while other calls try a key after a cooldown."""
        policy = self.retry_policy
        if policy.deadline is None:  # `affords_wait` in one step: every call comes here
            reserved = self.waited + RAMP_RESERVE <= policy.max_wait
            return reserved and 0 < policy.max_retries >= self.retries
        return self.affords_wait(RAMP_RESERVE)

    @property
    def patience(self) -> float:
        """Seconds that the call may still sleep."""
        return min(self.retry_policy.max_wait - self.waited, self.left())

    def affords(self, pause: float) -> bool:
        """Return whether a sleep of `pause` seconds fits in `max_wait` and the deadline."""
        return self.waited + pause <= self.retry_policy.max_wait and pause < self.left()

    def back_off(self, error: ProviderError) -> float:
        """Return the seconds before the next retry: the server's if it states any, or ours."""
        # 0 counts as no value.
        return error.retry_after or back_off(self.retries + 1, error, self.clock.random())

    def key_due_at(self, error: ProviderError) -> float:
        """Return when the call may use a refused key again (monotonic seconds)."""
        if error.policy.key_effect != "cooldown":
            return NEVER
        return self.clock.now() + self.back_off(error)

    def acquire_limiter(self, limiter: BaseRateLimiter | None) -> bool:
        """Wait for the candidate's rate limiter. Return False if the deadline passed first."""
        endless = self.retry_policy.deadline is None
        while limiter is not None and not limiter.acquire(blocking=endless):
            if self.left() <= 0:
                return False
            self.clock.sleep(LIMITER_PAUSE)
        return endless or self.left() > 0  # callbacks for earlier failures take time as well

    async def aacquire_limiter(self, limiter: BaseRateLimiter | None) -> bool:
        """Twin of `acquire_limiter`."""
        endless = self.retry_policy.deadline is None
        while limiter is not None and not await limiter.aacquire(blocking=endless):
            if self.left() <= 0:
                return False
            await self.clock.asleep(LIMITER_PAUSE)
        return endless or self.left() > 0

    def sleep(self, pause: float) -> float:
        """Count a pause that is about to be slept, and return it."""
        self.waited += pause
        self._before += pause
        return pause

    def shorten(self, seconds: float) -> None:
        """Correct a counted pause that ended `seconds` sooner; later if `seconds` is negative."""
        self.waited -= seconds
        self._before -= seconds

    def take_pause(self) -> float:
        """Return the seconds slept since the last attempt, and reset them."""
        before, self._before = self._before, 0.0
        return before

    def return_pause(self, seconds: float) -> None:
        """Add the pause of a stopped attempt to that of the attempt that replaces it."""
        self._before += seconds


def may_repeat(error: ProviderError, before: Sequence[AttemptRecord]) -> bool:
    """Return whether the same request may be sent again with the same key.

    * An answer that arrived and cannot be parsed is billed: no.
    * A request that left without an answer may be billed: once, because servers often drop an
      idle connection like that.
    * A 408 means that the server did not receive the whole request, so it billed nothing: yes.
    * A bad certificate does not change: no.
    * A broken tool call, or an error inside an answer of status 200, may be billed: once.
    """
    if error.kind is ErrorKind.PROTOCOL:
        outcomes = (record.outcome for record in before)
        return error.phase == "sent" and ErrorKind.PROTOCOL not in outcomes
    if error.code == BAD_CERTIFICATE:
        return False
    inside = _is_inside_answer(error.status)
    if (inside or error.kind is ErrorKind.TOOL_CALL_INVALID) and any(
        record.outcome == error.kind and _is_inside_answer(record.status) == inside
        for record in before
    ):
        return False
    return error.policy.same_key or error.status == HTTPStatus.REQUEST_TIMEOUT


def _is_inside_answer(status: int | None) -> bool:
    """Return whether an error of this HTTP status came inside an answer."""
    return status is not None and status < HTTPStatus.BAD_REQUEST


def retry_state(number: int, error: BaseException) -> RetryCallState:
    """Return a failure as tenacity's `RetryCallState`, the argument of LangChain's `on_retry`."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = number
    state.set_exception((type(error), error, error.__traceback__))
    return state


def back_off(number: int, error: BaseException, chance: float) -> float:
    """Return the seconds before retry `number`: 0.5, 1, 2, … 8, minus up to half by `chance`."""
    return float(BACK_OFF(retry_state(number, error))) * (0.5 + 0.5 * chance)

"""Limits that the emulator enforces: `Emulator(keys={"groq": {"k": AccountLimits(rpm=30)}})`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from scout_adapters.testing.faults.refusals import Fault
from scout_adapters.testing.faults.retry_after_forms import go_duration

if TYPE_CHECKING:
    from scout_adapters.testing.faults.context import FaultContext
    from scout_adapters.testing.faults.retry_after_forms import RetryAfterForm
    from scout_adapters.testing.http_messages import HttpReply

MINUTE = 60.0
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class AccountLimits(Fault):
    """Requests and tokens per minute of an account; beyond them its requests are refused with 429.

    The keys that have the same value are keys of one account. `window` is `"bucket"`, which refills
    continuously and holds a minute's worth at most, as Anthropic documents it
    (https://platform.claude.com/docs/en/api/rate-limits), or `"minute"`: a count that starts again
    every 60 seconds. A request takes its input and output tokens when it arrives; a refused one
    takes nothing. The rate-limit headers of answers have the limits, what is left, and when a limit
    is full again. `clock` returns seconds.
    """

    rpm: float | None = None
    tpm: float | None = None
    window: Literal["bucket", "minute"] = "bucket"
    clock: Callable[[], float] = time.monotonic
    _use: _AccountUse = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_use", _AccountUse(self.clock()))

    def play(self, context: FaultContext) -> HttpReply:
        """Return the answer, or a refusal with the seconds until there is room again."""
        reply = context.good()
        if not reply.billed:
            return reply
        wait = self._take(reply.spent.input + reply.spent.output)
        if not wait:
            return replace(reply, headers={**reply.headers, **self._stated(reply.headers, context)})
        return context.refuse("rate_limited", wait=context.wait(wait, "own"))

    def _stated(self, headers: Mapping[str, str], context: FaultContext) -> dict[str, str]:
        """Return the rate-limit headers of an answer with the values of this account."""
        with self._use.lock:
            now = self.clock()
            used = self._use.seconds_at(now, self.window)
        full = used if self.window == "bucket" else [self._use.start + MINUTE - now] * 2
        stated = {}
        for name, usual in headers.items():
            words = set(name.partition("ratelimit-")[2].split("-"))
            for number, (counts, limit) in enumerate(
                (("requests", self.rpm), ("tokens", self.tpm))
            ):
                if counts in words and limit is not None:
                    left = max(0.0, limit - used[number] * limit / MINUTE)
                    wait = context.wait(full[number], "own")
                    stated[name] = _value(words, usual, limit, left, wait)
        return stated

    def _take(self, tokens: int) -> float:
        """Count a request, and return 0; or return the seconds until there is room for it."""
        pairs = [(1.0, self.rpm), (float(tokens), self.tpm)]
        costs = [(cost * MINUTE / limit if limit else 0.0) for cost, limit in pairs]
        with self._use.lock:
            used = self._use.seconds_at(self.clock(), self.window)
            sums = [before + cost for before, cost in zip(used, costs, strict=True)]
            beyond = max(sums) - MINUTE
            if beyond <= 0:
                self._use.seconds = sums
                return 0.0
            return beyond if self.window == "bucket" else self._use.start + MINUTE - self.clock()


def _value(words: set[str], usual: str, limit: float, left: float, wait: RetryAfterForm) -> str:
    """Return the value of a header whose name has these words, in the form of its usual value."""
    if "reset" in words:
        return wait.resets if "T" in usual else go_duration(wait.seconds)
    return str(int((left if "remaining" in words else limit) + _ROUNDING))


@dataclass(slots=True)
class _AccountUse:
    """How much of the two limits is used, in seconds of them."""

    start: float
    """Start of the window, or the time of the last check of a bucket."""

    seconds: list[float] = field(default_factory=lambda: [0.0, 0.0])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def seconds_at(self, now: float, window: str) -> list[float]:
        passed = now - self.start
        if window == "bucket":
            self.seconds = [max(0.0, used - passed) for used in self.seconds]
            self.start = now
        elif passed >= MINUTE:
            self.seconds = [0.0, 0.0]
            self.start += MINUTE * (passed // MINUTE)
        return self.seconds

"""One circuit per provider and address: enough faults open it, and good probes close it."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters._internal.logs import logger_of

logger = logger_of(__name__)

FAILURE_THRESHOLD = 5
COOLDOWN_SECONDS = 30.0
GOOD_PROBES = 2
ASIDE_SECONDS = 3600.0
"""So long a provider that does not serve this place is asked only after all others."""

PROBE_LEASE_SECONDS = 600.0
"""A probe that never reports back blocks the next one no longer than this."""

PROBE_POLL_SECONDS = 1.0
"""How long to wait before asking again whether a probe has come back."""

Outcome = Literal["good", "fault", "neutral"]


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to call; give it back with the outcome. Old ones are ignored."""

    era: int
    since: float
    probe: bool = False


class CircuitBreaker:
    """Counts a provider's faults in a row. Times are monotonic seconds.

    In a row means one after the other: of many calls at once, those that fail come back first, and
    are one fault, for none of them began after another had failed.
    """

    def __init__(
        self,
        name: str = "",
        *,
        threshold: int = FAILURE_THRESHOLD,
        cooldown: float = COOLDOWN_SECONDS,
    ) -> None:
        self.name = name
        self.threshold = threshold
        self.cooldown = cooldown
        self.faults = 0
        self.open_until: float | None = None
        self.last_success = float("-inf")
        self._aside_until = float("-inf")
        self._era = 0
        self._good_probes = 0
        self._probe_since: float | None = None
        self._last_fault = float("-inf")
        self._lock = fork_safe_lock()

    def ready_at(self, now: float) -> float:
        """Return when a call is let through; `now` if it would be. Changes nothing."""
        if self.open_until is None:
            return now
        if self._probe_since is not None:
            # Another call is trying it out: its outcome may come any moment.
            lost = self._probe_since + PROBE_LEASE_SECONDS
            return max(self.open_until, min(lost, now + PROBE_POLL_SECONDS))
        return max(now, self.open_until)

    def is_available(self, now: float | None = None) -> bool:
        """Tell whether a call would be let through. Changes nothing."""
        now = time.monotonic() if now is None else now
        return self.ready_at(now) <= now

    def permit(self, now: float) -> Permit | None:
        """Let a call through, or not; while open, one probe at a time once the rest is over."""
        if self.open_until is None:
            return Permit(self._era, now)
        with self._lock:
            if self.open_until is None:
                return Permit(self._era, now)
            if self.ready_at(now) > now:
                return None
            if self._probe_since is not None:
                self._era += 1  # a probe was lost: should it still report, it comes too late
            self._probe_since = now
            return Permit(self._era, now, probe=True)

    def report(self, permit: Permit, outcome: Outcome, now: float) -> None:
        """Book what came of a call. Results from before a change of state are ignored."""
        if outcome == "good":
            self.last_success = now
        if outcome == "good" and not permit.probe and self.faults == 0:
            return
        with self._lock:
            if permit.era != self._era:
                return
            if permit.probe:
                self._probe_since = None
            if outcome == "fault" and permit.since >= self._last_fault:
                self._fault(now)
            elif outcome == "good":
                self._good(probe=permit.probe)

    def set_aside(self, now: float) -> None:
        """Have all others asked first for an hour: the provider does not serve this place."""
        self._aside_until = now + ASIDE_SECONDS

    def is_aside(self, now: float) -> bool:
        """Tell whether all others are asked first."""
        return now < self._aside_until

    def trip(self, now: float) -> None:
        """Open at once, whatever was counted."""
        with self._lock:
            self._open(now)

    def record(self, outcome: Outcome, now: float) -> None:
        """Book an outcome of a call that asked for no permit; ignored while the circuit rests."""
        with self._lock:
            if self.open_until is not None and now < self.open_until:
                return  # the call began before the circuit opened
            if outcome == "fault":
                self._fault(now)
            elif outcome == "good":
                self._good(probe=self.open_until is not None)

    def _fault(self, now: float) -> None:
        self.faults += 1
        self._last_fault = now
        if self.open_until is not None or self.faults >= self.threshold:
            self._open(now)

    def _good(self, *, probe: bool) -> None:
        self.faults = 0
        if not probe:
            return
        self._good_probes += 1
        if self._good_probes >= GOOD_PROBES:
            self.open_until = None
            self._change()
            logger.info("circuit of %s closed", self.name)

    def _open(self, now: float) -> None:
        self.open_until = now + self.cooldown
        self._change()
        logger.warning("circuit of %s open for %.0f s", self.name, self.cooldown)

    def _change(self) -> None:
        self._era += 1
        self._good_probes = 0
        self._probe_since = None
        self.faults = 0


_breakers: dict[tuple[str, str], CircuitBreaker] = {}


def circuit(provider: str, base_url: str = "") -> CircuitBreaker:
    """Return the circuit of a provider at an address; "" is the provider's own address."""
    found = _breakers.get((provider, base_url))
    return found or _breakers.setdefault((provider, base_url), CircuitBreaker(provider))


def is_provider_available(provider: str) -> bool:
    """Tell whether the provider's circuit lets calls through."""
    return circuit(provider).is_available()


def record_success(provider: str) -> None:
    """Book that the provider answered."""
    if not in_function_call.get():
        circuit(provider).record("good", time.monotonic())


def record_failure(provider: str, *, permanent: bool = False) -> None:
    """Book that the provider failed; a permanent error is its key's fault and does not count."""
    if not permanent and not in_function_call.get():
        circuit(provider).record("fault", time.monotonic())


in_function_call: ContextVar[bool] = ContextVar("scout_in_function_call", default=False)
"""Set while a user's function runs within an attempt: what it books by hand is booked already."""

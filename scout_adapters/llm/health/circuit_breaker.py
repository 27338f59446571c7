"""Circuit breakers, one per provider and address: faults in a row open it, good probes close it."""

from __future__ import annotations

import time
from collections import deque
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol
from weakref import WeakValueDictionary, ref

from scout_adapters._internal.fork import call_after_fork, fork_safe_lock
from scout_adapters._internal.logs import logger_of

if TYPE_CHECKING:
    from scout_adapters.llm.health.shared_subject import SharedSubject

logger = logger_of(__name__)

FAILURE_THRESHOLD = 5
"""Faults in a row that open a circuit."""

COOLDOWN_SECONDS = 30.0
"""Seconds for which a circuit is open before the first probe."""

GOOD_PROBES = 2
"""Successful probes that close a circuit."""

ASIDE_SECONDS = 3600.0
"""Seconds for which a provider that does not serve this region is tried after all others."""

SAME_OPEN_SECONDS = 1.0
"""Seconds: a circuit that another process opened so little longer is open for the same reason; its
own fact, read back from a store, must not make it ignore the report of its probe."""

PROBE_LEASE_SECONDS = 600.0
"""Seconds after which a probe that did not report counts as lost, so that another may start."""

PROBE_POLL_SECONDS = 1.0
"""Seconds between two checks whether a running probe has reported."""

MAX_UNUSED_CIRCUITS = 4096
"""Number of circuits that are remembered after their last client is gone; the newest ones."""

Outcome = Literal["good", "fault", "neutral"]


class Permit(NamedTuple):
    """Permission for one call, whose outcome goes to `CircuitBreaker.report`.

    Reports of an older generation, from before the circuit last opened or closed, are ignored.
    """

    generation: int
    since: float
    probe: bool = False


class PermitOwner(Protocol):
    """A call that receives a probe's permit before the circuit counts it, and always reports it."""

    permit: Permit | None


class CircuitBreaker:
    """Counts a provider's faults in a row. All times are monotonic seconds.

    Concurrent calls that fail together count as one fault: a fault counts only if its call started
    after the fault before it.
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
        self.shared: SharedSubject | None = None
        self._aside_until = float("-inf")
        self._generation = 0
        self._good_probes = 0
        self._probe_since: float | None = None
        self._others_probe_until = float("-inf")
        self._last_fault = float("-inf")
        self.lock = fork_safe_lock()
        """Held while the state changes; acquire it to change it in one step with something else."""

    def ready_at(self, now: float) -> float:
        """Return when a call is permitted; `now` if it is permitted now. Changes no state."""
        open_until, probe_since = self.open_until, self._probe_since  # once: both may end meanwhile
        if open_until is None:
            return now
        if probe_since is not None:
            # A probe is running, and may report at any moment.
            lost = probe_since + PROBE_LEASE_SECONDS
            return max(open_until, min(lost, now + PROBE_POLL_SECONDS))
        if self._others_probe_until > now:
            return max(open_until, min(self._others_probe_until, now + PROBE_POLL_SECONDS))
        return max(now, open_until)

    def is_available(self, now: float | None = None) -> bool:
        """Return whether a call is permitted. Changes no state."""
        now = time.monotonic() if now is None else now
        return self.ready_at(now) <= now

    def permit(self, now: float, owner: PermitOwner | None = None) -> Permit | None:
        """Return a permit for one call; None while the circuit is open.

        After the cooldown, an open circuit permits one probe at a time. `owner.permit` is set
        before the probe counts as running.
        """
        if self.open_until is None:
            return Permit(self._generation, now)
        try:
            return self._probe(now, owner)
        except BaseException:  # raised again; Ctrl-C: the probe's permit may be lost
            if self._probe_since == now:
                self._end_probe("neutral")
            raise

    def _probe(self, now: float, owner: PermitOwner | None) -> Permit | None:
        with self.lock:
            if self.open_until is None:
                return Permit(self._generation, now)
            if self.ready_at(now) > now:
                return None
            if self._probe_since is not None:
                self._generation += 1  # the lost probe's report will be ignored
            permit = Permit(self._generation, now, probe=True)
            if owner is not None:
                owner.permit = permit
            self._probe_since = now
            if self.shared is not None:
                self.shared.start_probe()
            return permit

    def lose_probe(self) -> None:
        """Permit another probe: the running one will not report."""
        self._probe_since = None

    def report(self, permit: Permit, outcome: Outcome, now: float) -> None:
        """Record the outcome of a permitted call, unless the state has changed since the permit."""
        if outcome == "good":
            self.last_success = now
        if outcome == "good" and not permit.probe and self.faults == 0:
            return
        with self.lock:
            if permit.generation != self._generation:
                return
            if permit.probe and permit.since == self._probe_since:  # it may be reported twice
                self._end_probe(outcome)
            if outcome == "fault" and permit.since >= self._last_fault:
                self._record_fault(now)
            elif outcome == "good":
                self._record_success(probe=permit.probe)

    def _end_probe(self, outcome: Outcome) -> None:
        self._probe_since = None
        if self.shared is not None:
            self.shared.end_probe(self._good_probes + (outcome == "good"))

    def set_aside(self, now: float) -> None:
        """Try all other providers first for an hour: this one does not serve this region."""
        self._aside_until = now + ASIDE_SECONDS

    def is_aside(self, now: float) -> bool:
        """Return whether all other providers are tried first."""
        return now < self._aside_until

    def trip(self, now: float) -> None:
        """Open the circuit immediately, whatever the number of faults."""
        with self.lock:
            self._open(now)

    def record(self, outcome: Outcome, now: float) -> None:
        """Record the outcome of a call without a permit; ignored during the cooldown."""
        with self.lock:
            if self.open_until is not None and now < self.open_until:
                return  # the call started before the circuit opened
            if outcome == "fault":
                self._record_fault(now)
            elif outcome == "good":
                self._record_success(probe=self.open_until is not None)

    def reset(self) -> None:
        """Close the circuit and forget all outcomes; results of calls in progress are ignored."""
        with self.lock:
            self.open_until = None
            self.last_success = self._aside_until = self._last_fault = float("-inf")
            self._start_generation()

    def adopt_open(self, until: float) -> None:
        """Open the circuit until `until`, as another process did."""
        with self.lock:
            if self.open_until is None or self.open_until + SAME_OPEN_SECONDS < until:
                self.open_until = until
                self._start_generation()

    def adopt_closed(self) -> None:
        """Close the circuit, as another process did after its probes."""
        with self.lock:
            if self.open_until is not None:
                self.open_until = None
                self._start_generation()

    def adopt_probe(self, until: float) -> None:
        """Permit no probe before that of another process has ended, or before `until`."""
        with self.lock:
            if self.open_until is not None and self._probe_since is None:
                self._others_probe_until = until

    def adopt_probe_end(self, good_probes: int) -> None:
        """Permit the next probe, because that of another process has ended.

        `good_probes`: how many probes have succeeded so far.
        """
        with self.lock:
            self._others_probe_until = float("-inf")
            if self.open_until is not None:
                self._good_probes = max(self._good_probes, good_probes)

    def _record_fault(self, now: float) -> None:
        self.faults += 1
        self._last_fault = now
        if self.open_until is not None or self.faults >= self.threshold:
            self._open(now)

    def _record_success(self, *, probe: bool) -> None:
        self.faults = 0
        if not probe:
            return
        self._good_probes += 1
        if self._good_probes >= GOOD_PROBES:
            self.open_until = None
            self._start_generation()
            logger.info("circuit of %s is closed", self.name)
            if self.shared is not None:
                self.shared.close()

    def _open(self, now: float) -> None:
        self.open_until = now + self.cooldown
        self._start_generation()
        logger.warning("circuit of %s is open for %.0f s", self.name, self.cooldown)
        if self.shared is not None:
            self.shared.open(self.cooldown)

    def _start_generation(self) -> None:
        self._generation += 1
        self._good_probes = 0
        self._probe_since = None
        self._others_probe_until = float("-inf")
        self.faults = 0


_breakers: WeakValueDictionary[tuple[str, str], CircuitBreaker] = WeakValueDictionary()
_dropped: list[ref[CircuitBreaker]] = []
"""Circuits that a reset has dropped; models that exist still use them."""

_own_addresses: dict[str, CircuitBreaker] = {}
"""By provider: the circuit of the default address, which is never dropped."""

_newest: deque[CircuitBreaker] = deque(maxlen=MAX_UNUSED_CIRCUITS)
_breakers_lock = fork_safe_lock()


def _lose_probes() -> None:
    """Permit new probes in a forked child: those of the parent do not report here."""
    for breaker in list(_breakers.values()):
        breaker.lose_probe()


call_after_fork(_lose_probes)


def circuit(provider: str, base_url: str = "") -> CircuitBreaker:
    """Return the circuit of a provider at an address; "" is the provider's default address."""
    if (breaker := _breakers.get((provider, base_url))) is not None:
        return breaker
    with _breakers_lock:
        breaker = _breakers.setdefault((provider, base_url), CircuitBreaker(provider))
        if base_url:
            _newest.append(breaker)
        else:
            _own_addresses[provider] = breaker
        return breaker


def all_circuits() -> list[CircuitBreaker]:
    """Return the circuits of all providers and addresses that are remembered."""
    return list(_breakers.values())


def reset_circuits() -> None:
    """Reset and drop every circuit; the next use of a provider creates a new one."""
    used = [*_breakers.values(), *(known for drop in _dropped if (known := drop()) is not None)]
    for breaker in used:
        breaker.reset()
    _dropped[:] = map(ref, used)
    _breakers.clear()
    _own_addresses.clear()
    _newest.clear()


def is_provider_available(provider: str) -> bool:
    """Return whether the provider's circuit permits a call."""
    return circuit(provider).is_available()


def record_success(provider: str) -> None:
    """Record that the provider answered."""
    if not in_function_call.get():
        circuit(provider).record("good", time.monotonic())


def record_failure(provider: str, *, permanent: bool = False) -> None:
    """Record that the provider failed; a permanent error is the key's fault and does not count."""
    if not permanent and not in_function_call.get():
        circuit(provider).record("fault", time.monotonic())


in_function_call: ContextVar[bool] = ContextVar("scout_in_function_call", default=False)
"""Whether a provider function is running inside an attempt, which records the outcome itself; the
function's own `record_*` calls are ignored then."""

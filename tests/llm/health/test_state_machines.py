"""Keys and circuits against models so plain that one can see that they are right."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from scout_adapters.llm.health.circuit_breaker import PROBE_LEASE_SECONDS, CircuitBreaker, Permit
from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import CooldownRules, KeyState, Lease

MODELS = st.sampled_from(["big", "small"])
WAITS = st.sampled_from([None, 0.0, 5.0, 500.0, 90_000.0])


class PlainKey:
    """What should be known of a key, as plainly as can be."""

    def __init__(self) -> None:
        self.failures = 0
        self.marks = 0
        """Failures since the last rest; a rest that is over leaves none."""

        self.in_flight = 0
        self.used = 0.0
        self.rests: dict[str | None, float] = {}
        self.refused_until: float | None = None
        self.rejected = False
        """Whether the key itself was refused, not an account without credit."""

        self.times_refused = 0
        self.last_refusal = self.last_failure = float("-inf")

    def ready(self, model: str, now: float) -> bool:
        if self.refused_until is not None and (now < self.refused_until or self.in_flight):
            return False
        return all(self.rests.get(name, 0.0) <= now for name in (None, model))

    @property
    def rank(self) -> tuple[bool, int, int, float]:
        """A rejected key that is due comes last; then the idler, the less marked, the rested."""
        rejected = self.refused_until is not None and self.rejected
        return (rejected, self.in_flight, self.marks, self.used)


class Keys(RuleBasedStateMachine):
    """Leases and outcomes in any order; health must follow the rules."""

    leases = Bundle("leases")

    @initialize(names=st.sampled_from(["a", "ab", "abc"]))
    def begin(self, names: str) -> None:
        self.names = names
        self.now = 1000.0
        self.rules = CooldownRules(default_cooldown=10.0, max_failures_before_cooldown=2)
        self.pool = KeyPool("groq", [KeyState(key) for key in self.names], self.rules)
        self.plain = {key: PlainKey() for key in self.names}

    @rule(seconds=st.sampled_from([0.5, 4.0, 11.0, 700.0, 3600.0, 90_000.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=leases, model=MODELS)
    def lease(self, model: str) -> object:
        lease = self.pool.lease(model, self.now)
        ready = {key for key, plain in self.plain.items() if plain.ready(model, self.now)}
        if lease is None:
            assert not ready
            return multiple()
        plain = self.plain[lease.key]
        assert lease.key in ready
        assert lease.probe == (plain.refused_until is not None)
        assert plain.rank == min(self.plain[key].rank for key in ready)
        plain.in_flight += 1
        plain.used = self.now
        return (lease, model)

    @rule(leased=consumes(leases))
    def release(self, leased: tuple[Lease, str]) -> None:
        self.pool.release(leased[0])
        self.plain[leased[0].key].in_flight -= 1

    @rule(leased=consumes(leases))
    def succeed(self, leased: tuple[Lease, str]) -> None:
        lease, model = leased
        self.pool.succeed(lease, model)
        plain = self.plain[lease.key]
        plain.in_flight -= 1
        if lease.started < plain.last_failure:
            return
        if lease.probe:
            plain.refused_until, plain.times_refused = None, 0
        plain.failures = plain.marks = 0
        plain.rests.pop(None, None)
        plain.rests.pop(model, None)

    @rule(leased=consumes(leases), wait=WAITS, window=st.booleans())
    def limited(self, leased: tuple[Lease, str], wait: float | None, window: bool) -> None:
        lease, model = leased
        self.pool.fail(
            lease, "cooldown", now=self.now, model=model, retry_after=wait, window=window
        )
        plain = self.plain[lease.key]
        plain.in_flight -= 1
        plain.failures += 1
        plain.marks += 1
        plain.last_failure = self.now
        if wait:
            self.rest(plain, model, wait if window else min(wait, 3600.0))
        elif plain.failures >= 2:
            self.rest(plain, None, min(10.0 * 2 ** (plain.failures - 2), 3600.0))

    def rest(self, plain: PlainKey, model: str | None, wait: float) -> None:
        plain.rests[model] = max(plain.rests.get(model, 0.0), self.now + wait)
        plain.marks = 0

    @rule(leased=consumes(leases), effect=st.sampled_from(["quarantine", "refuse"]))
    def refused(self, leased: tuple[Lease, str], effect: str) -> None:
        lease, model = leased
        self.pool.fail(lease, effect, now=self.now, model=model)  # type: ignore[arg-type]  # a literal
        plain = self.plain[lease.key]
        plain.in_flight -= 1
        if lease.started <= plain.last_refusal:
            return
        rest = min(3600.0 * 2**plain.times_refused, 24 * 3600.0)
        plain.refused_until = max(plain.refused_until or 0.0, self.now + rest)
        plain.rejected = effect == "refuse"
        plain.times_refused += 1
        plain.failures += 1
        plain.marks = 0
        plain.last_failure = plain.last_refusal = self.now

    @invariant()
    def health_follows_the_rules(self) -> None:
        for state in getattr(self, "pool", ()):
            plain = self.plain[state.key]
            assert (state.failures, state.in_flight) == (plain.failures, plain.in_flight)
            assert state.marks == plain.marks
            assert state.permanently_failed == (plain.refused_until is not None)
            assert state.is_rejected == (plain.refused_until is not None and plain.rejected)
            for model in ("big", "small"):
                expected = max(plain.rests.get(None, 0.0), plain.rests.get(model, 0.0))
                expected = max(expected, plain.refused_until or 0.0)
                assert max(state.ready_at(model), self.now) == max(expected, self.now)


class Circuit(RuleBasedStateMachine):
    """Permits and outcomes in any order, against a count of faults and good probes."""

    permits = Bundle("permits")

    @initialize()
    def begin(self) -> None:
        self.now = 1000.0
        self.breaker = CircuitBreaker(threshold=3, cooldown=30.0)
        self.open_until: float | None = None
        self.faults = self.good_probes = 0
        self.probe: Permit | None = None
        self.probe_began = 0.0
        self.current: list[Permit] = []
        """Permits that were given since the last change of state."""
        self.begun: dict[int, float] = {}
        self.last_fault = 0.0

    @rule(seconds=st.sampled_from([1.0, 29.0, 31.0, PROBE_LEASE_SECONDS]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=permits)
    def ask(self) -> object:
        busy = self.probe is not None and self.now < self.probe_began + PROBE_LEASE_SECONDS
        allowed = self.open_until is None or (self.now >= self.open_until and not busy)
        assert self.breaker.is_available(self.now) == allowed
        permit = self.breaker.permit(self.now)
        assert (permit is not None) == allowed
        if permit is None:
            return multiple()
        if self.open_until is not None:
            self.probe, self.probe_began = permit, self.now
            self.current = []
        self.current.append(permit)
        self.begun[id(permit)] = self.now
        return permit

    @rule(permit=consumes(permits), outcome=st.sampled_from(["good", "fault", "neutral"]))
    def report(self, permit: Permit, outcome: str) -> None:
        self.breaker.report(permit, outcome, self.now)  # type: ignore[arg-type]  # a literal
        if not any(permit is current for current in self.current):
            return  # from before a change of state, or a probe that was given up for lost
        if permit is self.probe:
            self.probe = None
        if outcome == "fault":
            if self.begun[id(permit)] < self.last_fault:
                return  # under way when another failed: the same fault
            self.faults += 1
            self.last_fault = self.now
            if self.open_until is not None or self.faults >= 3:
                self.change(self.now + 30.0)
        elif outcome == "good":
            self.faults = 0
            self.good_probes += self.open_until is not None
            if self.good_probes >= 2:
                self.change(None)

    def change(self, open_until: float | None) -> None:
        self.open_until, self.probe, self.current = open_until, None, []
        self.faults = self.good_probes = 0

    @invariant()
    def it_is_open_when_it_should_be(self) -> None:
        if hasattr(self, "breaker"):
            assert self.breaker.open_until == self.open_until


TestKeys = Keys.TestCase
TestKeys.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestCircuit = Circuit.TestCase
TestCircuit.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)

pytestmark = pytest.mark.filterwarnings("default")

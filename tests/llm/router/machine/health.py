"""The rules for keys and circuits, in code simple enough to check by reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.llm.router.machine.providers import Played, ReceivedRequest

NEVER = float("inf")
LOST = 600.0


@dataclass(eq=False)
class Try:
    """One attempt: its candidate, key, start, and the request that the server received."""

    candidate: tuple[str, str]
    key: str
    began: float
    probe_key: bool
    probe_circuit: bool = False
    received: ReceivedRequest | None = None
    overtaken: bool = False
    """Whether concurrent attempts may have ended its permit; their permits are not observed."""


@dataclass(eq=False)
class PlainKey:
    """Expected state of a key."""

    name: str
    failures: int = 0
    marks: int = 0
    """Failures since the last rest; a rest that is over leaves none."""

    busy: int = 0
    used: float = 0.0
    rests: dict[str | None, float] = field(default_factory=dict)
    refused_until: float | None = None
    times_refused: int = 0
    last_refusal: float = -NEVER
    last_failure: float = -NEVER
    refused_at: float = -NEVER
    spent: dict[str, float] = field(default_factory=dict)

    def ready_at(self, model: str) -> float:
        rest = max(self.rests.get(None, 0.0), self.rests.get(model, 0.0))
        return max(rest, self.refused_until or 0.0)

    def due_at(self, model: str, now: float) -> float:
        ready = self.ready_at(model)
        probed = ready <= now and self.refused_until is not None and self.busy
        return now + 1.0 if probed else ready

    def rank(self, model: str, now: float) -> tuple[float, ...]:
        lacks = now < self.spent.get(model, 0.0)
        return (self.rejected, lacks, self.busy, self.marks, self.used)

    @property
    def rejected(self) -> bool:
        """Whether the key itself is refused; an account without credit may have been paid."""
        return self.refused_until is not None and self.refused_at >= self.last_refusal

    def take_over(self, state: Any) -> None:
        self.failures, self.marks, self.used = state.failures, state.marks, state.last_used
        self.rests = {None: state.cooldown_until, **state.model_cooldowns}
        self.refused_until = state.quarantined_until if state.permanently_failed else None
        self.times_refused, self.last_refusal = state.quarantines, state.quarantined_at
        self.last_failure, self.refused_at = state.last_failure, state.refused_at
        for model, left in state.quotas.items():
            self.spent[model] = max(
                (window.until for window in left if not window.left), default=0.0
            )

    def succeed(self, attempt: Try) -> None:
        model = attempt.candidate[1]
        if attempt.began < self.last_failure:
            return
        if attempt.probe_key:
            self.refused_until, self.times_refused = None, 0
        self.failures = self.marks = 0
        self.rests.pop(None, None)
        self.rests.pop(model, None)

    def fail(self, attempt: Try, played: Played, now: float) -> None:
        if played.key == "none":
            return
        if played.key != "cooldown":
            self._refuse(attempt, now, invalid=played.key == "refuse")
            return
        self.failures, self.last_failure, self.marks = self.failures + 1, now, self.marks + 1
        model: str | None = attempt.candidate[1]
        wait = played.wait
        if not wait:
            model, wait = None, 60.0 * 2.0 ** (self.failures - 3) if self.failures >= 3 else 0.0
        if wait:
            wait = min(wait, 3600.0)
            self.rests[model] = max(self.rests.get(model, 0.0), now + wait)
            self.marks = 0

    def _refuse(self, attempt: Try, now: float, *, invalid: bool) -> None:
        if attempt.began <= self.last_refusal:
            return
        self.failures, self.last_failure, self.marks = self.failures + 1, now, 0
        if invalid:
            self.refused_at = now
        if self.refused_until is not None and now < self.refused_until:
            return
        rest = min(3600.0 * 2**self.times_refused, 24 * 3600.0)
        self.refused_until = max(self.refused_until or 0.0, now + rest)
        self.times_refused += 1
        self.last_refusal = now


@dataclass(eq=False)
class PlainCircuit:
    """A count of faults and good probes."""

    threshold: int
    open_until: float | None = None
    faults: int = 0
    good_probes: int = 0
    probe: Try | None = None
    current: list[Try] = field(default_factory=list)
    last_fault: float = -NEVER
    last_success: float = -NEVER

    def ready_at(self, now: float) -> float:
        if self.open_until is None:
            return now
        if self.probe is not None:
            return max(self.open_until, min(self.probe.began + LOST, now + 1.0))
        return max(self.open_until, now)

    def begin(self, attempt: Try) -> None:
        if self.open_until is not None:
            attempt.probe_circuit = True
            self.probe, self.current = attempt, []
        self.current.append(attempt)

    def end(self, attempt: Try, outcome: str, now: float) -> None:
        if outcome == "good":
            self.last_success = now
        if not any(attempt is other for other in self.current):
            return
        if attempt is self.probe:
            self.probe = None
        if outcome == "fault" and attempt.began >= self.last_fault:
            self.faults, self.last_fault = self.faults + 1, now
            if self.open_until is not None or self.faults >= self.threshold:
                self.change(now + 30.0)
        elif outcome == "good":
            self.faults = 0
            self.good_probes += attempt.probe_circuit
            if self.good_probes >= 2:
                self.change(None)

    def take_over(self, breaker: Any) -> None:
        if breaker.open_until != self.open_until:
            self.current, self.probe = [], None
        self.open_until, self.faults = breaker.open_until, breaker.faults
        self.good_probes, self.last_fault = breaker._good_probes, breaker._last_fault
        self.last_success = breaker.last_success

    def change(self, open_until: float | None) -> None:
        self.open_until, self.probe, self.current = open_until, None, []
        self.faults = self.good_probes = 0


@dataclass(eq=False)
class PlainProvider:
    """A provider: its keys, its circuit, and its tokens for retries."""

    keys: dict[str, PlainKey]
    circuit: PlainCircuit
    capacity: float
    tokens: float

    def suspect(self, now: float) -> None:
        """Open the circuit where all keys were refused together: the provider is at fault."""
        recent = [key for key in self.keys.values() if now - key.refused_at < 60.0]
        proven = now - self.circuit.last_success < 60.0
        if proven or any(key.refused_until is None for key in self.keys.values()):
            return
        if len(recent) < 2 or 2 * len(recent) <= len(self.keys):
            return
        for key in recent:
            key.refused_until, key.times_refused = None, max(0, key.times_refused - 1)
        self.circuit.change(now + 30.0)

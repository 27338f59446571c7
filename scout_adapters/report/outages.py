"""Outages in a log: requests that a provider failed to answer, one after the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from scout_adapters.errors.policy import POLICIES
from scout_adapters.llm.engine.skip_reasons import CIRCUIT_OPEN
from scout_adapters.report.attempt_row import AttemptRow

FAULTS = frozenset(str(kind) for kind, policy in POLICIES.items() if policy.trips_circuit)
"""Kinds of failure that are the provider's fault."""

LEAST_REFUSALS = 3
"""Requests in a row without an answer that make an outage."""


@dataclass(slots=True)
class Outage:
    """Requests of a provider, or of one of its models, that failed without an answer between."""

    subject: str
    """A provider, or provider and model."""

    first: str
    """Time of the first failure."""

    last: str
    next_ok: str = ""
    """Time of the next answer; "" if the log has none."""

    kinds: Counter[str] = field(default_factory=Counter)
    models: set[str] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    """Calls with a failed request, and calls that skipped a candidate whose circuit was open."""

    @property
    def refusals(self) -> int:
        """Requests that failed."""
        return self.kinds.total()

    def add(self, attempt: AttemptRow) -> None:
        """Add a failed request."""
        self.last = max(self.last, attempt.time)
        self.kinds[attempt.outcome] += 1
        self.models.add(attempt.model)
        self.runs.add(attempt.run_id)

    def contains(self, other: Outage) -> bool:
        """Return whether the other outage is one of this provider's models, in the same time.

        One that has not ended is no part of an outage that has.
        """
        return (
            other.subject.startswith(f"{self.subject}/")
            and self.first <= other.first
            and other.last <= self.last
            and bool(other.next_ok or not self.next_ok)
        )


class OutageTable:
    """Outages of models, and of providers with two or more models out at once."""

    def __init__(self) -> None:
        self._open: dict[str, Outage] = {}
        self._ended: list[Outage] = []

    def add(self, attempt: AttemptRow) -> None:
        """Add an attempt, in the order of the log."""
        subjects = (attempt.model, attempt.provider)
        if attempt.ok:
            for subject in subjects:
                if self._open and (outage := self._open.pop(subject, None)):
                    outage.next_ok = attempt.time
                    self._end(outage)
        elif attempt.outcome in FAULTS:
            for subject in subjects:
                outage = self._open.get(subject) or Outage(subject, attempt.time, attempt.time)
                self._open[subject] = outage
                outage.add(attempt)
        elif attempt.reason == CIRCUIT_OPEN:
            for subject in subjects:
                if outage := self._open.get(subject):
                    outage.runs.add(attempt.run_id)

    def _end(self, outage: Outage) -> None:
        if outage.refusals >= LEAST_REFUSALS:
            self._ended.append(outage)

    def listed(self) -> list[Outage]:
        """Return the outages, the newest first; a model's within its provider's is left out."""
        outages = [*self._ended, *self._open.values()]
        outages = [each for each in outages if each.refusals >= LEAST_REFUSALS]
        providers = [each for each in outages if each.subject not in each.models]
        whole = [each for each in providers if len(each.models) > 1]
        models = [each for each in outages if each.subject in each.models]
        parts = [each for each in models if not any(other.contains(each) for other in whole)]
        return sorted([*whole, *parts], key=lambda each: (each.first, each.subject), reverse=True)

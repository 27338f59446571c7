"""Sums of attempts and calls: exact, with counts of what is unknown."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Context, Decimal

from scout_adapters.report.attempt_row import AttemptRow

EXACT = Context(prec=1000)
"""Decimal context with enough digits for sums of any floats without rounding."""


@dataclass(slots=True)
class Totals:
    """Sums of attempts, and of the calls that ended with them. US dollars and tokens."""

    calls: int = 0
    """Calls whose last request is one of the attempts."""

    answered: int = 0
    requests: int = 0
    failed: int = 0
    """Requests that were not answered."""

    skipped: int = 0
    """Keys and models that were passed over, without a request."""

    cost: Decimal = Decimal(0)
    """The sum of the known costs; `unpriced` counts the answers without one."""

    unpriced: int = 0
    input_t: int = 0
    output_t: int = 0
    cache_read_t: int = 0
    cache_write_t: int = 0
    reasoning_t: int = 0
    uncounted: int = 0
    """Answers without counted tokens."""

    saved: Decimal = Decimal(0)
    """Saved by reads from caches, where the prices of cached and fresh tokens are known."""

    unknown_savings: int = 0
    """Attempts that read from a cache at unknown prices."""

    uncertain: int = 0
    """Requests that failed and may be on the provider's bill."""

    uncertain_cost: Decimal = Decimal(0)
    """The part of `cost` for those requests: for the tokens counted before they failed."""

    estimated: int = 0
    """Attempts whose tokens, and therefore costs, are estimated."""

    estimated_cost: Decimal = Decimal(0)

    def add(self, attempt: AttemptRow) -> None:
        """Add an attempt."""
        if attempt.cost is not None:
            self.cost += attempt.cost
        if not attempt.requested:
            self.skipped += 1
            return
        self.requests += 1
        self.input_t += attempt.input_t or 0
        self.output_t += attempt.output_t or 0
        self.reasoning_t += attempt.reasoning_t
        self.cache_write_t += attempt.cache_write_t
        self.cache_read_t += attempt.cache_read_t
        if attempt.saved is not None:
            self.saved += attempt.saved
        elif attempt.cache_read_t:
            self.unknown_savings += 1
        if not attempt.ok:
            self.failed += 1
        elif attempt.cost is None or attempt.input_t is None:
            self.unpriced += attempt.cost is None
            self.uncounted += attempt.input_t is None and attempt.output_t is None
        if attempt.uncertain or attempt.estimated:
            self._add_uncertain(attempt)

    def _add_uncertain(self, attempt: AttemptRow) -> None:
        cost = attempt.cost or Decimal(0)
        if attempt.uncertain:
            self.uncertain += 1
            self.uncertain_cost += cost
        if attempt.estimated:
            self.estimated += 1
            self.estimated_cost += cost

    def include(self, other: Totals) -> None:
        """Add other sums to these."""
        for sum_ in fields(self):
            setattr(self, sum_.name, getattr(self, sum_.name) + getattr(other, sum_.name))

    @property
    def cached_share(self) -> float | None:
        """The share of the input that was read from caches; None without input."""
        return min(1.0, self.cache_read_t / self.input_t) if self.input_t else None

"""Add up the results of a chaos run: by test and side, against the run without a fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scout_adapters.testing.chaos.chaos_result import SCOUT, ChaosResult

Fault = tuple[int, str]


@dataclass(frozen=True, slots=True)
class SideTotals:
    """What one side made of all faults that could hit it."""

    side: str
    results: Sequence[ChaosResult]
    baseline: ChaosResult | None

    @property
    def counted(self) -> list[ChaosResult]:
        """The runs that a fault has hit; none if the test fails without a fault."""
        if self.baseline is not None and self.baseline.outcome != "answered":
            return []
        return [result for result in self.results if result.outcome != "n/a"]

    @property
    def answered(self) -> int:
        """How many of them were answered."""
        return sum(result.outcome == "answered" for result in self.counted)

    @property
    def possible(self) -> int:
        """How many of them could be answered: something helps against the fault."""
        return sum(result.helps != "nothing" for result in self.counted)

    @property
    def silent(self) -> int:
        """How many ended in a wrong answer or a crash instead of a named error."""
        return sum(result.outcome in {"wrong", "crash"} for result in self.counted)

    @property
    def wasted(self) -> int:
        """Requests beyond those of the run without a fault."""
        usual = self.baseline.requests if self.baseline else 0
        return sum(max(0, result.requests - usual) for result in self.counted)

    @property
    def waited_s(self) -> float:
        """Seconds of all waits."""
        return sum(result.waited_s for result in self.counted)

    @property
    def longest_s(self) -> float:
        """Seconds of the run that waited longest."""
        return max((result.waited_s for result in self.counted), default=0.0)

    @property
    def cost_usd(self) -> float | None:
        """US dollars of all runs; None if one is unknown."""
        costs = [result.cost_usd for result in self.counted]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None


@dataclass(frozen=True, slots=True)
class ChaosVerdict:
    """One test: the totals of each side, and the results of each fault."""

    test: str
    sides: Sequence[SideTotals]

    @property
    def faults(self) -> list[Fault]:
        """The faults that hit at least one side, in order."""
        hit = {(r.number, r.fault) for side in self.sides for r in side.counted}
        return sorted(hit)

    def result(self, side: SideTotals, fault: Fault) -> ChaosResult | None:
        """Return the result of a side under a fault."""
        return next((r for r in side.results if (r.number, r.fault) == fault), None)

    @property
    def not_hit(self) -> list[ChaosResult]:
        """Faults that could hit no request of our side, with the reason in `seen`."""
        ours = [side for side in self.sides if side.side == SCOUT]
        return [r for side in ours for r in side.results if r.outcome == "n/a"]


def verdicts(results: Iterable[ChaosResult]) -> list[ChaosVerdict]:
    """Return the verdict of each test, in the order of the results."""
    tests: dict[str, dict[str, list[ChaosResult]]] = {}
    for result in results:
        tests.setdefault(result.test, {}).setdefault(result.side, []).append(result)
    return [ChaosVerdict(test, _sides(sides)) for test, sides in tests.items()]


def _sides(sides: Mapping[str, Sequence[ChaosResult]]) -> list[SideTotals]:
    names = sorted(sides, key=lambda side: (side != SCOUT, side))
    return [_totals(side, sides[side]) for side in names]


def _totals(side: str, results: Sequence[ChaosResult]) -> SideTotals:
    baseline = next((result for result in results if result.number == 0 and not result.helps), None)
    rest = sorted((r for r in results if r is not baseline), key=lambda r: (r.number, r.fault))
    return SideTotals(side, rest, baseline)

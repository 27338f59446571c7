"""Numbers by part, subject and field, one for each round; medians, quartiles and ratios of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from measuring.workers import Rounds

TWO = 2
HUNDRED = 100
TEN = 10


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds and their quartiles."""

    middle: float
    low: float
    high: float

    def shown(self, unit: str = "") -> str:
        """Write it for a table."""
        if self.low == self.high:
            return f"{short(self.middle)}{unit}"
        return f"{short(self.middle)}{unit} ({short(self.low)} to {short(self.high)})"


def short(number: float) -> str:
    """Write a number with about three digits."""
    size = abs(number)
    if size >= HUNDRED:
        return f"{number:,.0f}"
    return f"{number:.1f}" if size >= TEN else f"{number:.2f}"


def spread(values: Sequence[float]) -> Spread | None:
    """Return the spread of some rounds; None where there are none."""
    if not values:
        return None
    if len(values) < TWO:
        return Spread(values[0], values[0], values[0])
    low, _, high = quantiles(values, n=4, method="inclusive")
    return Spread(median(values), low, high)


@dataclass(slots=True)
class Figures:
    """All that a run has measured."""

    values: dict[tuple[str, str, str], list[float]] = field(default_factory=dict)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, part: str, subject: str, **figures: float) -> None:
        """Keep what one round found."""
        for name, value in figures.items():
            self.values.setdefault((part, subject, name), []).append(value)

    def add_rounds(self, part: str, rounds: Rounds) -> None:
        """Keep the answers of all rounds: dicts of numbers."""
        for subject, answers in rounds.answers.items():
            for answer in answers:
                self.add(part, subject, **answer)
        for subject, why in rounds.failures.items():
            self.failures[part, subject] = why

    def of(self, part: str, subject: str, name: str = "wall") -> list[float]:
        """Return the rounds' values; empty where there are none."""
        return self.values.get((part, subject, name), [])

    def spread(self, part: str, subject: str, name: str = "wall") -> Spread | None:
        """Return the spread of the rounds."""
        return spread(self.of(part, subject, name))

    def middle(self, part: str, subject: str, name: str = "wall") -> float | None:
        """Return the median of the rounds."""
        values = self.spread(part, subject, name)
        return values and values.middle

    def shown(self, part: str, subject: str, name: str = "wall", unit: str = "") -> str:
        """Write the spread for a table; a dash, or why there is none."""
        values = self.spread(part, subject, name)
        if values is not None:
            return values.shown(unit)
        return self.failures.get((part, subject), "-").replace("|", "/").replace("\n", " ")

    def subjects(self, part: str) -> list[str]:
        """Name the subjects of a part, in the order in which they were first measured."""
        named = [subject for measured, subject, _ in self.values if measured == part]
        failed = [subject for measured, subject in self.failures if measured == part]
        return list(dict.fromkeys([*named, *failed]))


def summed(*rows: Sequence[float]) -> list[float]:
    """Add round to round."""
    return [sum(values) for values in zip(*rows, strict=False)] if all(rows) else []


def ratios(above: Sequence[float], below: Sequence[float]) -> Spread | None:
    """Divide round by round: what disturbed a round disturbed both."""
    return spread([over / under for over, under in zip(above, below, strict=False)])


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Write a table in Markdown."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]

"""What a run adds up to: figures, and what is wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import NamedTuple

SHOWN = 5
"""So many examples of what is wrong are kept."""


class Sample(NamedTuple):
    """What a process holds when nothing is going on."""

    resident: int
    descriptors: int
    threads: int


@dataclass
class Tally:
    """What a run adds up to; those of several processes can be added."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    verbs: Counter[str] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    played: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    failing: list[float] = field(default_factory=list)
    """Real seconds that each call that was to fail fast waited."""

    handled: Decimal = Decimal(0)
    audited: Decimal = Decimal(0)
    partly: Decimal = Decimal(0)
    """Cost in the audit log of tokens that were counted before an answer broke off."""

    billed: Decimal = Decimal(0)
    unseen: Decimal = Decimal(0)
    """What the emulator billed besides: answers that were not delivered, or not to their end."""

    samples: list[list[Sample]] = field(default_factory=lambda: [[]])
    """Of each process, after each epoch."""

    def blame(self, what: str, example: str = "") -> None:
        """Note that something is wrong."""
        self.counts[what] += 1
        if len(self.wrong[what]) < SHOWN:
            self.wrong[what].append(example)

    def __add__(self, other: Tally) -> Tally:
        wrong = defaultdict(list, self.wrong)
        for what, examples in other.wrong.items():
            wrong[what] = wrong[what] + examples
        return Tally(
            self.counts + other.counts,
            wrong,
            self.errors + other.errors,
            self.verbs + other.verbs,
            self.routes + other.routes,
            self.played + other.played,
            self.seconds + other.seconds,
            self.failing + other.failing,
            self.handled + other.handled,
            self.audited + other.audited,
            self.partly + other.partly,
            self.billed + other.billed,
            self.unseen + other.unseen,
            self.samples + other.samples,
        )


def added(tallies: Iterable[Tally]) -> Tally:
    return reduce(Tally.__add__, tallies)

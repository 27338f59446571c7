"""The parts of a run: each measures something by rounds, and writes its section of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from canned.serving import Served
from measuring.figures import Figures, ratios, summed
from measuring.workers import Remote, Rounds, in_turn, remotes

Opened = Mapping[str, Remote]
Commands = Callable[[str], Mapping[str, Any]]
Variants = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Run:
    """What all parts share."""

    python: str
    """The interpreter of the measured processes."""

    served: Served
    missing: Mapping[str, str]
    """The subjects that cannot be had, and why."""

    figures: Figures
    quick: bool
    report: Callable[[str], None]

    def rounds(self, usual: int) -> int:
        """Return how many rounds to make."""
        return min(usual, 3) if self.quick else usual

    def seconds(self, usual: float) -> float:
        """Return how long a batch is."""
        return usual / 2 if self.quick else usual

    def there(self, names: Iterable[str]) -> list[str]:
        """Return the subjects that can be had."""
        return [name for name in names if name not in self.missing]

    def in_rounds(self, part: str, names: Sequence[str], command: Commands, rounds: int) -> None:
        """Open a process for each subject; send commands in turn; store figures as `part`."""
        with remotes(self.python, self.served, self.there(names)) as opened:
            self.measure_rounds(part, opened, command, rounds)

    def measure_rounds(self, part: str, opened: Opened, command: Commands, rounds: int) -> None:
        """Send commands to open processes; figures are stored as `part`."""
        results = in_turn(opened, command, rounds, lambda text: self.report(f"{part}: {text}"))
        self.figures.add_rounds(part, results)
        self._report_failures(part, results)

    def paired(
        self, part: str, opened: Opened, variants: Variants, seconds: float, rounds: int
    ) -> None:
        """Invoke setups in turn in each process; figures are stored as `part setup`."""
        command = always({"do": "paired", "variants": variants, "seconds": seconds})
        results = in_turn(opened, command, rounds, lambda text: self.report(f"{part}: {text}"))
        for variant in variants:
            for subject, answers in results.answers.items():
                for answer in answers:
                    self.figures.add(f"{part} {variant}", subject, **answer[variant])
            for subject, why in results.failures.items():
                self.figures.failures[f"{part} {variant}", subject] = why
        self._report_failures(part, results)

    def _report_failures(self, part: str, results: Rounds) -> None:
        for name, why in results.failures.items():
            self.report(f"{part}: {name}: {why}")


def always(command: Mapping[str, Any]) -> Commands:
    """Return the same command for every subject."""
    return lambda _: command


def times(run: Run, part: str, subject: str, floor: Sequence[str], name: str) -> str:
    """Write how many times the floor a subject is: the sum of the floor's parts."""
    below = summed(*(run.figures.of(part, below_part, name) for below_part in floor))
    ratio = ratios(run.figures.of(part, subject, name), below) if below else None
    return "-" if ratio is None or subject in floor else f"{ratio.middle:.2f}"

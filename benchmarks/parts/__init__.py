"""The parts of a run: each measures something by rounds, and writes its section of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from canned.serving import Served
from measuring.figures import Figures, ratios, summed
from measuring.workers import Remote, Rounds, in_turn, remotes

Opened = Mapping[str, Remote]
Ask = Callable[[str], Mapping[str, Any]]
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
    told: Callable[[str], None]

    def rounds(self, usual: int) -> int:
        """Return how many rounds to make."""
        return min(usual, 3) if self.quick else usual

    def seconds(self, usual: float) -> float:
        """Return how long a batch is."""
        return usual / 2 if self.quick else usual

    def there(self, names: Iterable[str]) -> list[str]:
        """Return the subjects that can be had."""
        return [name for name in names if name not in self.missing]

    def in_rounds(self, part: str, names: Sequence[str], command: Ask, rounds: int) -> None:
        """Open a process for each subject, and ask them in turn; figures are kept as `part`."""
        with remotes(self.python, self.served, self.there(names)) as opened:
            self.asked(part, opened, command, rounds)

    def asked(self, part: str, opened: Opened, command: Ask, rounds: int) -> None:
        """Ask processes that are open; figures are kept as `part`."""
        found = in_turn(opened, command, rounds, lambda text: self.told(f"{part}: {text}"))
        self.figures.add_rounds(part, found)
        self._tell_failures(part, found)

    def paired(
        self, part: str, opened: Opened, variants: Variants, seconds: float, rounds: int
    ) -> None:
        """Invoke setups in turn in each process; figures are kept as `part setup`."""
        command = always({"do": "paired", "variants": variants, "seconds": seconds})
        found = in_turn(opened, command, rounds, lambda text: self.told(f"{part}: {text}"))
        for variant in variants:
            for subject, answers in found.answers.items():
                for answer in answers:
                    self.figures.add(f"{part} {variant}", subject, **answer[variant])
            for subject, why in found.failures.items():
                self.figures.failures[f"{part} {variant}", subject] = why
        self._tell_failures(part, found)

    def _tell_failures(self, part: str, found: Rounds) -> None:
        for name, why in found.failures.items():
            self.told(f"{part}: {name}: {why}")


def always(command: Mapping[str, Any]) -> Ask:
    """Ask every subject the same."""
    return lambda _: command


def times(run: Run, part: str, subject: str, floor: Sequence[str], name: str) -> str:
    """Write how many times the floor a subject is: the sum of the floor's parts."""
    below = summed(*(run.figures.of(part, one, name) for one in floor))
    found = ratios(run.figures.of(part, subject, name), below) if below else None
    return "-" if found is None or subject in floor else f"{found.middle:.2f}"

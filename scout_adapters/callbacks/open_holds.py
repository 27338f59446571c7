"""Holds of a budget that are not settled yet, by run and attempt."""

from __future__ import annotations

from typing import Any

from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters.budget import Hold
from scout_adapters.llm.engine.record import Run


class OpenHolds(dict[tuple[int, int], list[tuple[Run, Hold]]]):
    """Runs and their holds, by `int` of the run's id and number of the attempt.

    Several calls may have the same run id; each has its own `Run` object.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = fork_safe_lock()

    def add(self, run: Run, number: int, hold: Hold) -> None:
        """Add the hold of attempt `number` of a run."""
        with self._lock:
            self.setdefault((run.id.int, number), []).append((run, hold))

    def has_own(self, run: Run, number: int) -> bool:
        """Return whether there is a hold that was made with this `run` object."""
        entries: Any = self.get((run.id.int, number), ())
        return any(of is run for of, _ in entries)

    def of(self, run: Run, number: int) -> Hold | None:
        """Return the hold of attempt `number` of a run; None if there is none.

        The hold made with this `run` object is preferred, else the oldest.
        """
        holds = self.get((run.id.int, number))
        if not holds:
            return None
        for of, hold in holds:
            if of is run:
                return hold
        return holds[0][1]

    def remove(self, run: Run, number: int, hold: Hold) -> None:
        """Remove a hold that is settled."""
        place = (run.id.int, number)
        with self._lock:
            entries = self.get(place, [])
            if len(entries) > 1:
                self[place] = [entry for entry in entries if entry[1] is not hold]
            elif entries and entries[0][1] is hold:
                del self[place]

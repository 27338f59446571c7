"""Plays every fault and prints the table.

Each verb's cell shows how many tests of the row passed in it, FAILED where one did not, or why the
verb does not apply. The exit status is that of the tests.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support.verbs import VERBS
from tests.system.faults.catalogue import ROWS, Fault

HERE = Path(__file__).parent


class Table:
    """A pytest plugin that counts what came of each row in each verb."""

    def __init__(self) -> None:
        self.passed: dict[tuple[int, str], int] = defaultdict(int)
        self.failed: dict[tuple[int, str], int] = defaultdict(int)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        fault = dict(report.user_properties).get("fault")
        if not isinstance(fault, list):
            return
        number, verb = fault
        for one in [verb] if verb else VERBS:
            if report.failed:
                self.failed[number, one] += 1
            elif report.passed and report.when == "call":
                self.passed[number, one] += 1

    def cell(self, fault: Fault, verb: str) -> str:
        place = (fault.number, verb)
        if self.failed[place]:
            return "FAILED"
        if verb not in fault.verbs:
            return "n/a"
        return f"ok {self.passed[place]}" if self.passed[place] else "not run"

    def lines(self) -> list[str]:
        """Lay the table out, every row of it."""
        head = ("#", "fault", *VERBS, "outcome")
        rows = [head, tuple("-" * len(word) for word in head)]
        for fault in ROWS:
            why = f" (n/a: {fault.why_not})" if fault.why_not else ""
            cells = (self.cell(fault, verb) for verb in VERBS)
            rows.append((str(fault.number), fault.name, *cells, fault.outcome + why))
        widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
        return [
            " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]


def main() -> int:
    """Run the tests of this folder, and print the table."""
    table = Table()
    options = [str(HERE), "-q", "--no-header", "-p", "no:cacheprovider", *sys.argv[1:]]
    status = pytest.main(options, plugins=[table])
    sys.stdout.write("\n".join((*table.lines(), "")))
    return int(status)

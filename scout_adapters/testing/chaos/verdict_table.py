"""The verdict of a chaos run as a table of rich, for terminals with colours."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scout_adapters.testing.chaos.verdict import ChaosVerdict, SideTotals
from scout_adapters.testing.chaos.verdict_text import HEAD, missed_lines, side_row


def coloured_verdict(verdict: ChaosVerdict, width: int) -> str:
    """Return the table of a verdict, and the faults that were not answered, with escape codes."""
    title = f"{verdict.test}: {len(verdict.faults)} faults"
    # 76 columns, as a terminal has 80.
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold underline")
    for name in HEAD:
        table.add_column(name, justify="left" if not name else "right")
    for side in verdict.sides:
        table.add_row(*map(Text, side_row(side)), style=_style(side))
    console = Console(file=StringIO(), force_terminal=True, width=width, highlight=False)
    console.print(Text(title, style="bold"), soft_wrap=True)
    console.print(table)
    for line in missed_lines(verdict):
        console.print(Text(line), soft_wrap=True)
    file = console.file
    return file.getvalue() if isinstance(file, StringIO) else ""


def _style(side: SideTotals) -> str:
    """Return red for wrong answers and crashes, green where all that can be answered is."""
    if side.silent:
        return "red"
    return "green" if side.counted and side.answered >= side.possible else ""

"""The verdict of a chaos run as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scout_adapters._internal.dollar_text import dollar_text
from scout_adapters.testing.chaos.chaos_result import ChaosResult
from scout_adapters.testing.chaos.verdict import ChaosVerdict, SideTotals

MARKS = {"answered": "answered", "error": "error", "wrong": "WRONG", "crash": "CRASH", "n/a": "-"}
_SEEN = 100
"""Characters of an error on a line."""

HEAD = ("", "answered", "possible", "wrong", "requests more", "longest wait", "cost")


def verdict_lines(verdict: ChaosVerdict) -> Iterator[str]:
    """Yield the lines of a verdict: totals by side, then the faults that were not answered."""
    yield f"{verdict.test}: {len(verdict.faults)} faults"
    yield from _table([HEAD, *(side_row(side) for side in verdict.sides)])
    yield from missed_lines(verdict)


def missed_lines(verdict: ChaosVerdict) -> Iterator[str]:
    """Yield the faults that our side has not answered."""
    ours = verdict.sides[0]
    missed = [result for result in ours.counted if result.outcome != "answered"]
    if missed:
        yield f"{ours.side}, not answered:"
    for result in missed:
        yield f"  {result.number:2} {result.fault}: {_shorten(result)}"


def _shorten(result: ChaosResult) -> str:
    seen = result.seen if len(result.seen) <= _SEEN else f"{result.seen[: _SEEN - 1]}…"
    return f"{MARKS[result.outcome]}, {seen}"


def side_row(side: SideTotals) -> tuple[str, ...]:
    """Return the figures of a side, in the order of `HEAD`."""
    if not side.counted:
        reason = side.baseline.seen if side.baseline else ""
        return (side.side, "-", "-", "-", "-", "-", f"fails without a fault: {reason}"[:_SEEN])
    return (
        side.side,
        f"{side.answered} of {len(side.counted)}",
        str(side.possible),
        str(side.silent),
        str(side.wasted),
        f"{side.longest_s:g} s",
        cost_text(side.cost_usd),
    )


def cost_text(usd: float | None) -> str:
    """Return a cost, or that it is unknown."""
    return "unknown" if usd is None else dollar_text(usd)


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells).rstrip()}"

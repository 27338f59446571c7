"""What a call costs as the work grows: more keys, candidates, tools, a longer prompt."""

from __future__ import annotations

from typing import Any

from measuring.figures import table
from measuring.workers import remotes

from parts import Run

OURS = ("router-bare",)
ALL = ("httpx", "router-bare", "ChatOpenAI")
GROWING: dict[str, tuple[str, tuple[int, ...], tuple[str, ...]]] = {
    "keys of one provider": ("keys", (1, 10, 100, 1000, 10_000), OURS),
    "candidates": ("candidates", (1, 10, 100), OURS),
    "candidates, cheapest first": ("candidates", (1, 10, 100), OURS),
    "tokens of prompt": ("prompt_tokens", (10, 100, 1000, 10_000, 100_000), ALL),
    "tools": ("tools", (1, 10, 50), ALL),
}
"""By the quantity that grows: the setup's field, its sizes, and the subjects."""

CHEAPEST = "candidates, cheapest first"


def measure(run: Run) -> None:
    """Alternate the sizes call by call, and the subjects round by round."""
    with remotes(run.python, run.served, run.there(ALL)) as opened:
        for grows, (field, sizes, names) in GROWING.items():
            more: dict[str, Any] = {"strategy": "cheapest"} if grows == CHEAPEST else {}
            variants = {str(size): {field: size, **more} for size in sizes}
            chosen = {name: opened[name] for name in names if name in opened}
            run.paired(grows, chosen, variants, run.seconds(1.0), run.rounds(5))


def section(run: Run) -> list[str]:
    """Write a table for each thing that grows."""
    lines = ["Microseconds of wall-clock time a call; medians of the calls of a round."]
    for grows, (_, sizes, names) in GROWING.items():
        rows = [
            [name, *(run.figures.shown(f"{grows} {size}", name) for size in sizes)]
            for name in names
            if name not in run.missing
        ]
        lines += ["", *table([grows, *(f"{size:,}" for size in sizes)], rows)]
    return lines

"""Memory of a call, making models, and choosing a key."""

from __future__ import annotations

from measuring.figures import table
from measuring.workers import remotes

from parts import Run, always

SUBJECTS = (
    "fake",
    "httpx",
    "single",
    "router-bare",
    "router",
    "ChatOpenAI",
    "ChatGroq",
    "ChatAnthropic",
    "ChatLiteLLMRouter",
)
CONSTRUCTED = (
    "single",
    "router-bare",
    "ChatOpenAI",
    "ChatGroq",
    "ChatAnthropic",
    "ChatLiteLLMRouter",
)
KEYS = 10_000
CHOOSES = "router-bare"


def measure(run: Run) -> None:
    """Look inside of each process."""
    with remotes(run.python, run.served, run.there(SUBJECTS)) as opened:
        run.measure_rounds("allocations", opened, always({"do": "allocations"}), run.rounds(3))
        slow = {"ChatLiteLLMRouter": 2}
        run.measure_rounds(
            "ten",
            {name: opened[name] for name in run.there(CONSTRUCTED)},
            lambda name: {"do": "ten", "times": slow.get(name, 20)},
            run.rounds(5),
        )
        choosing = {"do": "choice", "keys": KEYS, "times": 300}
        run.measure_rounds("choice", {CHOOSES: opened[CHOOSES]}, always(choosing), run.rounds(5))


def section(run: Run) -> list[str]:
    """Write the tables."""
    figures = run.figures
    fields = ("peak_kib", "kept_blocks", "cyclic")
    allocations = [
        [name, *(figures.shown("allocations", name, field) for field in fields)]
        for name in figures.subjects("allocations")
    ]
    ten = [[name, figures.shown("ten", name)] for name in figures.subjects("ten")]
    chosen = figures.shown("choice", CHOOSES)
    return [
        "*Peak* is what a call holds at most; *kept* the blocks that stay behind (the cost handler",
        "remembers the last 10,000 runs); *cyclic* what only the garbage collector takes away.",
        "",
        *table(["a call allocates", "peak, KiB", "kept, blocks", "cyclic, objects"], allocations),
        "",
        *table(["ten constructions", "µs"], ten),
        "",
        f"Choosing a key among {KEYS:,} and booking its success: {chosen} µs.",
    ]

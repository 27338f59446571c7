"""Find what has become slower: compare ratios of ours to the floors with `baseline.json`.

    python benchmarks/check.py            # exits with 1 where one is 1.5 x worse, twice in a row
    python benchmarks/check.py --record   # writes a new baseline

Needs no peers: it runs in the interpreter that it is started with, which must have ours. Only CPU
time of the measured process counts, and only as a ratio to something that was measured in turn with
it, so that neither the machine nor what else it does is in the figure.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from canned.serving import canned_server
from measuring.figures import Figures, Spread, ratios, spread, summed
from measuring.workers import remotes
from parts import Run, Variants, always, atonce, freshly

BASELINE = Path(__file__).resolve().parent / "baseline.json"
WORSE = 1.5
ROUNDS = 5
FRESH_ROUNDS = 3
BARE = "router-bare"
SUBJECTS = ("fake", "httpx", "router", BARE)
FLOOR = ("fake", "httpx")
ON_THEIR_WAY = {"at_once": 100, "total": 200, "warm": False, "manner": "/delay-250"}
COMMANDS = {
    "invoke": {"do": "invoke", "seconds": 0.15},
    "stream": {"do": "stream", "seconds": 0.4},
    "10 at once": {"do": "ainvoke", "at_once": 10, "total": 200},
    "ten": {"do": "ten", "times": 10},
}
MANY_KEYS = 10_000
PAIRS: dict[str, Variants] = {
    "handlers": {"without": {}, "with": {"handlers": "cost+audit"}},
    "keys": {"without": {"keys": 1}, "with": {"keys": MANY_KEYS}},
}

Measured = Callable[[Run], Spread | None]


def measure(run: Run) -> None:
    """Measure all that the ratios need."""
    names = ("fake", "httpx", "router")
    with remotes(run.python, run.served, SUBJECTS) as opened:
        for part, command in COMMANDS.items():
            chosen = {n: opened[n] for n in names if part != "ten" or n != "httpx"}
            run.measure_rounds(part, chosen, always(command), ROUNDS)
        for part, variants in PAIRS.items():
            run.paired(part, {BARE: opened[BARE]}, variants, seconds=0.3, rounds=ROUNDS)
        thinking = always({"do": "ainvoke", **ON_THEIR_WAY, "within": atonce.PATIENCE})
        run.measure_rounds("on their way", {"router": opened["router"]}, thinking, 1)
    for _ in range(FRESH_ROUNDS):
        freshly.run_round(run, (freshly.BASE, "router"), counts=True)


def over_floor(part: str) -> Measured:
    """Compare the router with both floors together, by CPU time."""

    def measured(run: Run) -> Spread | None:
        of = run.figures.of
        return ratios(
            of(part, "router", "cpu"), summed(*(of(part, floor, "cpu") for floor in FLOOR))
        )

    return measured


def compared(part: str, above: str, below: str, field: str = "cpu") -> Measured:
    """Compare two subjects of a part."""
    return lambda run: ratios(
        run.figures.of(part, above, field), run.figures.of(part, below, field)
    )


def paired(part: str) -> Measured:
    """Compare the two setups of a pair."""
    of = "{} {}".format
    return lambda run: ratios(
        run.figures.of(of(part, "with"), BARE, "cpu"),
        run.figures.of(of(part, "without"), BARE, "cpu"),
    )


def on_their_way(run: Run) -> Spread | None:
    """Compare a call of 100 that are on their way together with one of 10."""
    few = run.figures.middle("10 at once", "router", "cpu")
    many = run.figures.of("on their way", "router", "cpu")
    return spread([value / few for value in many]) if few else None


RATIOS: dict[str, Measured] = {
    "router invoke with handlers : fake model + httpx": over_floor("invoke"),
    "router stream with handlers : fake model + httpx": over_floor("stream"),
    "router ainvoke, 10 at once : fake model + httpx": over_floor("10 at once"),
    "router ainvoke, 100 on their way : 10 at once": on_their_way,
    "router with cost and audit : without": paired("handlers"),
    "router with 10,000 keys : with 1": paired("keys"),
    "constructing a router : a fake model": compared("ten", "router", "fake", "wall"),
    "import of scout_adapters : core and httpx": compared(
        freshly.PART, "router", freshly.BASE, "import_cpu"
    ),
    "memory after a call : core and httpx": compared(
        freshly.PART, "router", freshly.BASE, "call_rss"
    ),
}


BEYOND = {
    "router with cost and audit : without": 0.05,
    "import of scout_adapters : core and httpx": 0.15,  # one run of the garbage collector is 0.08
    "memory after a call : core and httpx": 0.05,
}
"""Ratios of a whole to a part of it: what may grow by half, and by so much more, is only what lies
beyond the part."""


def allowed(name: str, baseline: float) -> float:
    """Return the ratio from which on it has become worse."""
    slack = BEYOND.get(name)
    return baseline * WORSE if slack is None else 1 + (baseline - 1) * WORSE + slack


def judged(measured: dict[str, Spread | None], before: dict[str, float]) -> list[str]:
    """Print the table, and return the ratios that are worse, or could not be measured."""
    worse = []
    print(f"{'ratio, by CPU time':<52} {'now':>20} {'baseline':>9} {'allowed':>8}  verdict")
    for name, ratio in measured.items():
        baseline = before.get(name, math.nan)
        most = allowed(name, baseline)
        bad = ratio is None or ratio.middle > most
        worse += [name] if bad else []
        shown = ratio.shown() if ratio else "not measured"
        verdict = "WORSE" if bad else "no baseline" if math.isnan(baseline) else "ok"
        print(f"{name:<52} {shown:>20} {baseline:>9.2f} {most:>8.2f}  {verdict}")
    return worse


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and compare; the exit code is 0 if nothing has become slower."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--record", action="store_true", help="write a new baseline")
    options, began = parser.parse_args(argv), time.monotonic()
    if options.record:
        baseline = {name: round(ratio.middle, 3) for name, ratio in measured_now().items() if ratio}
        BASELINE.write_text(json.dumps(baseline, indent=2) + "\n")
    before = json.loads(BASELINE.read_text())
    worse = judged(measured_now(), before)
    if worse:
        print(f"once more, for {', '.join(worse)}")
        worse = [name for name in judged(measured_now(), before) if name in worse]
    print(f"{time.monotonic() - began:.0f} s; worse: {', '.join(worse) or 'nothing'}")
    return 1 if worse else 0


def measured_now() -> dict[str, Spread | None]:
    """Measure all ratios, and print what could not be measured."""
    figures = Figures()
    with canned_server(sys.executable) as served:
        run = Run(sys.executable, served, {}, figures, quick=True, report=lambda _: None)
        measure(run)
    for (part, subject), why in figures.failures.items():
        print(f"{part}: {subject}: {why}")
    return {name: measured(run) for name, measured in RATIOS.items()}


if __name__ == "__main__":
    sys.exit(main())

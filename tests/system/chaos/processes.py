"""A hundred thousand calls, threads and loops, three in ten requests faulty.

Prints its seed, from which faults, verbs and prompts follow, and exits with 1 if anything that must
hold does not. The order in which threads come to run is not the seed's.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console

from tests.system.chaos.calls import LOOPS, TASKS, THREADS
from tests.system.chaos.plan import Plan
from tests.system.chaos.report import show
from tests.system.chaos.run import Chaos
from tests.system.chaos.tally import Tally, added

EPOCHS = 20
APART = 10_000_000
"""Between the numbers of the first calls of two processes."""


def played(plan: Plan, seconds: float, name: str = "") -> Tally:
    """Play a plan, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return Chaos(plan, Path(folder), partial(print, name, flush=True)).run(seconds)


def plans(calls: int, seed: int, processes: int) -> list[Plan]:
    """Share the calls out."""
    return [
        Plan(
            seed=seed + at,
            calls=calls * (at + 1) // processes - calls * at // processes,
            epochs=EPOCHS,
            first=APART * at + 1,
        )
        for at in range(processes)
    ]


def run(calls: int, seed: int, processes: int, seconds: float) -> Tally:
    """Play so many calls in so many processes at once."""
    shares = plans(calls, seed, processes)
    if processes == 1:
        return played(shares[0], seconds)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        names = [f"{at + 1}:" for at in range(processes)]
        return added(pool.map(played, shares, [seconds] * processes, names))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--minutes-limit", type=float, default=float("inf"))
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    console = Console(width=None if sys.stdout.isatty() else 140)
    each = f"{THREADS} threads and {LOOPS} loops of {TASKS} tasks"
    console.print(
        f"seed {seed}: {options.calls:,} calls, {options.processes} processes, each {each}"
    )
    began = time.monotonic()
    tally = run(options.calls, seed, options.processes, options.minutes_limit * 60)
    fine = show(console, tally)
    minutes = (time.monotonic() - began) / 60
    console.print(f"{'all holds' if fine else 'NOT ALL HOLDS'}: {minutes:.1f} min, seed {seed}")
    return 0 if fine else 1

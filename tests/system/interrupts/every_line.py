"""Interrupts a call of each verb at its lines; prints what is still held after each."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from scout_adapters.testing import Emulator
from tests.support.interruption import spots
from tests.support.verbs import ASYNC, VERBS, Verb
from tests.system.interrupts.interrupted_calls import InterruptedCalls

ERRORS: tuple[type[BaseException], ...] = (KeyboardInterrupt, SystemExit)
CASES: tuple[tuple[Verb, type[BaseException]], ...] = (
    *((verb, error) for verb in VERBS for error in ERRORS),
    *((verb, asyncio.CancelledError) for verb in ASYNC),
)


def problems(
    calls: InterruptedCalls, error: type[BaseException], lines: int | None, seed: int
) -> Iterator[str]:
    """Play a call for each line, or for `lines` chosen ones; yield each line with its problems."""
    for _ in range(2):  # the first call imports, and fills caches
        calls.interrupt()
    in_task = error is asyncio.CancelledError
    numbers = spots(calls.interrupt(in_task=in_task).places)
    for at in numbers if lines is None else Random(seed).sample(numbers, lines):
        place = calls.interrupt(at, error(), in_task=in_task).place
        if state := list(calls.problems()):
            yield f"{place}: {'; '.join(state)}"
            calls.build()


def main() -> int:
    """Play all lines; return 1 if anything was still held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, help="so many lines of each case; default: all")
    parser.add_argument("--seed", type=int, default=0)
    options, failed = parser.parse_args(), 0
    for verb, error in CASES:
        emulator = Emulator()
        with tempfile.TemporaryDirectory() as folder, emulator.serve():
            calls = InterruptedCalls(verb, Path(folder), emulator)
            lines = list(problems(calls, error, options.lines, options.seed))
            calls.close()
        failed += len(lines)
        sys.stdout.write(f"{verb}, {error.__name__}: something is held after {len(lines)} lines\n")
        sys.stdout.writelines(f"  {line}\n" for line in lines)
        sys.stdout.flush()
    return min(failed, 1)

"""Interrupts a call of each verb at its lines; prints what is still held after each."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from random import Random

from scout_adapters.testing import Emulator
from tests.support.interruption import Spot, spots
from tests.support.lost_sockets import FRAMES, LostSockets
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
    for at, connect in _spots(calls, lines, seed, in_task=in_task):
        place = calls.interrupt(at, error(), in_task=in_task, connect=connect).place
        if state := list(calls.problems()):
            yield f"{place}: {'; '.join(state)}"
            calls.build()


def _spots(
    calls: InterruptedCalls, lines: int | None, seed: int, *, in_task: bool
) -> list[tuple[Spot, bool]]:
    """Return where to interrupt, and whether the call has to open connections to get there."""
    with_idle = spots(calls.interrupt(in_task=in_task).places)
    connecting = spots(calls.interrupt(in_task=in_task, connect=True).places)
    new = set(connecting) - set(with_idle)
    chosen = [*((at, False) for at in with_idle), *((at, True) for at in connecting if at in new)]
    return chosen if lines is None else Random(seed).sample(chosen, lines)


def main() -> int:
    """Play all lines; return 1 if anything was still held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, help="so many lines of each case; default: all")
    parser.add_argument("--seed", type=int, default=0)
    options, failed = parser.parse_args(), 0
    tracemalloc.start(FRAMES)  # lost sockets are reported with the lines that opened them
    for verb, error in CASES:
        emulator = Emulator()
        with tempfile.TemporaryDirectory() as folder, emulator.serve(), LostSockets() as lost:
            calls = InterruptedCalls(verb, Path(folder), emulator, lost)
            lines = list(problems(calls, error, options.lines, options.seed))
            calls.close()
        failed += len(lines)
        sys.stdout.write(f"{verb}, {error.__name__}: something is held after {len(lines)} lines\n")
        sys.stdout.writelines(f"  {line}\n" for line in lines)
        sys.stdout.flush()
    return min(failed, 1)

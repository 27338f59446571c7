"""Plays each case in a process of its own, and prints what is still held after each line.

Where the interpreter itself crashes at a line, that line is a problem of the case, and another
process plays the lines behind it.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from scout_adapters.testing import Emulator
from tests.support.interruption import Spot
from tests.support.lost_sockets import FRAMES, LostSockets
from tests.support.verbs import Verb
from tests.system.interrupts.every_line import CASES, problems
from tests.system.interrupts.interrupted_calls import InterruptedCalls

SPAWN: BaseContext = get_context("spawn")


@dataclass(frozen=True)
class InterruptCase:
    """A verb and what is raised: at all lines, or at `lines` that the seed chooses.

    `skipped`: how many of them are not played, from the first.
    """

    verb: Verb
    error: type[BaseException]
    lines: int | None = None
    seed: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        return f"{self.verb}, {self.error.__name__}"


Play = Callable[[InterruptCase, Connection], None]


class LineReports:
    """Sends the number and place of each line before its call: for `problems(begin=)`."""

    def __init__(self, case: InterruptCase, sender: Connection) -> None:
        self._skipped = case.skipped
        self._sender = sender
        self._number = 0

    def begin(self, spot: Spot) -> bool:
        """Return whether the line is to be played."""
        self._number += 1
        if self._number <= self._skipped:
            return False
        self._sender.send((self._number, f"{spot.file}:{spot.line}", ""))
        return True


def play_lines(case: InterruptCase, sender: Connection) -> None:
    """Play a case in this process; send `(number, line, "")` before a line, and each problem."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore", RuntimeWarning)  # coroutines of core that were interrupted
    tracemalloc.start(FRAMES)  # lost sockets are reported with the lines that opened them
    reports, emulator = LineReports(case, sender), Emulator()
    with tempfile.TemporaryDirectory() as folder, emulator.serve(), LostSockets() as lost:
        calls = InterruptedCalls(case.verb, Path(folder), emulator, lost)
        for problem in problems(calls, case.error, case.lines, case.seed, reports.begin):
            sender.send((0, "", problem))
        calls.close()


def play_case(
    case: InterruptCase, play: Play = play_lines, context: BaseContext = SPAWN
) -> tuple[int, list[str]]:
    """Play a case in other processes; return the number of lines, and their problems."""
    played, line, problems_found = 0, "before the first line", list[str]()
    while True:
        before, (process, receiver) = played, _start(replace(case, skipped=played), play, context)
        for number, place, problem in _reports(receiver):
            played, line = (number, place) if number else (played, line)
            problems_found += [problem] if problem else []
        process.join()
        if process.exitcode:
            problems_found.append(f"{line}: the interpreter ended with {process.exitcode}")
        if not process.exitcode or played == before:
            return played, problems_found


def _start(case: InterruptCase, play: Play, context: BaseContext) -> tuple[BaseProcess, Connection]:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=play, args=(case, sender))
    process.start()
    sender.close()  # the child has its own: the pipe ends with it
    return process, receiver


def _reports(receiver: Connection) -> Iterator[tuple[int, str, str]]:
    with receiver:
        while True:
            try:
                yield receiver.recv()
            except EOFError:
                return


def main() -> int:
    """Play all lines; return 1 if anything was still held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, help="so many lines of each case; default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2, help="cases at the same time")
    parser.add_argument("--only", default="", help="cases whose name begins so: 'ainvoke, Key'")
    options, failed = parser.parse_args(), 0
    cases = [InterruptCase(verb, error, options.lines, options.seed) for verb, error in CASES]
    cases = [case for case in cases if str(case).startswith(options.only)]
    with ThreadPoolExecutor(options.processes) as threads:
        for case, (played, lines) in zip(cases, threads.map(play_case, cases), strict=True):
            failed += len(lines)
            sys.stdout.write(f"{case}: something is held after {len(lines)} of {played} lines\n")
            sys.stdout.writelines(f"  {line}\n" for line in lines)
            sys.stdout.flush()
    return min(failed, 1)

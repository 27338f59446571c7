"""Fuzzes for as long as you like, and keeps what fails.

Input N of a run is made of its seed and N alone. A failing input is written to `found/`, where a
test plays it again for ever.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from tests.system.fuzzing.conversation_target import TARGETS  # `targets` and one more
from tests.system.fuzzing.targets import Target

FINDINGS = Path(__file__).parent / "found"
PATIENCE = 5.0
"""Seconds of this process that one input may take, however busy the machine is."""

MEMORY = 3 * 1024**3
"""Bytes of address space: a case that needs more has failed."""


class TookTooLong(BaseException):  # no handler of the product may swallow it
    """An input that hangs."""


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Interrupt what hangs."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TookTooLong(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def keep(name: str, case: Any, made_by: tuple[int, int]) -> Path:
    """Write a failing input down; one that is too deep for JSON as the numbers that make it."""
    try:
        text = json.dumps({"target": name, "case": case})
    except RecursionError:
        text = json.dumps({"target": name, "made_by": made_by})
    path = FINDINGS / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}.json"
    FINDINGS.mkdir(exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def case_of(target: Target, seed: int, number: int) -> Any:
    """Make input `number` of a run; what JSON cannot hold, no server sends."""
    return target.make(random.Random(f"{seed}/{number}"))  # no secret


def fuzz(name: str, inputs: int, seed: int) -> Iterator[str]:
    """Yield a line for every kind of failure: one input of each is kept."""
    target, kinds = TARGETS[name], set[str]()
    for number in range(inputs):
        case = case_of(target, seed, number)
        try:
            with alarm(PATIENCE):
                target.run(case)
        except (Exception, TookTooLong) as error:  # noqa: BLE001  # each is a finding
            if (kind := kind_of(error)) not in kinds:
                kinds.add(kind)
                yield f"{name} input {number}: {kind} -> {keep(name, case, (seed, number))}"


def kind_of(error: BaseException) -> str:
    """Identify a finding by its type and the last line, of our code if any, that raised."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "scout_adapters" in frame.filename] or frames
    last = ours[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {error!s:.200}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", choices=[*TARGETS, "all"], default="all")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    failed = 0
    for name in TARGETS if options.target == "all" else [options.target]:
        began = time.perf_counter()
        for line in fuzz(name, options.inputs, options.seed):
            failed += 1
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        sys.stdout.write(
            f"{name}: {options.inputs} inputs of seed {options.seed} in {seconds:.0f} s, "
            f"{options.inputs / seconds:.0f}/s, peak {peak} MiB\n"
        )
        sys.stdout.flush()
    return 1 if failed else 0

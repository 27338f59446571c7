"""The cases, verbs and exceptions, and what is still held after a call interrupted at each line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from random import Random

from tests.support.interruption import Spot, spots
from tests.support.verbs import ASYNC, VERBS, Verb
from tests.system.interrupts.interrupted_calls import InterruptedCalls

ERRORS: tuple[type[BaseException], ...] = (KeyboardInterrupt, SystemExit)
CASES: tuple[tuple[Verb, type[BaseException]], ...] = (
    *((verb, error) for verb in VERBS for error in ERRORS),
    *((verb, asyncio.CancelledError) for verb in ASYNC),
)


def problems(
    calls: InterruptedCalls,
    error: type[BaseException],
    lines: int | None,
    seed: int,
    begin: Callable[[Spot], bool] = bool,
) -> Iterator[str]:
    """Play a call for each line, or for `lines` chosen ones; yield each line with its problems.

    `begin` receives each line before its call, and returns whether to play it.
    """
    for _ in range(2):  # the first call imports, and fills caches
        calls.interrupt()
    in_task = error is asyncio.CancelledError
    for at, connect in _spots(calls, lines, seed, in_task=in_task):
        if not begin(at):
            continue
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

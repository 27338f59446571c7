"""An exception at any line of a call leaves nothing held, and the next call its own answer."""

from __future__ import annotations

import inspect
import logging
import os
import signal
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from scout_adapters.llm.engine.calls import keep_from_loop
from scout_adapters.llm.transport.http11 import Http11
from scout_adapters.llm.transport.over_h11 import H11Connection
from scout_adapters.testing import Emulator
from tests.support.interruption import Spot
from tests.support.lost_sockets import LostSockets
from tests.support.verbs import Verb
from tests.system.interrupts.case_processes import InterruptCase, play_case
from tests.system.interrupts.every_line import CASES, problems
from tests.system.interrupts.interrupted_calls import InterruptedCalls

LINES = 10
"""Lines of each case, chosen at random by a seed; `make interrupts` plays them all."""


FIRST_STEP = inspect.getsourcelines(keep_from_loop)
"""The function whose hook the event loop of a stream runs at its first step, and its first line."""


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # core's, of handlers
@pytest.mark.parametrize(("verb", "error"), CASES)
def test_an_exception_at_any_line_leaves_nothing_held(
    verb: Verb, error: type[BaseException], emulator: Emulator, tmp_path: Path
) -> None:
    logging.disable(logging.CRITICAL)
    try:
        with emulator.serve(), LostSockets() as lost:
            calls = InterruptedCalls(verb, tmp_path, emulator, lost)
            resources = list(problems(calls, error, LINES, seed=len(verb)))
            calls.close()
    finally:
        logging.disable(logging.NOTSET)
    assert resources == []


def test_an_exception_at_the_first_step_of_a_stream_is_raised(
    emulator: Emulator, tmp_path: Path
) -> None:
    lines, first = FIRST_STEP
    hook = next(at for at, line in enumerate(lines, first) if "(firstiter=before)" in line)
    with emulator.serve(), LostSockets() as lost:
        calls = InterruptedCalls("astream", tmp_path, emulator, lost)
        spot = Spot("llm/engine/calls.py", hook, 1)
        # In `anext` with a default it would end the process: python/cpython#131670.
        assert calls.interrupt(spot, KeyboardInterrupt()).place
        assert list(calls.problems()) == []
        calls.close()


def lines_of(function: Any) -> Iterator[int]:
    lines, first = inspect.getsourcelines(function)
    return iter(range(first, first + len(lines)))


def test_an_exception_while_a_connection_opens_leaves_no_socket(
    emulator: Emulator, tmp_path: Path
) -> None:
    opening = {("llm/transport/over_h11.py", line) for line in lines_of(H11Connection._reopen)}
    opening |= {("llm/transport/http11.py", line) for line in lines_of(Http11.__init__)}
    played = set()

    def begin(spot: Spot) -> bool:
        place = (spot.file, spot.line)
        played.update({place} & opening)
        return place in opening

    with emulator.serve(), LostSockets() as lost:
        calls = InterruptedCalls("stream", tmp_path, emulator, lost)
        assert list(problems(calls, KeyboardInterrupt, None, 0, begin)) == []
        calls.close()
    assert len(played) > 6


def crash_at_the_third_line(case: InterruptCase, sender: Connection) -> None:
    for number in range(case.skipped + 1, 6):
        sender.send((number, f"file.py:{number}", ""))
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)


def test_a_crash_of_the_interpreter_is_a_problem_of_its_line() -> None:
    case = InterruptCase("astream", KeyboardInterrupt)
    crash = "file.py:3: the interpreter ended with -9"
    assert play_case(case, crash_at_the_third_line, get_context("fork")) == (5, [crash])

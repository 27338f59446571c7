"""An exception at any line of a call leaves nothing held, and the next call its own answer."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from scout_adapters.testing import Emulator
from tests.support.lost_sockets import LostSockets
from tests.support.verbs import Verb
from tests.system.interrupts.every_line import CASES, problems
from tests.system.interrupts.interrupted_calls import InterruptedCalls

LINES = 16
"""Lines of each case, chosen at random by a seed; `make interrupts` plays them all."""


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

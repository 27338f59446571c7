"""Every row of the table whose fault is an answer: each case in each verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.system.faults.cases.bodies import BODIES
from tests.system.faults.cases.failures import FAILURES
from tests.system.faults.cases.keys import KEYS
from tests.system.faults.cases.limits import LIMITS
from tests.system.faults.cases.streams import STREAMED
from tests.system.faults.catalogue import FAULTS, Fault
from tests.system.faults.play import Case, Play

CASES = {**KEYS, **LIMITS, **FAILURES, **BODIES, **STREAMED}


def plays() -> Iterator[Any]:
    for number, cases in CASES.items():
        fault = FAULTS[number]
        for case in cases:
            for verb in (one for one in fault.verbs if one in case.verbs):
                yield pytest.param(
                    fault, case, verb, id="-".join(filter(None, (f"{number}", case.id, verb)))
                )


@pytest.mark.parametrize(("fault", "case", "verb"), list(plays()))
async def test_a_fault_has_the_outcome_that_its_row_states(
    fault: Fault, case: Case, verb: str, play: Callable[..., Play]
) -> None:
    await play(verb, case=case).run()

"""The rows whose fault is an answer, through chat models of official packages as candidates."""

from __future__ import annotations

import pytest

from tests.support.partner_models import anthropic_over
from tests.system.faults.catalogue import Fault
from tests.system.faults.partner_cases import plays, unknown_exceptions
from tests.system.faults.partner_play import PartnerPlay
from tests.system.faults.play import Case
from tests.system.faults.witness import Overheard


@pytest.mark.parametrize(
    ("partner", "fault", "case", "verb"), sorted(plays(), key=lambda play: str(play.id))
)
async def test_a_fault_of_a_partner_has_the_outcome_that_its_row_states(
    partner: str, fault: Fault, case: Case, verb: str, overheard: Overheard
) -> None:
    play = PartnerPlay(partner, verb, overheard, case=case)
    with anthropic_over(play.transport):
        await play.run()


def test_each_exception_names_a_case() -> None:
    assert unknown_exceptions() == set()

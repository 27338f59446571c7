"""The rows whose fault is an answer, through `ChatOpenAI` as a candidate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.faults.catalogue import FAULTS, Fault
from tests.system.faults.partner_play import OTHERS, PartnerPlay
from tests.system.faults.play import Case
from tests.system.faults.test_rows import CASES
from tests.system.faults.witness import Overheard

PARTNER_VERBS = ("invoke", "astream")

OF_ONE_CANDIDATE = "the keys of a ChatOpenAI are candidates of their own, which are asked as well"
UNKNOWN = "ChatOpenAI raises ValueError or TypeError for such an answer: its kind is unknown"
NO_WHOLE_ANSWER = "ChatOpenAI skips a whole answer to a request for a stream: an incomplete stream"
NO_END_MARK = "the SDK removes the end mark, and without a finish reason the stream is cut off"
OF_TRANSPORT = "sizes and content codings that are read are those of its HTTP library"
REAL_TIME = "silence between events is measured by the event loop, whose clock does not stand still"

EXCEPT: dict[tuple[int, str], str] = {
    **dict.fromkeys([(17, ""), (18, "openai"), (18, "alone"), (31, "")], OF_ONE_CANDIDATE),
    **dict.fromkeys([(20, "next candidate"), (20, "nobody"), (23, "groq")], OF_ONE_CANDIDATE),
    **dict.fromkeys([(35, "498"), (35, "503")], OF_ONE_CANDIDATE),
    **dict.fromkeys([(38, "portal"), (38, "null"), (38, "list")], UNKNOWN),
    **dict.fromkeys([(38, "next candidate"), (45, "choices null"), (45, "no message")], UNKNOWN),
    (45, "choices null in the events"): UNKNOWN,
    **dict.fromkeys([(43, "octets"), (43, "none"), (44, "odd"), (44, "bom")], NO_WHOLE_ANSWER),
    **dict.fromkeys([(44, "utf-16"), (45, "null"), (45, "unknown reason")], NO_WHOLE_ANSWER),
    **dict.fromkeys([(45, "no usage")], NO_WHOLE_ANSWER),
    **dict.fromkeys([(58, "event only"), (58, "retry")], NO_END_MARK),
    (47, "between words for too long"): REAL_TIME,
    **dict.fromkeys([(row, case.id) for row in (42, 59) for case in CASES[row]], OF_TRANSPORT),
}
"""Cases that do not apply, by row and name, and why."""


def plays() -> Iterator[Any]:
    for number, cases in CASES.items():
        for case in cases:
            ours = all(step.partition(":")[0] in OTHERS for step in case.route)
            if ours or (number, case.id) in EXCEPT:
                continue
            for verb in set(FAULTS[number].verbs) & set(case.verbs) & set(PARTNER_VERBS):
                name = "-".join(filter(None, (f"{number}", case.id, verb)))
                yield pytest.param(FAULTS[number], case, verb, id=name)


@pytest.mark.parametrize(("fault", "case", "verb"), sorted(plays(), key=lambda play: str(play.id)))
async def test_a_fault_of_a_partner_has_the_outcome_that_its_row_states(
    fault: Fault, case: Case, verb: str, overheard: Overheard
) -> None:
    await PartnerPlay(verb, overheard, case=case).run()


def test_each_exception_names_a_case() -> None:
    cases = {(number, case.id) for number, of_row in CASES.items() for case in of_row}
    assert EXCEPT.keys() <= cases

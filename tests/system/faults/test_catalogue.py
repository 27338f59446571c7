"""The table is whole: every fault from 1 to 88, each once, and each one played."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from tests.support.verbs import VERBS
from tests.system.faults.catalogue import ROWS
from tests.system.faults.test_rows import CASES

HERE = Path(__file__).parent


def played() -> set[tuple[int, str]]:
    """Find the numbers of the faults that the modules of this folder play, by their markers."""
    played_rows = {(number, "rows") for number in CASES}
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
                (number,) = node.args
                assert isinstance(number, ast.Constant)
                played_rows.add((int(str(number.value)), path.stem))
    return played_rows


def test_every_fault_from_1_to_88_has_one_row() -> None:
    assert [fault.number for fault in ROWS] == list(range(1, 89))
    assert set(Counter(fault.name for fault in ROWS).values()) == {1}
    assert all(fault.outcome for fault in ROWS)


def test_every_row_is_played_or_has_a_reason_why_not() -> None:
    numbers = {number for number, _ in played()}
    assert numbers == {fault.number for fault in ROWS if fault.verbs}


def test_a_verb_is_left_out_only_with_a_reason() -> None:
    assert all(bool(fault.why_not) == (set(fault.verbs) != set(VERBS)) for fault in ROWS)


def test_the_cases_of_a_row_cover_each_of_its_verbs() -> None:
    elsewhere = {number for number, where in played() if where != "rows"}
    rows = {fault.number: fault for fault in ROWS}
    for number, cases in CASES.items():
        covered = {verb for case in cases for verb in case.verbs}
        assert number in elsewhere or set(rows[number].verbs) <= covered, number

"""Whatever comes in, a good value or a named error comes out, and soon: bounded fuzzing for CI.

For as long as you like: `python -m tools.fuzz --inputs 1000000`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.system.fuzzing import run
from tests.system.fuzzing.conversation_target import TARGETS  # `targets` and one more
from tests.system.fuzzing.run import FINDINGS, PATIENCE, alarm, case_of, fuzz

INPUTS = 3000
"""For each target, the same on every machine, however fast it is."""

FINDING_PATHS = sorted(FINDINGS.glob("*.json"))


@pytest.fixture(autouse=True)
def unkept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Write no findings into the tree from here: the seed and the number name them."""
    monkeypatch.setattr(run, "FINDINGS", tmp_path)


@pytest.mark.parametrize("name", TARGETS)
def test_spoilt_input_makes_a_good_value_or_a_named_error(name: str) -> None:
    assert list(fuzz(name, INPUTS, seed=2026)) == []


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
@pytest.mark.parametrize("name", TARGETS)
def test_input_of_any_seed_makes_a_good_value_or_a_named_error(name: str, seed: int) -> None:
    with alarm(PATIENCE):
        TARGETS[name].run(case_of(TARGETS[name], seed, 0))


@pytest.mark.parametrize("path", FINDING_PATHS, ids=lambda path: path.stem)
def test_what_once_failed_fails_no_more(path: Path) -> None:
    finding = json.loads(path.read_text(encoding="utf-8"))
    target = TARGETS[finding["target"]]
    case = finding["case"] if "case" in finding else case_of(target, *finding["made_by"])
    with alarm(PATIENCE):
        target.run(case)


def test_an_input_that_fails_is_stored_and_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stumble(case: object) -> None:
        raise KeyError("a finding")

    broken = type(TARGETS["sse"])(TARGETS["sse"].make, stumble)
    monkeypatch.setitem(TARGETS, "sse", broken)
    (line,) = fuzz("sse", 20, seed=1)
    assert "KeyError" in line
    (path,) = tmp_path.glob("sse-*.json")
    assert json.loads(path.read_text())["case"] == case_of(broken, 1, 0)


def test_an_input_that_hangs_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(case: object) -> None:
        while True:
            pass

    monkeypatch.setattr(run, "PATIENCE", 0.05)
    monkeypatch.setitem(TARGETS, "sse", type(TARGETS["sse"])(TARGETS["sse"].make, hang))
    (line,) = fuzz("sse", 1, seed=1)
    assert "TookTooLong" in line

"""`scout-adapters models`: what it prints about models that have ended or end soon."""

from __future__ import annotations

import pytest

from tests.cli.shell import run


@pytest.mark.parametrize(
    ("on", "line"),
    [
        ("2026-10-20", "1 of 3 has ended, 1 ends within 60 days"),
        ("2026-11-30", "1 of 3 has ended, 1 ends within 60 days"),
        ("2027-06-01", "2 of 3 have ended"),
        ("2026-08-20", "1 of 3 ends within 60 days"),
    ],
)
def test_ended_models_are_told_from_those_that_end_soon(on: str, line: str) -> None:
    names = ("nvidia/openai/gpt-oss-120b", "openai/gpt-5-mini", "openai/gpt-6-luna")
    done = run("models", *names, "--on", on, "--within", "60")
    assert done.code == 1
    assert line in done.out
    assert ("ended 2026-09-03" in done.out) == (on > "2026-09-03")

"""Code that makes models of other packages gives the same answers after it is rewritten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scout_adapters.code_migration import rewrite
from scout_adapters.testing import Emulator, Fault, Overloaded
from tests.code_migration.code_runs import FOLDER, before_and_after, variables


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    emulator = Emulator()
    with emulator.serve():
        for name, value in variables(emulator).items():
            monkeypatch.setenv(name, value)
        yield emulator


@pytest.mark.parametrize(
    ("name", "down"),
    [
        ("partner_models", {}),
        ("fallback_chain", {}),
        ("fallback_chain", {"openai": Overloaded()}),
    ],
)
def test_rewritten_code_asks_the_same_and_answers_the_same(
    name: str, down: dict[str, Fault], emulator: Emulator
) -> None:
    emulator.down = down
    before, after = before_and_after(name, emulator)
    assert after == before


@pytest.mark.parametrize("path", sorted(FOLDER.glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_no_call_stays_and_a_second_run_changes_nothing(path: Path) -> None:
    data = path.read_bytes()
    first = rewrite(data)
    assert all(change.is_made for change in first.changes)
    assert first.data != data
    assert rewrite(first.data).data == first.data

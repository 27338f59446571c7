"""Stores of both kinds, and models over an emulator whose log is the witness."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scout_adapters.budget import BudgetStore, MemoryBudgets, SqliteBudgets
from scout_adapters.testing import Emulator


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


class Wall:
    """A wall clock that tests set."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


MAKERS: dict[str, Callable[[Path, Wall], BudgetStore]] = {
    "memory": lambda path, wall: MemoryBudgets(),
    "sqlite": lambda path, wall: SqliteBudgets(path / "budgets.db", wall=wall),
}


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest, tmp_path: Path, wall: Wall) -> BudgetStore:
    return MAKERS[request.param](tmp_path, wall)

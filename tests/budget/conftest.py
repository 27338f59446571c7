"""Budget stores of both kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scout_adapters.budget import BudgetStore, MemoryBudgets, SqliteBudgets
from tests.support.clock import Wall

MAKERS: dict[str, Callable[[Path, Wall], BudgetStore]] = {
    "memory": lambda path, wall: MemoryBudgets(),
    "sqlite": lambda path, wall: SqliteBudgets(path / "budgets.db", wall=wall),
}


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest, tmp_path: Path, wall: Wall) -> BudgetStore:
    return MAKERS[request.param](tmp_path, wall)

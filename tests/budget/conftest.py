"""Budget stores of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scout_adapters.budget import BudgetStore, MemoryBudgets, SqliteBudgets, advances
from scout_adapters.budget.redis_budgets import RedisBudgets
from tests.support.clock import Wall
from tests.support.redis_server import redis, shared_server

__all__ = ["redis", "shared_server"]

MAKERS: dict[str, Callable[[Path, Wall], BudgetStore]] = {
    "memory": lambda path, wall: MemoryBudgets(),
    "sqlite": lambda path, wall: SqliteBudgets(path / "budgets.db", wall=wall),
}


@pytest.fixture(params=[*MAKERS, "redis", "redis-advances"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BudgetStore]:
    if request.param.startswith("redis"):
        if request.param == "redis-advances":  # all that is left may be held in advance
            monkeypatch.setattr(advances, "SHARE", 1)
            monkeypatch.setattr(advances, "FEW_CALLS", 1)
        budgets = RedisBudgets(request.getfixturevalue("redis").url)
        yield budgets
        budgets.close()
        return
    yield MAKERS[request.param](tmp_path, wall)

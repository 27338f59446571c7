"""An exception at every line of a budget's store: a hold is made in all accounts or in none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scout_adapters.budget import Account, MemoryBudgets, SqliteBudgets
from tests.support.interruption import Interruption

ACCOUNTS = [Account("b", "user=ada", "", 1000), Account("b", "user=bo", "", 1000)]
AMOUNT, COST = 10, 7


def at_every_line(make: Callable[[], Any], step: Callable[[Any], Any]) -> Iterator[Any]:
    """Interrupt a step at each of its lines; yield its argument, made by `make`."""
    value = make()
    with Interruption() as dry:
        step(value)
    for at in range(1, len(dry.places) + 1):
        value = make()
        with Interruption(at, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
            step(value)
        yield value


@pytest.fixture(params=[MemoryBudgets, SqliteBudgets])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    budgets = (
        request.param() if request.param is MemoryBudgets else request.param(tmp_path / "b.db")
    )
    budgets.balances("b")  # opens the file
    return budgets


def amounts(store: Any) -> set[tuple[int, int, int]]:
    return {(each.spent, each.held, each.uncertain) for each in store.balances("b")}


def test_a_hold_that_is_interrupted_holds_nothing(store: Any) -> None:
    store.settle(store.hold(ACCOUNTS, AMOUNT), 0)
    for _ in at_every_line(lambda: store, lambda of: of.hold(ACCOUNTS, AMOUNT)):
        assert amounts(store) == {(0, AMOUNT, 0)}  # of the one that was not interrupted


def test_a_settlement_that_is_interrupted_and_repeated_counts_once(store: Any) -> None:
    def hold() -> Any:
        return store.hold(ACCOUNTS, AMOUNT)

    store.settle(hold(), COST)
    repeated = at_every_line(hold, lambda hold: store.settle(hold, COST))
    for number, held in enumerate(repeated, 3):
        store.settle(held, COST)
        assert amounts(store) == {(number * COST, 0, 0)}

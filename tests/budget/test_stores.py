"""Both stores keep the same books, and no order of steps takes them past a limit."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from scout_adapters.budget import Account, Balance, BudgetStore, Hold, MemoryBudgets, SqliteBudgets
from scout_adapters.budget.sqlite import LEASE_SECONDS
from scout_adapters.errors import BudgetError
from tests.support.waiting import HANG


def account(limit: int = 100, scope: str = "", window: str = "w", budget: str = "b") -> Account:
    return Account(budget, scope, window, limit)


def held(store: BudgetStore, amount: int, *accounts: Account) -> Hold:
    hold = store.hold(accounts or [account()], amount)
    assert isinstance(hold, Hold)
    return hold


def balance(store: BudgetStore) -> tuple[int, int, int, int]:
    balances = store.balances("b") or [Balance(account())]  # none where nothing was ever held
    (only,) = balances
    return only.spent, only.held, only.uncertain, only.overage


def test_a_hold_becomes_what_was_spent(store: BudgetStore) -> None:
    hold = held(store, 60)
    assert balance(store) == (0, 60, 0, 0)
    store.settle(hold, 10)
    assert balance(store) == (10, 0, 0, 0)


def test_a_hold_beyond_the_limit_is_refused_with_the_balance(store: BudgetStore) -> None:
    store.settle(held(store, 60), 50)
    held(store, 40)
    refused = store.hold([account()], 11)
    assert isinstance(refused, Balance)
    assert (refused.spent, refused.held, refused.left) == (50, 40, 10)
    assert balance(store) == (50, 40, 0, 0)
    held(store, 10)


def test_a_hold_with_an_unknown_cost_stays_spent(store: BudgetStore) -> None:
    store.settle(held(store, 60), None)
    assert balance(store) == (60, 0, 60, 0)


def test_a_cost_above_the_hold_is_recorded_and_reported(store: BudgetStore) -> None:
    store.settle(held(store, 60), 130)
    assert balance(store) == (130, 0, 0, 70)
    assert isinstance(store.hold([account()], 0), Balance)


def test_a_budget_of_nothing_lets_nothing_pass_but_what_is_free(store: BudgetStore) -> None:
    assert isinstance(store.hold([account(0)], 1), Balance)
    held(store, 0, account(0))


def test_several_accounts_are_held_together_or_not_at_all(store: BudgetStore) -> None:
    small, large = account(10, "small"), account(100, "large")
    assert isinstance(store.hold([large, small], 11), Balance)
    assert sum(balance.held for balance in store.balances("b")) == 0
    store.settle(held(store, 10, large, small), 4)
    assert {balance.account.scope: balance.spent for balance in store.balances("b")} == {
        "large": 4,
        "small": 4,
    }


def test_a_limit_that_changes_holds_from_then_on(store: BudgetStore) -> None:
    held(store, 60)
    assert isinstance(store.hold([account(70)], 20), Balance)
    held(store, 20, account(80))


def test_windows_and_budgets_do_not_mix(store: BudgetStore) -> None:
    for other in (account(), account(window="x"), account(scope="s"), account(budget="c")):
        held(store, 100, other)
    assert [balance.held for balance in store.balances("b")] == [100] * 3


def test_a_window_that_is_forgotten_is_not_there_any_more(store: BudgetStore) -> None:
    store.settle(held(store, 100), 100)
    store.forget("b", "w")
    assert store.balances("b") == []


@pytest.mark.parametrize(("limit", "amount"), [(1000, 7), (1000, 1000), (999, 1000), (700, 7)])
def test_sixteen_threads_race_for_the_last_of_it(
    store: BudgetStore, limit: int, amount: int
) -> None:
    start = threading.Barrier(16)

    def spend(_: int) -> int:
        start.wait()
        holds = [store.hold([account(limit)], amount) for _ in range(12)]
        admitted = [hold for hold in holds if isinstance(hold, Hold)]
        for hold in admitted:
            store.settle(hold, amount)
        return len(admitted)

    with ThreadPoolExecutor(16) as threads:
        admitted = sum(threads.map(spend, range(16)))
    assert admitted == limit // amount
    assert balance(store) == (admitted * amount, 0, 0, 0)


def test_a_forked_child_keeps_the_books_of_its_parent(tmp_path: Path) -> None:
    store = SqliteBudgets(tmp_path / "b.db")
    held(store, 10)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store.settle(held(store, 20), 20)
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    held(store, 5)
    assert balance(store) == (20, 15, 0, 0)


def test_an_unsettled_hold_counts_as_spent_in_the_end(tmp_path: Path, wall: Any) -> None:
    path = tmp_path / "b.db"
    hold = held(SqliteBudgets(path, wall=wall), 30)
    wall.now += LEASE_SECONDS + 61
    later = SqliteBudgets(path, wall=wall)
    late = held(later, 1)
    assert balance(later) == (30, 1, 30, 0)
    later.settle(hold, 5)  # word comes all the same
    later.settle(late, 1)
    assert balance(later) == (6, 0, 0, 0)


@pytest.mark.parametrize("jump", [7200, -7200])
def test_a_clock_that_jumps_gives_nothing_back(tmp_path: Path, wall: Any, jump: int) -> None:
    store = SqliteBudgets(tmp_path / "b.db", wall=wall)
    held(store, 30)
    for step in (jump, -jump):
        wall.now += step
        assert isinstance(store.hold([account()], 71), Balance)
    held(store, 70)


def test_a_file_that_is_no_database_stops_spending_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "b.db"
    path.write_bytes(b"This is no database, and long enough to be looked at." * 100)
    with pytest.raises(BudgetError, match="cannot be used") as raised:
        SqliteBudgets(path).hold([account()], 1)
    assert str(path) in str(raised.value)


def test_a_folder_that_cannot_be_made_stops_spending(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BudgetError, match="cannot be used"):
        SqliteBudgets(tmp_path / "file" / "b.db").hold([account()], 1)


def test_a_file_that_another_holds_for_long_stops_spending(tmp_path: Path) -> None:
    store = SqliteBudgets(tmp_path / "b.db", lock_timeout=0.05)
    hold = held(store, 1)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BudgetError, match="locked"):
            store.hold([account()], 1)
        with pytest.raises(BudgetError, match="locked"):
            store.settle(hold, 1)
    store.settle(hold, 1)
    assert balance(store) == (1, 0, 0, 0)


def test_processes_that_create_the_file_at_the_same_time_all_open_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        for number in range(200):  # about one file in twenty was locked for a process
            stores = [SqliteBudgets(tmp_path / f"{number}.db") for _ in range(8)]
            together = threading.Barrier(len(stores))

            def spend(store: SqliteBudgets, together: threading.Barrier = together) -> Hold:
                together.wait(HANG)
                return held(store, 1)

            assert len(list(threads.map(spend, stores))) == len(stores)
            for store in stores:
                store.close()


def test_a_disk_that_is_full_stops_spending_and_forgets_nothing(tmp_path: Path) -> None:
    store = SqliteBudgets(tmp_path / "b.db")
    store.settle(held(store, 10), 10)
    size = (tmp_path / "b.db-wal").stat().st_size
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            try:
                store.hold([account()], 10)
            except BudgetError:
                code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert balance(store) == (10, 0, 0, 0)
    held(store, 90)


def test_the_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    store = SqliteBudgets(tmp_path / "b.db")
    held(store, 1)
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


class Books(RuleBasedStateMachine):
    """Holds both stores to a plain list of what was held and settled, restarts among it."""

    holds = Bundle("holds")

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "b.db"
        self.stores: list[BudgetStore] = [MemoryBudgets(), SqliteBudgets(self.path)]
        self.open: dict[int, tuple[int, int]] = {}
        self.spent = [0, 0]
        self.numbers = 0

    @rule(target=holds, which=st.integers(0, 1), amount=st.integers(0, 60), beyond=st.booleans())
    def hold(self, which: int, amount: int, beyond: bool) -> Any:
        booked = account(100, scope=str(which))
        results = [store.hold([booked], amount, beyond=beyond) for store in self.stores]
        in_holds = sum(amount for kind, amount in self.open.values() if kind == which)
        room = self.spent[which] + in_holds + amount <= 100 or beyond
        assert [isinstance(each, Hold) for each in results] == [room, room]
        if not room:
            return multiple()
        self.numbers += 1
        self.open[self.numbers] = which, amount
        return self.numbers, results

    @rule(hold=consumes(holds), actual=st.none() | st.integers(0, 90))
    def settle(self, hold: Any, actual: int | None) -> None:
        number, results = hold
        for store, each in zip(self.stores, results, strict=True):
            store.settle(each, actual)
        which, amount = self.open.pop(number)
        self.spent[which] += amount if actual is None else actual

    @rule()
    def restart(self) -> None:
        self.stores[1].close()  # type: ignore[attr-defined]  # the one in a file
        self.stores[1] = SqliteBudgets(self.path)

    @invariant()
    def all_books_agree(self) -> None:
        for store in getattr(self, "stores", []):
            for entry in store.balances("b"):
                which = int(entry.account.scope)
                in_holds = sum(amount for kind, amount in self.open.values() if kind == which)
                assert (entry.spent, entry.held) == (self.spent[which], in_holds)

    def teardown(self) -> None:
        if hasattr(self, "stores"):
            self.stores[1].close()  # type: ignore[attr-defined]  # the one in a file
            self.folder.cleanup()


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)

"""Advances beside calls that are refused or repeated, and while the server is away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from typing_extensions import override

from scout_adapters import ScoutBudgetCallbackHandler, ScoutGroqChatModel
from scout_adapters.budget import Account, Balance, Hold, redis_budgets
from scout_adapters.budget.redis_budgets import RedisBudgets
from scout_adapters.errors import BudgetError
from scout_adapters.llm.engine.observers import ProposedAttempt
from scout_adapters.llm.engine.record import Run
from scout_adapters.testing import Emulator
from tests.store.held_money import (
    ACCOUNT,
    AMOUNT,
    COST,
    LIMIT,
    advanced,
    amounts,
    held,
    store,
    time,
)
from tests.support.clock import FakeTime
from tests.support.redis_server import LocalRedis, free_port, needs_redis
from tests.support.waiting import HANG

__all__ = ["store", "time"]

TEAM, ADA, BOB = (Account("b", scope, "", LIMIT) for scope in ("", "user=ada", "user=bob"))

pytestmark = needs_redis


@pytest.fixture
def trips(store: RedisBudgets, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the calls of the store that were a round trip."""
    trips: list[Any] = []
    run = store._run
    monkeypatch.setattr(store, "_run", lambda call: trips.append(call) or run(call))
    return trips


def spend(store: RedisBudgets, *accounts: Account) -> None:
    """Make calls without a cost until an advance serves them."""
    while not store.has_advance(accounts):
        hold = store.hold(accounts, AMOUNT)
        assert isinstance(hold, Hold)
        store.settle(hold, 0)


def test_a_user_without_money_ends_no_advance_of_another(
    store: RedisBudgets, trips: list[Any]
) -> None:
    all_spent = store.hold([ADA], LIMIT)
    assert isinstance(all_spent, Hold)
    store.settle(all_spent, None)
    spend(store, BOB)
    trips.clear()
    for _ in range(10):
        assert isinstance(store.hold([ADA], AMOUNT), Balance)
    assert len(trips) == 10
    assert store.has_advance([BOB])


def test_a_call_that_no_released_advance_would_let_through_ends_none(
    store: RedisBudgets, trips: list[Any]
) -> None:
    store.settle(advanced(store), 0)
    long = held(store, LIMIT // 2)
    trips.clear()
    for amount in (LIMIT + 1, LIMIT // 2 + 1):
        assert isinstance(store.hold([ACCOUNT], amount), Balance)
    assert len(trips) == 2
    assert store.has_advance([ACCOUNT])
    held(store, LIMIT // 2)
    assert not store.has_advance([ACCOUNT])
    store.settle(long, 0)


def test_a_call_gets_what_advances_hold_in_each_of_its_accounts(store: RedisBudgets) -> None:
    spend(store, ADA, TEAM)
    spend(store, BOB, TEAM)
    assert isinstance(store.hold([ADA, TEAM], LIMIT), Hold)


def test_no_call_waits_for_the_one_that_tries_a_server_that_is_away() -> None:
    store = RedisBudgets(f"redis://127.0.0.1:{free_port()}")
    store.server._clock = FakeTime().clock  # the pause does not end, however busy the machine is
    with pytest.raises(BudgetError):
        held(store)
    with ThreadPoolExecutor(1) as threads, store._fetching:  # as the thread that tries
        call = threads.submit(held, store)
        with pytest.raises(BudgetError):
            call.result(HANG)


async def test_a_subclass_s_own_step_runs_before_each_async_attempt(store: RedisBudgets) -> None:
    admitted: list[str] = []

    class LoggingBudget(ScoutBudgetCallbackHandler):
        @override
        def on_scout_attempt_admit(self, run: Run, proposal: ProposedAttempt) -> None:
            admitted.append(str(proposal.about["model"]))
            super().on_scout_attempt_admit(run, proposal)

    budget, emulator = LoggingBudget(1000, name="team", store=store), Emulator()
    model = ScoutGroqChatModel(
        model="openai/gpt-oss-120b", api_key="k", max_tokens=10, transport=emulator.transport()
    )
    for _ in range(30):
        await model.ainvoke("Hello", {"callbacks": [budget]})
    assert admitted == ["openai/gpt-oss-120b"] * 30
    (balance,) = budget.balances
    assert (balance.held, balance.spent > 0) == (0, True)


def test_a_booking_that_is_sent_again_after_hours_counts_once(
    store: RedisBudgets, redis: LocalRedis
) -> None:
    hold = advanced(store)
    store.settle(hold, COST)
    assert amounts(store) == (COST, 0, 0, 0)
    assert hold.advance is not None
    name = hold.advance.id.partition("@")[0]
    mark = store.server.key(store._tag([ACCOUNT]), "hold", name)
    milliseconds = store.server.client.pttl(mark)
    assert milliseconds / 1000 > redis_budgets.LEASE_SECONDS * 23
    store.server.run([store._booking(hold.advance, 0, is_over=True)])
    assert amounts(store) == (COST, 0, 0, 0)

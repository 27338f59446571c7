"""Advances in Redis: calls without a round trip, and what other processes see of them."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from scout_adapters import ScoutBudgetCallbackHandler, ScoutGroqChatModel
from scout_adapters._internal.fork import process
from scout_adapters.budget import Account, Balance, Hold
from scout_adapters.budget.advances import ADVANCE_SECONDS, SHARE, AdvanceHold
from scout_adapters.budget.redis_budgets import RedisBudgets
from scout_adapters.testing import Emulator
from tests.callbacks.conftest import prices
from tests.callbacks.test_budget_other_models import answer_of
from tests.callbacks.test_budget_other_models import other as other_model
from tests.store.held_money import (
    ACCOUNT,
    AMOUNT,
    COST,
    LIMIT,
    advanced,
    amounts,
    held,
    other,
    send,
    store,
    time,
)
from tests.support.clock import FakeTime
from tests.support.redis_server import LocalRedis, needs_redis
from tests.support.verbs import call_model

__all__ = ["other", "prices", "store", "time"]

pytestmark = needs_redis


def test_calls_in_quick_succession_need_one_round_trip_for_many(
    store: RedisBudgets, other: RedisBudgets, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    run = store._run
    monkeypatch.setattr(store, "_run", lambda call: sent.append(call) or run(call))
    for _ in range(500):
        store.settle(held(store), COST)
    assert len(sent) < 20
    assert amounts(store) == (500 * COST, 0, 0, 0)  # what a process has spent, it sees at once
    assert amounts(other) == (500 * COST, 0, 0, 0)


def test_the_first_call_and_those_after_a_pause_hold_no_more_than_they_need(
    store: RedisBudgets, other: RedisBudgets, time: FakeTime
) -> None:
    for _ in range(3):
        store.settle(advanced(store), 0)
        time.go_by(10)
        hold = held(store)
        assert amounts(other)[1] == AMOUNT
        store.settle(hold, 0)


def test_an_advance_is_a_small_part_of_what_is_left(
    store: RedisBudgets, other: RedisBudgets
) -> None:
    store.settle(held(store, LIMIT // 2), LIMIT // 2)
    for _ in range(1000):
        store.settle(held(store), 0)
    assert AMOUNT < amounts(other)[1] <= AMOUNT + LIMIT // 2 // SHARE


def test_calls_in_turn_share_an_advance_that_two_at_once_could_not(
    store: RedisBudgets, other: RedisBudgets
) -> None:
    large = LIMIT // 40  # most calls cost a small part of what is held for them
    holds = []
    for _ in range(100):
        holds.append(held(store, large))
        store.settle(holds[-1], COST)
    fetched = {hold.advance for hold in holds if isinstance(hold, AdvanceHold)}
    assert 1 <= len(fetched) < 5
    assert sum(type(hold) is Hold for hold in holds) == 1
    assert amounts(store) == amounts(other) == (100 * COST, 0, 0, 0)


def test_a_budget_with_little_left_is_held_call_by_call(store: RedisBudgets) -> None:
    store.settle(held(store, LIMIT - 9 * AMOUNT), None)
    holds = [held(store) for _ in range(9)]
    assert {type(hold) for hold in holds} == {Hold}
    assert isinstance(store.hold([ACCOUNT], 1), Balance)


def test_other_processes_see_what_was_spent_and_get_what_is_left_over(
    store: RedisBudgets, other: RedisBudgets, time: FakeTime
) -> None:
    store.settle(advanced(store), COST)
    long = advanced(store)
    send(store)
    spent, in_advance, *_ = amounts(other)
    assert spent == COST
    assert in_advance > AMOUNT
    time.go_by(ADVANCE_SECONDS)
    send(store)
    assert amounts(other) == (COST, AMOUNT, 0, 0)  # a call that takes long keeps its own hold
    store.settle(long, None)
    store.settle(long, 3)
    send(store)
    assert amounts(other) == (COST + AMOUNT, 0, AMOUNT, 0)


def test_a_cost_above_the_hold_is_booked_in_full(store: RedisBudgets, other: RedisBudgets) -> None:
    store.settle(advanced(store), 5 * AMOUNT)
    assert amounts(store) == amounts(other) == (5 * AMOUNT, 0, 0, 4 * AMOUNT)


def test_a_call_that_needs_what_an_own_advance_holds_gets_it(store: RedisBudgets) -> None:
    store.settle(advanced(store), 0)
    held(store, LIMIT)


def test_what_others_have_spent_is_refused_though_an_advance_was_planned(
    store: RedisBudgets, other: RedisBudgets, time: FakeTime
) -> None:
    store.settle(advanced(store), 0)
    time.go_by(ADVANCE_SECONDS)
    send(store)
    held(other, LIMIT - AMOUNT)
    assert amounts(other) == (0, LIMIT - AMOUNT, 0, 0)
    held(store)
    assert isinstance(store.hold([ACCOUNT], AMOUNT), Balance)


def test_threads_never_exceed_the_limit_and_lose_nothing(
    redis: LocalRedis, other: RedisBudgets
) -> None:
    limit = Account("b", "", "", 400 * AMOUNT)
    stores = [RedisBudgets(redis.url) for _ in range(2)]
    start = threading.Barrier(8)

    def spend(number: int) -> int:
        start.wait()
        holds = [stores[number % 2].hold([limit], AMOUNT) for _ in range(60)]
        admitted = [hold for hold in holds if isinstance(hold, Hold)]
        for hold in admitted:
            stores[number % 2].settle(hold, AMOUNT)
        return len(admitted)

    with ThreadPoolExecutor(8) as threads:
        admitted = sum(threads.map(spend, range(8)))
    for each in stores:
        assert each.flush()
    assert amounts(other) == (admitted * AMOUNT, 0, 0, 0)
    assert 0.9 * 400 < admitted <= 400


def test_a_forked_child_does_not_spend_from_its_parent_s_advance(
    store: RedisBudgets, other: RedisBudgets
) -> None:
    parents, first = advanced(store), store.advances
    child = os.fork()
    if child == 0:
        code = 1
        try:
            own = held(store)
            assert type(own) is Hold
            store.settle(own, COST)
            store.settle(parents, AMOUNT)  # the parent's: nothing happens
            assert store.flush()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert first.is_live([ACCOUNT])
    assert amounts(store) == (COST, AMOUNT, 0, 0)
    store.settle(parents, 1)
    assert amounts(store) == (COST + 1, 0, 0, 0)


def test_kill_9_loses_no_cost_and_holds_no_more_than_an_advance(
    store: RedisBudgets, other: RedisBudgets
) -> None:
    child = os.fork()
    if child == 0:
        try:
            process.is_forked = False  # as a process that was started for itself
            for _ in range(200):
                store.settle(held(store), COST)
            assert store.advances.is_live([ACCOUNT])
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    spent, left_held, *_ = amounts(other)
    assert 200 * COST <= spent + left_held <= 200 * COST + AMOUNT + LIMIT // SHARE


def test_children_of_multiprocessing_lose_no_cost_and_leave_nothing_held(
    store: RedisBudgets, other: RedisBudgets
) -> None:
    def spend() -> None:
        for _ in range(50):
            store.settle(held(store), COST)

    children = [get_context("fork").Process(target=spend) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert amounts(other) == (100 * COST, 0, 0, 0)


def test_a_child_that_imports_the_package_after_the_fork_ends_its_advance(
    store: RedisBudgets, other: RedisBudgets
) -> None:
    def spend() -> None:
        process.is_forked = False
        store.settle(advanced(store), COST)
        assert store.advances.is_live([ACCOUNT])

    child = get_context("fork").Process(target=spend)
    child.start()
    child.join()
    assert child.exitcode == 0
    assert amounts(other) == (COST, 0, 0, 0)


def test_a_forked_child_holds_each_call_alone(store: RedisBudgets, other: RedisBudgets) -> None:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            holds = [held(store) for _ in range(20)]
            code = int({type(hold) for hold in holds} != {Hold})
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert amounts(other) == (0, 20 * AMOUNT, 0, 0)


@pytest.fixture
def submitted(store: RedisBudgets, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what a store's thread runs."""
    submitted: list[Any] = []
    submit = store.worker.submit
    record = lambda *call: submitted.append(call) or submit(*call)  # noqa: E731  # as a value
    monkeypatch.setattr(store.worker, "submit", record)
    return submitted


def check(budget: ScoutBudgetCallbackHandler, submitted: list[Any]) -> None:
    """Check that few of 60 calls changed threads, and all are settled."""
    assert 0 < len(submitted) < 30
    (balance,) = budget.balances
    assert (balance.held, balance.spent > 0, balance.uncertain) == (0, True, 0)


@pytest.mark.parametrize("verb", ["ainvoke", "astream"])
async def test_a_call_that_an_advance_serves_changes_no_thread(
    store: RedisBudgets, submitted: list[Any], verb: str
) -> None:
    budget, emulator = ScoutBudgetCallbackHandler(1000, name="team", store=store), Emulator()
    model = ScoutGroqChatModel(
        model="openai/gpt-oss-120b", api_key="k", max_tokens=10, transport=emulator.transport()
    )
    for _ in range(60):
        await call_model(model, verb, "Hello", {"callbacks": [budget]})
    assert len(emulator.log) == 60
    check(budget, submitted)


@pytest.mark.usefixtures("prices")
async def test_nor_does_a_call_of_another_package_s_model(
    store: RedisBudgets, submitted: list[Any]
) -> None:
    budget = ScoutBudgetCallbackHandler(1000, name="team", store=store)
    model = other_model(*(answer_of(10) for _ in range(60)))
    for _ in range(60):
        await model.ainvoke("Hello", {"callbacks": [budget]})
    check(budget, submitted)

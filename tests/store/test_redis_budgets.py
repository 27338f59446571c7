"""Budgets in Redis: what is held, spent and refused when the server fails, forgets or returns."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from scout_adapters import ScoutBudgetCallbackHandler, ScoutGroqChatModel
from scout_adapters.budget import Account, Balance, Hold
from scout_adapters.budget.redis_budgets import RedisBudgets
from scout_adapters.errors import BudgetError, BudgetExceeded, ConfigurationError
from scout_adapters.testing import Emulator
from tests.store import held_money
from tests.store.faulty_server import lines_about
from tests.store.held_money import amounts
from tests.support.redis_server import LocalRedis, needs_redis
from tests.support.verbs import call_model
from tests.support.waiting import until

ACCOUNT = Account("b", "", "", 100)
held = partial(held_money.held, account=ACCOUNT)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalRedis]:
    """Return a server of this test alone, which writes every step to its log."""
    server = LocalRedis(tmp_path, "--appendonly", "yes", "--appendfsync", "no")
    yield server
    server.kill()


def again(store: RedisBudgets) -> None:
    """Let a store try its server at once, as it does after a pause."""
    store.server._next_try = 0.0


@needs_redis
def test_acknowledged_steps_survive_kill_9_of_the_server(own: LocalRedis) -> None:
    store = RedisBudgets(own.url)
    store.settle(held(store, 30), 20)
    open_hold = held(store, 40)
    own.kill()
    own.start()
    assert amounts(RedisBudgets(own.url)) == (20, 40, 0, 0)
    again(store)
    store.settle(open_hold, 10)
    assert amounts(store) == (30, 0, 0, 0)


@needs_redis
def test_nothing_is_spent_without_the_server_and_one_line_is_logged(
    own: LocalRedis, caplog: pytest.LogCaptureFixture
) -> None:
    store = RedisBudgets(own.url)
    hold = held(store, 30)
    own.kill()
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            with pytest.raises(BudgetError, match="nothing is sent"):
                store.hold([ACCOUNT], 1)
        store.settle(hold, 5)  # waits for the server
        assert len(lines_about(own.url, caplog)) == 1
    own.start()
    again(store)
    until(store.flush)
    assert amounts(store) == (5, 0, 0, 0)


@needs_redis
def test_what_was_left_is_spent_without_the_server_and_booked_when_it_is_back(
    own: LocalRedis,
) -> None:
    store, other = RedisBudgets(own.url, on_store_error="allow"), RedisBudgets(own.url)
    store.server._timeout = 60.0  # a busy machine may take longer than 50 ms to answer
    store.settle(held(store, 60), 60)
    held(store, 10)
    own.kill()
    local = held(store, 20)
    refused = store.hold([ACCOUNT], 11)
    assert isinstance(refused, Balance)
    assert (refused.account, refused.left) == (ACCOUNT, 10)
    store.settle(local, 7)
    store.settle(local, 7)
    own.start()
    again(store)
    until(store.flush)
    assert amounts(other) == (67, 10, 7, 0)


@needs_redis
def test_a_server_that_comes_back_without_its_books_gets_them_from_a_process(
    redis: LocalRedis,
) -> None:
    store, other = RedisBudgets(redis.url), RedisBudgets(redis.url)
    store.settle(held(store, 50), 30)
    first, second = held(store, 20), held(store, 10)
    redis.command("FLUSHALL")
    assert isinstance(store.hold([ACCOUNT], 41), Balance)  # 30 + 20 + 10 are remembered
    assert amounts(store) == (60, 0, 60, 0)
    store.settle(first, 5)
    store.settle(first, 5)
    store.settle(second, None)
    until(store.flush)
    assert amounts(other) == (45, 0, 45, 0)
    held(other, 55)
    assert isinstance(store.hold([ACCOUNT], 1), Balance)


@needs_redis
def test_a_server_without_its_books_gets_those_of_every_user(redis: LocalRedis) -> None:
    store, users = RedisBudgets(redis.url), [Account("b", f"user={n}", "", 100) for n in "ab"]
    for user in users:
        store.settle(held_money.held(store, 90, user), 90)
    redis.command("FLUSHALL")
    for user in users:
        assert isinstance(store.hold([user], 20), Balance)


@needs_redis
def test_a_server_that_comes_back_with_older_books_gets_what_they_lack(tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server:
        store, other = RedisBudgets(server.url), RedisBudgets(server.url)
        other.settle(held(other, 10), 10)
        until(other.flush)
        kept = held(store, 5)
        server.command("SAVE")
        store.settle(held(store, 50), 30)
        lost = held(store, 20)
        server.kill()
        server.start()  # with the books as they were saved
        again(store)
        assert isinstance(store.hold([ACCOUNT], 36), Balance)  # 15 are there, 65 are remembered
        assert amounts(other) == (60, 5, 50, 0)
        store.settle(kept, 2)
        store.settle(lost, 7)
        until(store.flush)
        assert amounts(other) == (49, 0, 37, 0)
        assert isinstance(store.hold([ACCOUNT], 52), Balance)  # nothing is restored again
        assert amounts(other) == (49, 0, 37, 0)
        held(other, 51)
        assert isinstance(store.hold([ACCOUNT], 1), Balance)


@needs_redis
@pytest.mark.parametrize("dropped", ["epoch", "steps"])
def test_a_server_that_has_only_dropped_a_small_key_counts_nothing_twice(
    redis: LocalRedis, dropped: str
) -> None:
    """It does so under `maxmemory`, or when the key has not been used for months."""
    stores = [RedisBudgets(redis.url) for _ in range(2)]
    for store in stores:
        held(store, 20)
    redis.command("DEL", stores[0].server.key("budget b", dropped))
    for store in stores:
        held(store, 5)
    assert amounts(stores[0]) == (0, 50, 0, 0)


@needs_redis
def test_functions_that_the_server_forgets_are_sent_again(redis: LocalRedis) -> None:
    store = RedisBudgets(redis.url)
    store.settle(held(store, 10), 10)
    redis.command("SCRIPT", "FLUSH")
    store.settle(held(store, 10), 10)
    redis.command("SCRIPT", "FLUSH")
    until(store.flush)
    assert amounts(store) == (20, 0, 0, 0)


@needs_redis
def test_a_hold_that_arrives_after_its_settlement_holds_nothing(redis: LocalRedis) -> None:
    store = RedisBudgets(redis.url)
    late = Hold("late", (ACCOUNT,), 40)
    store.settle(late, 0)
    until(store.flush)
    (answer,) = store.server.run([store._hold_call(late, beyond=False)])
    assert answer == [2]
    assert store.balances("b") == []


@needs_redis
def test_a_hold_of_a_process_that_died_counts_as_spent_until_it_is_settled(
    redis: LocalRedis,
) -> None:
    store = RedisBudgets(redis.url)
    old = Hold("old", (ACCOUNT,), 40)
    store.server.run([store._hold_call(old, beyond=False, lease=0.0)])
    assert amounts(store) == (40, 0, 40, 0)
    store.settle(old, 15)
    assert amounts(store) == (15, 0, 0, 0)


@needs_redis
def test_a_forked_child_keeps_the_books_of_its_parent(redis: LocalRedis) -> None:
    store = RedisBudgets(redis.url)
    parents = held(store, 10)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store.settle(held(store, 20), 20)
            store.close()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert amounts(store) == (20, 10, 0, 0)
    store.settle(parents, 1)
    assert amounts(store) == (21, 0, 0, 0)


@needs_redis
@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
async def test_a_budget_of_two_machines_holds_for_their_models(
    redis: LocalRedis, verb: str
) -> None:
    emulator = Emulator()
    machines = [ScoutBudgetCallbackHandler("0.01", name="team", store=redis.url) for _ in range(2)]
    model = ScoutGroqChatModel(
        model="openai/gpt-oss-120b", api_key="k", max_tokens=10, transport=emulator.transport()
    )
    refused = 0
    while refused < 2:
        config = {"callbacks": [machines[len(emulator.log) % 2]]}
        try:
            await call_model(model, verb, "hello " * 3000, config)
        except BudgetExceeded:
            refused += 1
    assert len(emulator.log) > 2
    for machine in machines:
        until(machine.store.flush)
    assert machines[0].balances == machines[1].balances
    assert machines[0].held_usd == 0
    assert 0.004 < machines[1].spent_usd <= 0.01


def test_an_option_that_is_neither_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="on_store_error"):
        RedisBudgets("redis://127.0.0.1:1", on_store_error="ignore")  # type: ignore[arg-type]  # a mistake


def test_the_error_names_the_server_and_no_password() -> None:
    store = RedisBudgets("redis://ada:hunter2@127.0.0.1:1/0")
    with pytest.raises(BudgetError, match=r"127\.0\.0\.1:1") as raised:
        store.hold([ACCOUNT], 1)
    assert "hunter2" not in f"{raised.value!r} {store!r}"

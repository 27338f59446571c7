"""Advances whose server is away, has lost them, or counts them as spent."""

from __future__ import annotations

from functools import partial

import pytest

from scout_adapters.budget import Balance, unsent_calls
from scout_adapters.budget.advances import ADVANCE_SECONDS, AdvanceHold
from scout_adapters.budget.redis_budgets import LocalHold, RedisBudgets
from scout_adapters.errors import BudgetError
from tests.store.held_money import (
    ACCOUNT,
    AMOUNT,
    COST,
    LIMIT,
    advanced,
    amounts,
    grow,
    held,
    other,
    send,
    store,
    time,
)
from tests.store.test_redis_budgets import again, own
from tests.support.clock import FakeTime
from tests.support.redis_server import LocalRedis, needs_redis
from tests.support.waiting import until

__all__ = ["other", "own", "store", "time"]

pytestmark = needs_redis


def test_an_advance_serves_while_the_server_is_away_until_it_ends(
    own: LocalRedis, time: FakeTime
) -> None:
    store = RedisBudgets(own.url, clock=time.clock)
    grow(store)
    store.settle(advanced(store), COST)
    own.kill()
    store.settle(held(store), COST)
    long = held(store)
    time.go_by(ADVANCE_SECONDS)
    with pytest.raises(BudgetError):
        held(store)
    assert not store.flush()
    own.start()
    again(store)
    until(store.flush)
    assert amounts(store) == (2 * COST, AMOUNT, 0, 0)
    store.settle(long, 0)
    assert amounts(store) == (2 * COST, 0, 0, 0)


def test_a_server_that_comes_back_without_its_books_counts_an_advance_as_spent(
    store: RedisBudgets, redis: LocalRedis, time: FakeTime
) -> None:
    grow(store)
    store.settle(advanced(store), COST)
    remembered = LIMIT - store._left([ACCOUNT])
    redis.command("FLUSHALL")
    store.settle(held(store), COST)
    time.go_by(ADVANCE_SECONDS)
    hold = held(store)
    assert amounts(store) == (remembered, AMOUNT, remembered, 0)
    store.settle(hold, COST)
    assert amounts(store) == (remembered + COST, 0, remembered, 0)


def test_an_advance_that_was_lost_in_a_failover_is_held_again(
    store: RedisBudgets, other: RedisBudgets
) -> None:
    grow(store)
    send(store)
    long = advanced(store)
    assert long.advance is not None
    name, tag = long.advance.id.partition("@")[0], store._tag([ACCOUNT])
    with store.server.client.pipeline() as lost:
        lost.delete(store.server.key(tag, "hold", name))
        lost.hset(store._account_key(tag, ACCOUNT), "held", 0)
        lost.execute()
    store.settle(held(store), COST)
    send(store)
    left, in_use, *_ = long.advance.amounts
    assert amounts(other) == (COST, left + in_use, 0, 0)
    assert left > in_use == AMOUNT
    assert amounts(store) == (COST, AMOUNT, 0, 0)
    store.settle(long, COST)
    assert amounts(store) == (2 * COST, 0, 0, 0)


def test_an_advance_that_counts_as_spent_is_corrected_when_it_is_settled(
    store: RedisBudgets, other: RedisBudgets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_hold_call", partial(store._hold_call, lease=0.0))
    long = advanced(store)
    whole = LIMIT - store._left([ACCOUNT])
    assert amounts(other) == (whole, 0, whole, 0)
    store.settle(long, COST)
    assert amounts(store) == (COST, 0, 0, 0)


def test_what_is_spent_without_the_server_is_not_what_an_advance_holds(
    own: LocalRedis, time: FakeTime
) -> None:
    store = RedisBudgets(own.url, on_store_error="allow", clock=time.clock)
    store.server._timeout = 60.0  # a busy machine may take longer than 50 ms to answer
    grow(store)
    left = store._left([ACCOUNT])
    own.kill()
    holds = [held(store, left), held(store)]
    assert [type(hold) for hold in holds] == [LocalHold, AdvanceHold]
    time.go_by(ADVANCE_SECONDS)
    assert isinstance(store.hold([ACCOUNT], 1), Balance)
    for hold in holds:
        store.settle(hold, None)
    own.start()
    again(store)
    until(store.flush)
    spent = left + AMOUNT
    assert amounts(RedisBudgets(own.url)) == (spent, 0, spent, 0)
    assert spent <= LIMIT


def test_a_program_that_ends_leaves_nothing_held(store: RedisBudgets, other: RedisBudgets) -> None:
    store.settle(advanced(store), COST)
    unsent_calls._send_all()  # as at the end of the interpreter
    assert amounts(other) == (COST, 0, 0, 0)

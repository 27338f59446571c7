"""An exception at every line of a hold, a settlement and a booking: no money is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from scout_adapters._internal.fork import release_held_locks
from scout_adapters.budget import Hold
from scout_adapters.budget.redis_budgets import RedisBudgets
from scout_adapters.errors import BudgetError
from scout_adapters.store.redis_server import LuaCall, RedisServer
from tests.store.held_money import (
    ACCOUNT,
    AMOUNT,
    COST,
    advanced,
    amounts,
    store,
    time,
)
from tests.support.interruption import Interruption
from tests.support.redis_server import LocalRedis, needs_redis
from tests.support.waiting import until

__all__ = ["store", "time"]

pytestmark = needs_redis


def at_every_line(prepare: Callable[[], object], step: Callable[[], object]) -> Iterator[str]:
    """Interrupt a step at each of its lines; yield the line, "" for the last time, without."""
    for line in count(1):
        prepare()
        interruption = Interruption(line, KeyboardInterrupt())
        with interruption, suppress(KeyboardInterrupt):
            step()
        release_held_locks()  # as the end of a call does
        yield interruption.place
        if not interruption.place:
            assert line > 5
            return


@pytest.mark.parametrize("makes", [True, False])
def test_a_hold_that_is_interrupted_holds_nothing(store: RedisBudgets, makes: bool) -> None:
    def prepare() -> None:
        store.settle(advanced(store), 0)
        if makes:
            store.flush()  # the next hold makes an advance

    for place in at_every_line(prepare, lambda: store.hold([ACCOUNT], AMOUNT)):
        assert amounts(store) == (0, 0 if place else AMOUNT, 0, 0), place


@pytest.mark.parametrize("beyond", [True, False])
def test_a_hold_without_an_advance_that_is_interrupted_holds_nothing(
    store: RedisBudgets, redis: LocalRedis, beyond: bool
) -> None:
    processes: list[RedisBudgets] = []

    def prepare() -> None:
        processes.append(RedisBudgets(redis.url))  # a new one makes no advance for its first call

    def step() -> None:
        processes[-1].hold([ACCOUNT], AMOUNT, beyond=beyond)

    for place in at_every_line(prepare, step):
        processes[-1].close()
        found = store.balances("b")
        assert sum(each.held for each in found) == (0 if place else AMOUNT), place


def test_a_hold_whose_answer_is_lost_is_given_back_though_that_is_interrupted(
    store: RedisBudgets, redis: LocalRedis
) -> None:
    processes: list[RedisBudgets] = []

    def prepare() -> None:
        processes.append(RedisBudgets(redis.url))
        server = processes[-1].server

        def lose(calls: Sequence[LuaCall]) -> list[Any]:
            RedisServer._send(server, calls)
            raise OSError("the connection broke")

        server._send = lose  # type: ignore[method-assign]  # a fault

    def step() -> None:
        with suppress(BudgetError):
            processes[-1].hold([ACCOUNT], AMOUNT)

    for place in at_every_line(prepare, step):
        del processes[-1].server._send
        processes[-1].server._next_try = 0.0
        until(processes[-1].flush)  # its thread may be trying the server at this moment
        processes[-1].close()
        assert sum(each.held for each in store.balances("b")) == 0, place


def test_a_settlement_that_is_interrupted_and_repeated_counts_once(store: RedisBudgets) -> None:
    holds: list[Hold] = []
    steps = at_every_line(
        lambda: holds.append(advanced(store)), lambda: store.settle(holds[-1], COST)
    )
    for place in steps:
        store.settle(holds[-1], COST)
        assert amounts(store) == (len(holds) * COST, 0, 0, 0), place


def test_a_booking_that_is_interrupted_is_sent_later(store: RedisBudgets) -> None:
    spent = []

    def prepare() -> None:
        for _ in range(2):
            store.settle(advanced(store), COST)
            spent.append(COST)

    for place in at_every_line(prepare, store.flush):
        assert amounts(store) == (sum(spent), 0, 0, 0), place

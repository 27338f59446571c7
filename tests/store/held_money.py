"""A budget in Redis, and calls that hold money of it, for tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scout_adapters.budget import Account, Hold
from scout_adapters.budget.advances import AdvanceHold
from scout_adapters.budget.redis_budgets import RedisBudgets
from tests.support.clock import FakeTime
from tests.support.redis_server import LocalRedis

LIMIT, AMOUNT, COST = 1_000_000, 100, 70
ACCOUNT = Account("b", "", "", LIMIT)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def store(redis: LocalRedis, time: FakeTime) -> Iterator[RedisBudgets]:
    budgets = RedisBudgets(redis.url, clock=time.clock)
    yield budgets
    budgets.close()


@pytest.fixture
def other(redis: LocalRedis) -> RedisBudgets:
    """Return another process at the same server."""
    return RedisBudgets(redis.url)


def held(store: RedisBudgets, amount: int = AMOUNT, account: Account = ACCOUNT) -> Hold:
    hold = store.hold([account], amount)
    assert isinstance(hold, Hold), hold
    return hold


def amounts(store: RedisBudgets) -> tuple[int, int, int, int]:
    (balance,) = store.balances("b")
    return balance.spent, balance.held, balance.uncertain, balance.overage


def advanced(store: RedisBudgets) -> AdvanceHold:
    """Hold until an advance serves a call; settle the holds before it to nothing."""
    while not isinstance(hold := held(store), AdvanceHold):
        store.settle(hold, 0)
    return hold


def grow(store: RedisBudgets) -> None:
    """Make calls at once, after which an advance serves several more."""
    for hold in [held(store) for _ in range(20)]:
        store.settle(hold, 0)


def send(store: RedisBudgets) -> None:
    """Send what has changed, as the thread does after some milliseconds."""
    store._unsent.send()

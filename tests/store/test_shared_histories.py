"""Random orders of steps by several processes: one state of keys, and one budget, for all."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from scout_adapters._internal.clock import SYSTEM
from scout_adapters.budget import Account, Hold, advances
from scout_adapters.budget.redis_budgets import RedisBudgets
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.health.shared_health import SharedHealth
from scout_adapters.store import MemoryStore
from tests.llm.health.test_state_machines import Keys
from tests.support.redis_server import LocalRedis

LIMIT = 10


class SharedKeys(Keys):
    """The state machine of a key pool, whose keys another process shares."""

    @initialize(names=st.sampled_from(["a", "ab", "abc"]))
    def begin(self, names: str) -> None:
        super().begin(names)
        store = MemoryStore(replace(SYSTEM, now=lambda: self.now))
        healths = [SharedHealth(store, lambda: self.now) for _ in range(2)]
        self.elsewhere = {key: KeyState(key) for key in self.names}
        for state in self.pool:
            healths[0].add_key("groq", "", state)
            healths[1].add_key("groq", "", self.elsewhere[state.key])

    @invariant()
    def the_other_process_has_the_same(self) -> None:
        for state in getattr(self, "pool", ()):
            other = self.elsewhere[state.key]
            assert other.permanently_failed == state.permanently_failed
            for model in ("big", "small"):
                if state.ready_at(model) > self.now:
                    assert other.ready_at(model) >= state.ready_at(model) - 0.1


TestSharedKeys = SharedKeys.TestCase
TestSharedKeys.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


@dataclass(frozen=True)
class Step:
    """A step of one thread, with the times of its beginning and its end."""

    began: float
    ended: float
    kind: str
    """`held`, `refused`, or `settled`."""

    amount: int
    """What was asked for; of a settlement, what it gave back."""


def is_linearizable(steps: list[Step]) -> bool:
    """Return whether the steps have an order, in line with their times, that one account allows."""
    seen: set[tuple[frozenset[int], int]] = set()
    return _has_order(steps, frozenset(range(len(steps))), 0, seen)


def _has_order(
    steps: list[Step], left: frozenset[int], total: int, seen: set[tuple[frozenset[int], int]]
) -> bool:
    if not left:
        return True
    if (left, total) in seen:
        return False
    seen.add((left, total))
    first_end = min(steps[number].ended for number in left)
    return any(
        _has_order(steps, left - {number}, after, seen)
        for number in left
        if steps[number].began <= first_end
        for after in _after(steps[number], total)
    )


def _after(step: Step, total: int) -> Iterator[int]:
    """Yield what is held and spent after a step; nothing if it cannot be at this place."""
    if step.kind == "settled":
        yield total - step.amount
    elif (total + step.amount <= LIMIT) is (step.kind == "held"):
        yield total + step.amount if step.kind == "held" else total


def test_the_checker_refuses_a_history_that_cannot_be() -> None:
    both = [Step(0, 2, "held", 6), Step(1, 3, "held", 6)]
    assert not is_linearizable(both)
    assert is_linearizable([*both[:1], Step(1, 3, "refused", 6)])
    assert not is_linearizable([Step(0, 1, "refused", 6), Step(2, 3, "held", 6)])


def play(
    number: int, store: RedisBudgets, start: threading.Barrier, seed: int, flushes: bool
) -> list[Step]:
    """Hold and settle at random; `flushes`: settlements are sent before the next step begins."""
    chance, account, steps = random.Random(f"{seed} {number}"), Account("b", "", "", LIMIT), []
    start.wait()
    for _ in range(6):
        amount, began = chance.randint(1, 6), time.monotonic()
        hold = store.hold([account], amount)
        is_held = isinstance(hold, Hold)
        steps.append(Step(began, time.monotonic(), "held" if is_held else "refused", amount))
        if isinstance(hold, Hold):
            back, began = chance.randint(0, amount), time.monotonic()
            store.settle(hold, amount - back)
            assert not flushes or store.flush()
            # From its beginning on, an advance may have spent again what it got back.
            ended = time.monotonic() if flushes else began
            steps.append(Step(began, ended, "settled", back))
    return steps


@pytest.mark.parametrize("in_advance", [False, True])
def test_histories_of_several_stores_are_linearizable(
    redis: LocalRedis, monkeypatch: pytest.MonkeyPatch, in_advance: bool
) -> None:
    if in_advance:  # all that is left may be held in advance
        monkeypatch.setattr(advances, "SHARE", 1)
        monkeypatch.setattr(advances, "FEW_CALLS", 1)
    for _ in range(10):
        redis.command("FLUSHALL")
        seed = random.randrange(1 << 32)
        stores = [RedisBudgets(redis.url) for _ in range(3)]
        run = partial(play, start=threading.Barrier(3), seed=seed, flushes=not in_advance)
        with ThreadPoolExecutor(3) as threads:
            histories = list(threads.map(run, range(3), stores))
        # Another process may be refused what an advance holds.
        kinds = {"held", "settled"} if in_advance else {"held", "settled", "refused"}
        steps = [step for steps in histories for step in steps if step.kind in kinds]
        assert is_linearizable(steps), seed
        for store in stores:
            store.close()

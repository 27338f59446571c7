"""The order of keys against a simple rule: compare all keys, take the lowest rank."""

from __future__ import annotations

import time
from uuid import uuid4

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import CooldownRules, KeyState, Lease
from scout_adapters.llm.health.quota_left import QuotaLeft

MODELS = st.sampled_from(["big", "small", None])


def plain_choice(
    states: list[KeyState], model: str | None, now: float, avoid: frozenset[str], tokens: int
) -> set[str]:
    """Return the keys that may be chosen: those of the lowest rank."""
    usable = [
        state
        for state in states
        if state.id not in avoid
        and state.ready_at(model) <= now
        and not (state.permanently_failed and state.in_flight)
        and ((ramp := state.ramp(model, now)) is None or ramp.admits(now))
    ]

    def rank(state: KeyState) -> tuple[object, ...]:
        short = state.insufficient_quota(model, tokens, now) is not None
        return (
            state.is_rejected,
            short,
            state.in_flight,
            state.marks,
            state.last_used,
        )

    lowest = min(map(rank, usable), default=None)
    return {state.key for state in usable if rank(state) == lowest}


class Order(RuleBasedStateMachine):
    """Two pools that share some of their keys, in any order of leases, outcomes and words."""

    @initialize(many=st.integers(1, 6), shared=st.integers(0, 3))
    def begin(self, many: int, shared: int) -> None:
        self.now = 1000.0
        rules = CooldownRules(default_cooldown=10.0, max_failures_before_cooldown=2)
        states = [KeyState(f"k{at}") for at in range(many)]
        others = [*states[:shared], KeyState("other")]
        address = uuid4().hex  # what is known of an account outlasts an example
        self.pools = [KeyPool("groq", keys, rules, address) for keys in (states, others)]
        self.leases: list[tuple[KeyPool, Lease, str | None]] = []

    @rule(seconds=st.sampled_from([0.0, 1.0, 9.0, 61.0, 4000.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(
        which=st.integers(0, 1),
        model=MODELS,
        tokens=st.sampled_from([0, 1, 50, 5000]),
        avoided=st.integers(0, 2),
    )
    def lease(self, which: int, model: str | None, tokens: int, avoided: int) -> None:
        pool = self.pools[which]
        avoid = frozenset(state.id for state in pool.states[:avoided])
        expected = plain_choice(pool.states, model, self.now, avoid, tokens)
        picked = pool.pick(model, self.now, avoid, tokens)
        lease = pool.lease(model, self.now, avoid, tokens)
        assert (lease is None) == (not expected)
        if lease is not None:
            assert picked is not None
            assert picked.key in expected
            assert lease.key in expected
            self.leases.append((pool, lease, model))

    @rule(
        data=st.data(),
        outcome=st.sampled_from(["release", "succeed", "cooldown", "mask", "refuse", "none"]),
        wait=st.sampled_from([None, 5.0, 50.0]),
    )
    def end(self, data: st.DataObject, outcome: str, wait: float | None) -> None:
        if not self.leases:
            return
        pool, lease, model = self.leases.pop(data.draw(st.integers(0, len(self.leases) - 1)))
        if outcome == "release":
            pool.release(lease)
        elif outcome == "succeed":
            pool.succeed(lease, model)
        else:
            pool.fail(lease, outcome, now=self.now, model=model, retry_after=wait)  # type: ignore[arg-type]  # a literal

    @rule(
        data=st.data(),
        counts=st.sampled_from(["requests", "tokens"]),
        left=st.sampled_from([0, 1, 2, 100]),
        seconds=st.sampled_from([1.0, 60.0]),
        account=st.sampled_from(["", "ours"]),
    )
    def receive_quota(
        self, data: st.DataObject, counts: str, left: int, seconds: float, account: str
    ) -> None:
        named = [leased for leased in self.leases if leased[2] is not None]
        if not named:
            return
        pool, lease, model = named[data.draw(st.integers(0, len(named) - 1))]
        assert model is not None
        until = self.now + seconds
        pool.record_quota(
            lease, model, (QuotaLeft(counts=counts, left=left, until=until),), account
        )  # type: ignore[arg-type]  # a literal

    @rule(which=st.integers(0, 1))
    def lift_mass_refusal(self, which: int) -> None:
        self.pools[which].lift_mass_refusal(self.now)


TestOrder = Order.TestCase
TestOrder.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_choice_among_ten_thousand_keys_takes_no_longer_than_among_ten() -> None:
    def spent(keys: int) -> float:
        pool = KeyPool("groq", [KeyState(f"k{at}", f"{at}") for at in range(keys)])
        pool.succeed(pool.lease("m", 0.0), "m")  # type: ignore[arg-type]  # there is one
        began = time.process_time()
        for at in range(1, 2000):
            lease = pool.lease("m", float(at))
            assert lease is not None
            pool.succeed(lease, "m")
        return time.process_time() - began

    few, many = spent(10), spent(10_000)
    assert many < 10 * few


def test_used_in_turn_every_key_comes_once_in_a_round() -> None:
    pool = KeyPool("groq", [KeyState(f"k{at}") for at in range(500)])
    for turn in range(3):
        seen = set()
        for at in range(500):
            lease = pool.lease("m", 1.0 + turn * 500 + at)
            assert lease is not None
            seen.add(lease.key)
            pool.succeed(lease, "m")
        assert len(seen) == 500


def test_the_order_does_not_grow_with_the_calls() -> None:
    pool = KeyPool("groq", [KeyState(f"k{at}") for at in range(3)])
    for at in range(3000):
        leases = [pool.lease("m", float(at)) for _ in range(1 + at % 5)]
        for lease in leases:
            assert lease is not None
            pool.succeed(lease, "m")
    order = pool._order("m")
    assert len(order._ready) + len(order._waiting) < 200

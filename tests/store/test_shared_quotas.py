"""What answers in one process state of a key's rate limits ranks the key in the others."""

from __future__ import annotations

import time
from typing import Any

import pytest

from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.health.key_state import KeyState, Lease
from scout_adapters.llm.health.quota_left import QuotaLeft
from scout_adapters.llm.health.shared_quotas import set_aside, share_quota
from scout_adapters.store import Fact, MemoryStore
from scout_adapters.store.redis_store import RedisStore
from scout_adapters.store.redis_url import parse_redis_url
from tests.store.conftest import Side
from tests.support.waiting import until

Sides = tuple[Side, Side]


def answer(side: Side, *left: int, counts: Any = "requests", key: int = 0, **more: Any) -> None:
    """Record an answer with a key, whose headers state what is left for `seconds`."""
    now, state = time.monotonic(), side.key(key)
    end = now + more.pop("seconds", 60.0)
    quotas = tuple(QuotaLeft(counts=counts, left=number, until=end) for number in left)
    side.pool.record_quota(Lease(state, now), "m", set_aside(state, quotas), **more)
    share_quota(state, "m", quotas, now)


def left(side: Side, key: int = 0) -> list[int]:
    return [quota.left for quota in side.key(key).quotas.get("m", ())]


def picked(side: Side, now: float, tokens: int = 0, model: str = "m") -> KeyState | None:
    side.pool.refresh()
    return side.pool.pick(model, now, frozenset({side.key(2).id}), tokens)


def test_a_key_that_is_used_up_is_used_last_everywhere_until_its_limit_resets(sides: Sides) -> None:
    here, there = sides
    now = time.monotonic()
    there.key(1).last_used = now  # else the first of the order
    answer(here, 0)
    until(lambda: left(there) == [0])
    assert picked(there, now) is there.key(1)
    assert picked(there, now, model="other") is there.key(0)
    assert picked(there, now + 59) is there.key(1)
    assert picked(there, time.monotonic() + 61) is there.key(0)


def test_a_long_request_takes_another_key_where_another_process_saw_few_tokens(
    sides: Sides,
) -> None:
    here, there = sides
    now = time.monotonic()
    there.key(1).last_used = now
    answer(here, 500, counts="tokens")
    until(lambda: left(there) == [500])
    assert picked(there, now, tokens=600) is there.key(1)
    assert picked(there, now, tokens=400) is there.key(0)


def test_a_limit_that_is_raised_or_lowered_replaces_the_older_one(sides: Sides) -> None:
    here, there = sides
    for number, usable in ((4, 3), (0, 0), (900, 899), (3, 2)):
        answer(here, number)
        until(lambda usable=usable: left(there) == [usable])
    answer(there, 1, seconds=20)
    until(lambda: left(here) == [1])
    assert here.key().quotas["m"][0].until < time.monotonic() + 21


@pytest.mark.parametrize(
    ("processes", "number", "usable"),
    [(1, 3, 3), (3, 30, 28), (3, 1, 1), (3, 3, 2), (3, 0, 0), (99, 40, 20)],
)
def test_a_request_is_left_to_each_other_process_at_most_half_of_them(
    processes: int, number: int, usable: int
) -> None:
    store = MemoryStore()
    sides = [Side.of(store) for _ in range(processes)]
    answer(sides[0], number)
    assert left(sides[0]) == [usable]


def test_tokens_are_not_set_aside(sides: Sides) -> None:
    here, there = sides
    answer(here, 900, counts="tokens")
    until(lambda: left(there) == [900])


def test_several_limits_of_an_answer_are_shared_together(sides: Sides) -> None:
    here, there = sides
    answer(here, 1000, 2)
    until(lambda: left(there) == [999, 1])


def test_an_older_fact_does_not_replace_the_newest_answer_of_this_process(sides: Sides) -> None:
    here, there = sides
    answer(here, 4)
    until(lambda: left(there) == [3] and here.store.others)  # type: ignore[attr-defined]  # of both
    answer(here, 3)  # not published: more than half is left
    (fact,) = (each for each in there.health.live_facts() if each.kind == "quota")
    here.health._apply(fact._replace(age=30.0), time.monotonic())
    assert left(here) == [2]
    here.health._apply(fact._replace(age=0.0), time.monotonic())
    assert left(here) == [3]


def accounts_apart(sides: Sides) -> Sides:
    """Return the sides with accounts of their own, as two processes have them."""
    here, there = sides
    here.pool.address, there.pool.address = "another process", "https://api.groq.com"
    return here, there


def test_the_keys_of_an_account_have_one_quota_in_every_process(sides: Sides) -> None:
    here, there = accounts_apart(sides)
    answer(there, 700, key=1, account="org-1")
    answer(here, 0, key=0, account="org-1")
    until(lambda: left(there) == [0])
    assert left(there, key=1) == [0]
    assert left(there, key=2) == []


def test_a_refusal_for_its_rate_is_one_of_the_account_in_every_process(sides: Sides) -> None:
    here, there = accounts_apart(sides)
    answer(there, 700, key=1, account="org-2")
    answer(here, 700, key=0, account="org-2")
    lease = here.pool.lease_again(here.key(), "m", time.monotonic())
    assert lease is not None
    here.pool.fail(lease, "cooldown", now=time.monotonic(), model="m", retry_after=30.0)
    until(lambda: left(there, key=1) == [0])


def facts_of(answers: list[tuple[int, float]], **more: Any) -> list[Fact]:
    """Return what a process publishes of answers: requests left, and seconds until the reset."""
    side, sent = Side.of(MemoryStore(**more)), []
    assert isinstance(side.store, MemoryStore)
    side.store.publish = sent.append  # type: ignore[method-assign]  # a recorder
    for number, seconds in answers:
        answer(side, number, seconds=seconds)
    return sent


def test_a_key_with_much_left_is_not_published() -> None:
    assert facts_of([(number, 60.0) for number in range(1000, 16, -1)]) == []


def test_a_key_that_is_used_up_is_published_a_few_times() -> None:
    sent = facts_of([(number, 60.0) for number in range(600, -1, -1)])
    assert [fact.details["requests 0"] for fact in sent] == [16, 8, 4, 2, 1, 0]


def test_a_limit_that_resets_at_once_is_not_published() -> None:
    assert facts_of([(number, 0.1) for number in range(9, -1, -1)]) == []


def test_a_store_may_be_without_quotas() -> None:
    assert facts_of([(0, 60.0)], quotas=False) == []
    store = MemoryStore(quotas=False)
    side = Side.of(store)
    fact = Fact(
        side.key().shared.subject,  # type: ignore[union-attr]  # shared by `Side`
        "quota m",
        "quota",
        60.0,
        details={"requests 0": 0, "requests 0 ms": 60_000},
    )
    store.publish(fact)
    assert left(side) == []


@pytest.mark.parametrize("option", ["off", "on"])
def test_the_address_of_a_store_may_switch_quotas_off(option: str) -> None:
    store = RedisStore(parse_redis_url(f"redis://127.0.0.1:1/0?quotas={option}"))
    assert store.shares_quotas is (option == "on")


def test_a_misspelt_switch_in_an_address_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        parse_redis_url("redis://127.0.0.1:1/0?quotas=no")


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"requests 0": 0},
        {"requests 0 ms": 60_000},
        {"requests 0": -1, "requests 0 ms": 60_000},
        {"requests 0": 0, "requests 0 ms": 0},
        {"requests 0": 0, "requests 0 ms": -5},
        {"requests 0": 0, "requests 0 ms": 10**18},
    ],
    ids=repr,
)
def test_numbers_of_a_store_that_cannot_be_are_unknown(details: dict[str, int]) -> None:
    store = MemoryStore()
    side = Side.of(store)
    subject = side.key().shared.subject  # type: ignore[union-attr]  # shared by `Side`
    store.publish(Fact(subject, "quota m", "quota", 60.0, details=details))
    assert left(side) == []

"""The first calls after a key's rest, and the calls that count as waiting for its end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_ramp import ACCEPTED_SECONDS, CROWD_SECONDS, OPEN_SECONDS
from scout_adapters.llm.health.key_state import Lease, health_lock
from tests.llm.health.pools import NOW, pool
from tests.support.fake_http import GROQ, key_state
from tests.support.waiting import HANG

END = NOW + 5.0
"""When the rest is over."""


def limited(waiting: int) -> KeyPool:
    """Return a pool whose key rests, with so many calls that wait for the end."""
    keys = pool("a")
    keys.fail(leased(keys, NOW), "cooldown", now=NOW, model="m", retry_after=END - NOW)
    for _ in range(waiting):
        keys.states[0].wait("m", NOW + 1)
    return keys


def leased(keys: KeyPool, now: float) -> Lease:
    lease = keys.lease("m", now)
    assert lease is not None
    return lease


def count(keys: KeyPool, now: float) -> int:
    """Return how many of ten more calls get the key."""
    return sum(keys.lease("m", now) is not None for _ in range(10))


def test_one_goes_first_and_more_follow_with_time_when_it_is_answered() -> None:
    keys = limited(waiting=2)
    first = leased(keys, END)
    assert count(keys, END) == 0
    keys.succeed(first, "m", END)
    assert count(keys, END) == 1
    assert count(keys, END + 1) == 1
    assert count(keys, END + OPEN_SECONDS) == 10


def test_the_first_counts_as_accepted_when_it_is_not_refused_for_a_while() -> None:
    keys = limited(waiting=2)
    leased(keys, END)
    assert count(keys, END + ACCEPTED_SECONDS - 0.1) == 0
    assert count(keys, END + ACCEPTED_SECONDS) == 1


def test_another_goes_first_when_the_first_is_given_back_without_an_answer() -> None:
    keys = limited(waiting=2)
    keys.release(leased(keys, END))
    assert count(keys, END) == 1


@pytest.mark.parametrize(("waiting", "after"), [(0, 0.0), (1, 0.0), (2, CROWD_SECONDS)])
def test_a_rest_that_is_over_holds_back_no_call_without_a_crowd(waiting: int, after: float) -> None:
    assert count(limited(waiting), END + after) == 10


def test_calls_refused_one_after_the_other_all_count_as_waiting() -> None:
    keys = pool("a")
    for lease in [leased(keys, NOW), leased(keys, NOW)]:
        keys.fail(lease, "cooldown", now=NOW, model="m", retry_after=END - NOW)
        keys.states[0].wait("m", NOW)
    assert count(keys, END) == 1


async def test_a_lone_call_that_waits_counts_once(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.refuse(429, headers={"retry-after": "5"}), wire.say())
    await ask(groq("gsk_lone"))
    assert len(providers.requests) == 2
    assert not any(key_state("gsk_lone").ramps.values())


def test_a_limit_is_not_read_while_another_thread_changes_it() -> None:
    """Both would remove the same request, and a call would end with a StopIteration."""
    state = limited(waiting=4).states[0]
    with ThreadPoolExecutor(2) as threads:
        with health_lock:
            due = threads.submit(state.due_at, "m", END)
            usable = threads.submit(state.is_usable, "m", END)
            assert wait([due, usable], timeout=0.1).done == set()
        assert due.result(HANG) == END
        assert usable.result(HANG)

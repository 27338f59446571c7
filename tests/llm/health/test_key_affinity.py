"""Conversations and their keys: how long and how many are remembered."""

from __future__ import annotations

import tracemalloc

from scout_adapters.llm.health.key_affinity import MAX_KEYS, KeyAffinity

LIFETIME = 300.0


def digest(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_the_latest_key_comes_first() -> None:
    affinity = KeyAffinity(LIFETIME)
    for key in ("a", "b", "a", "c"):
        affinity.remember(digest(1), key, 1.0)
    assert affinity.keys_of(digest(1), 1.0) == ("c", "a", "b")
    assert affinity.keys_of(digest(2), 1.0) == ()


def test_a_conversation_has_few_keys() -> None:
    affinity = KeyAffinity(LIFETIME)
    for key in "abcdefgh":
        affinity.remember(digest(1), key, 1.0)
    assert affinity.keys_of(digest(1), 1.0) == ("h", "g", "f", "e")
    assert MAX_KEYS == 4


def test_a_conversation_is_remembered_for_its_lifetime_after_its_last_answer() -> None:
    affinity = KeyAffinity(LIFETIME)
    now = 1000.0
    for _ in range(10):
        affinity.remember(digest(1), "a", now)
        now += LIFETIME
        assert affinity.keys_of(digest(1), now) == ("a",)
    now += LIFETIME
    affinity.keys_of(digest(2), now)
    assert affinity.keys_of(digest(1), now + LIFETIME + 1) == ()


def test_what_is_older_than_two_lifetimes_is_dropped_at_once() -> None:
    affinity = KeyAffinity(LIFETIME)
    affinity.remember(digest(1), "a", 1000.0)
    assert affinity.keys_of(digest(1), 1000.0 + 2 * LIFETIME + 1) == ()


def test_the_newest_conversations_are_kept_within_the_bound() -> None:
    affinity = KeyAffinity(LIFETIME, limit=100)
    for number in range(1000):
        affinity.remember(digest(number), "a", 1.0)
    assert 100 <= len(affinity) <= 200
    assert affinity.keys_of(digest(999), 1.0) == ("a",)
    assert affinity.keys_of(digest(900), 1.0) == ("a",)
    assert affinity.keys_of(digest(1), 1.0) == ()


def test_a_hundred_thousand_conversations_fit_into_20_mib() -> None:
    affinity, keys = KeyAffinity(LIFETIME), [f"key {n}" for n in range(10)]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(100_000):
            affinity.remember(digest(number), keys[number % 10], 1.0)
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(affinity) == 100_000
    assert used < 20 * 2**20


def test_after_a_reset_conversations_end_by_a_clock_that_shows_less() -> None:
    affinity = KeyAffinity(LIFETIME)
    affinity.remember(digest(1), "a", 1_000_000.0)
    affinity.clear()
    affinity.remember(digest(2), "a", 1000.0)
    assert affinity.keys_of(digest(2), 1000.0 + 2 * LIFETIME + 1) == ()

"""Which key is next, how long one rests, and what revives it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import CooldownRules
from scout_adapters.llm.health.key_texts import fingerprint
from tests.llm.health.pools import NOW, pool

HOUR = 3600.0


def ready_at(keys: KeyPool, model: str | None) -> float:
    return min(state.ready_at(model) for state in keys)


def fail(keys: KeyPool, effect: str = "cooldown", *, now: float = NOW, **options: object) -> None:
    lease = keys.lease(None, now)
    assert lease is not None
    keys.fail(lease, effect, now=now, **options)  # type: ignore[arg-type]  # facts pass on


def test_equal_keys_share_the_load_by_when_they_were_last_used() -> None:
    keys = pool()
    used = []
    for step in range(6):
        lease = keys.lease(None, NOW + step)
        assert lease is not None
        used.append(lease.key)
        keys.succeed(lease)
    assert used == ["a", "b", "c", "a", "b", "c"]


def test_a_key_in_flight_is_chosen_after_an_idle_one_that_was_used_later() -> None:
    keys = pool("a", "b")
    first = keys.lease(None, NOW)
    second = keys.lease(None, NOW + 1)
    assert first is not None
    assert second is not None
    keys.succeed(second)
    third = keys.lease(None, NOW + 2)
    assert [first.key, second.key, third.key if third else None] == ["a", "b", "b"]


def test_of_equally_busy_keys_the_one_with_fewer_failures_comes_first() -> None:
    keys = pool("a", "b")
    fail(keys)
    leases = [keys.lease(None, NOW + step) for step in range(3)]
    assert [lease.key for lease in leases if lease] == ["b", "a", "b"]


def test_a_crowd_is_spread_evenly_over_keys_whose_rests_are_over() -> None:
    keys = pool(*"abcdefghij")
    for _ in range(9):
        fail(keys, model="m", retry_after=0.2)
    leases = [keys.lease("m", NOW + 10) for _ in range(9)]
    assert len({lease.key for lease in leases if lease}) == 9


def test_calls_one_after_the_other_use_keys_whose_rests_are_over_like_all_others() -> None:
    keys = pool("a", "b")
    fail(keys, model="m", retry_after=0.2)
    used = []
    for step in range(4):
        lease = keys.lease("m", NOW + 10 + step)
        assert lease is not None
        used.append(lease.key)
        keys.succeed(lease, "m")
    assert used == ["b", "a", "b", "a"]


def test_a_key_that_is_avoided_is_not_leased() -> None:
    keys = pool("a")
    assert keys.lease(None, NOW, frozenset({fingerprint("a")})) is None
    assert keys.states[0].in_flight == 0


def test_a_key_rests_from_the_threshold_on_and_twice_as_long_each_time() -> None:
    keys = pool("a", default_cooldown=10.0, max_failures_before_cooldown=3)
    rests, now = [], NOW
    for _ in range(6):
        fail(keys, now=now)
        rests.append(max(0.0, keys.states[0].cooldown_until - now))
        now += rests[-1] + 1
    assert rests == [0, 0, 10, 20, 40, 80]


@given(st.integers(0, 10_000))
def test_no_rest_without_the_servers_word_is_longer_than_an_hour(failures: int) -> None:
    rest = CooldownRules().cooldown(failures)
    assert 0 <= rest <= HOUR
    assert (rest > 0) == (failures >= 3)


def test_the_servers_wait_applies_at_the_first_failure() -> None:
    keys = pool("a")
    fail(keys, retry_after=7.0)
    assert keys.lease(None, NOW + 6.9) is None
    assert keys.lease(None, NOW + 7) is not None


def test_the_servers_wait_rests_the_key_for_the_model_that_was_asked_alone() -> None:
    keys = pool("a")
    fail(keys, retry_after=7.0, model="big")
    assert keys.lease("big", NOW + 1) is None
    assert keys.lease("small", NOW + 1) is not None
    assert keys.lease("big", NOW + 7) is not None


def test_a_later_and_shorter_wait_does_not_shorten_a_longer_one() -> None:
    keys = pool("a")
    first, second = keys.lease("m", NOW), keys.lease("m", NOW)
    assert first is not None
    assert second is not None
    keys.fail(first, "cooldown", now=NOW, model="m", retry_after=100.0)
    keys.fail(second, "cooldown", now=NOW + 1, model="m", retry_after=2.0)
    assert ready_at(keys, "m") == NOW + 100


def test_a_failure_without_a_wait_does_not_shorten_the_servers_wait_for_the_key() -> None:
    keys = pool("a", default_cooldown=10.0, max_failures_before_cooldown=1)
    keys.record_failure("a", permanent=False, retry_after=100.0, now=NOW)
    keys.record_failure("a", permanent=False, retry_after=None, now=NOW + 1)
    assert ready_at(keys, None) == NOW + 100


def test_a_wait_of_the_server_is_believed_for_an_hour_at_the_most() -> None:
    keys = pool("a")
    fail(keys, retry_after=86_400.0)
    assert ready_at(keys, None) == NOW + HOUR


def test_a_quota_window_is_believed_beyond_the_hour() -> None:
    keys = pool("a")
    fail(keys, retry_after=86_400.0, window=True)
    assert ready_at(keys, None) == NOW + 86_400


def test_a_wait_of_zero_seconds_counts_as_no_word_from_the_server() -> None:
    keys = pool("a", default_cooldown=10.0, max_failures_before_cooldown=2)
    fail(keys, retry_after=0.0)
    fail(keys, retry_after=0.0)
    assert ready_at(keys, None) == NOW + 10


def test_success_resets_failures_and_cooldown() -> None:
    keys = pool("a")
    fail(keys)
    fail(keys)
    lease = keys.lease(None, NOW + 1)
    assert lease is not None
    keys.succeed(lease)
    assert (keys.states[0].failures, keys.states[0].cooldown_until) == (0, 0.0)


def test_success_for_one_model_leaves_another_models_rest() -> None:
    keys = pool("a")
    fail(keys, retry_after=50.0, model="big")
    lease = keys.lease("small", NOW + 1)
    assert lease is not None
    keys.succeed(lease, "small")
    assert keys.lease("big", NOW + 2) is None


def test_a_success_that_began_before_the_failure_revives_nothing() -> None:
    keys = pool("a")
    early, late = keys.lease("m", NOW), keys.lease("m", NOW + 1)
    assert early is not None
    assert late is not None
    keys.fail(late, "cooldown", now=NOW + 2, model="m", retry_after=60.0)
    keys.succeed(early, "m")
    assert keys.states[0].failures == 1
    assert keys.lease("m", NOW + 3) is None


def test_a_success_outside_the_engine_lifts_a_quarantine() -> None:
    keys = pool("a")
    keys.record_failure("a", permanent=True, retry_after=None, now=NOW)
    keys.record_success("a")
    assert keys.states[0].is_healthy(NOW + 1)
    assert keys.lease(None, NOW + 1) is not None


@pytest.mark.parametrize("name", ["a", fingerprint("a"), None])
def test_a_reset_makes_a_key_healthy_whatever_was_known_of_it(name: str | None) -> None:
    keys = pool("a", "b")
    fail(keys, "quarantine")
    fail(keys, "mask", model="m")
    reset = keys.reset(name)
    assert [state.key for state in reset] == (["a", "b"] if name is None else ["a"])
    assert keys.state_of("a").is_healthy(NOW + 1)  # type: ignore[union-attr]  # it is there


def test_a_success_in_flight_when_the_key_was_refused_does_not_lift_the_mark() -> None:
    keys = pool("a")
    good, bad = keys.lease(None, NOW), keys.lease(None, NOW)
    assert good is not None
    assert bad is not None
    keys.fail(bad, "quarantine", now=NOW + 1)
    keys.succeed(good)
    assert keys.states[0].permanently_failed


def test_failures_of_other_peoples_making_do_not_touch_the_key() -> None:
    keys = pool("a")
    fail(keys, "none")
    assert (keys.states[0].failures, keys.states[0].in_flight) == (0, 0)


def test_a_masked_key_still_serves_other_models() -> None:
    keys = pool("a")
    fail(keys, "mask", model="secret")
    assert keys.lease("secret", NOW + HOUR - 1) is None
    assert keys.lease("other", NOW + 1) is not None
    assert not keys.states[0].permanently_failed


def test_a_refused_key_is_probed_after_one_hour_then_two_up_to_a_day() -> None:
    keys = pool("a")
    rests, now = [], NOW
    for _ in range(7):
        fail(keys, "quarantine", now=now)
        ready = ready_at(keys, None)
        assert ready is not None
        assert keys.lease(None, ready - 1) is None
        rests.append((ready - now) / HOUR)
        now = ready
    assert rests == [1, 2, 4, 8, 16, 24, 24]


def test_a_refused_key_is_probed_by_one_call_at_a_time() -> None:
    keys = pool("a")
    fail(keys, "quarantine")
    probe = keys.lease(None, NOW + HOUR)
    assert probe is not None
    assert probe.probe
    assert keys.lease(None, NOW + HOUR) is None
    keys.release(probe)
    assert keys.lease(None, NOW + HOUR) is not None


def test_a_good_probe_brings_the_key_back_and_forgets_the_doubling() -> None:
    keys = pool("a")
    fail(keys, "quarantine")
    probe = keys.lease(None, NOW + HOUR)
    assert probe is not None
    keys.succeed(probe)
    assert keys.states[0].is_healthy(NOW + HOUR)
    fail(keys, "quarantine", now=NOW + 2 * HOUR)
    assert ready_at(keys, None) == NOW + 3 * HOUR


def test_a_healthy_key_is_preferred_to_the_probe_of_a_rejected_one() -> None:
    keys = pool("a", "b")
    fail(keys, "refuse")
    fail(keys, now=NOW + 1)
    lease = keys.lease(None, NOW + 2 * HOUR)
    assert lease is not None
    assert not lease.probe


def test_a_key_without_credit_is_tried_again_after_its_hour_although_others_are_healthy() -> None:
    keys = pool("a", "b")
    fail(keys, "quarantine")
    first = keys.lease(None, NOW + HOUR - 1)
    assert first is not None
    assert first.key == "b"
    keys.succeed(first)
    probe, other = keys.lease(None, NOW + HOUR), keys.lease(None, NOW + HOUR)
    assert probe is not None
    assert other is not None
    assert (probe.key, probe.probe, other.key) == ("a", True, "b")


@pytest.mark.parametrize("effect", ["refuse", "quarantine"])
def test_calls_refused_together_count_as_one_refusal(effect: str) -> None:
    """Eight calls in flight when a key is revoked are no reason to wait a day for the probe."""
    keys = pool("a")
    leases = [keys.lease(None, NOW) for _ in range(8)]
    for lease in leases:
        assert lease is not None
        keys.fail(lease, effect, now=NOW + 1)  # type: ignore[arg-type]  # a literal
    assert ready_at(keys, None) == NOW + 1 + HOUR


def test_keys_that_are_all_refused_within_a_minute_are_put_back() -> None:
    keys = pool("a", "b")
    fail(keys, "refuse")
    assert not keys.lift_mass_refusal(NOW)
    fail(keys, "refuse", now=NOW + 59)
    assert keys.lift_mass_refusal(NOW + 59)
    assert not any(state.permanently_failed for state in keys)
    assert ready_at(keys, None) <= NOW + 59


def test_keys_refused_one_by_one_over_a_longer_time_stay_refused() -> None:
    keys = pool("a", "b")
    fail(keys, "refuse")
    fail(keys, "refuse", now=NOW + 61)
    assert not keys.lift_mass_refusal(NOW + 61)


def test_a_single_refused_key_is_not_put_back() -> None:
    keys = pool("a")
    fail(keys, "refuse")
    assert not keys.lift_mass_refusal(NOW)


def test_keys_without_credit_are_not_put_back() -> None:
    keys = pool("a", "b")
    fail(keys, "quarantine")
    fail(keys, "quarantine")
    assert not keys.lift_mass_refusal(NOW)
    assert keys.lease(None, NOW + 1) is None

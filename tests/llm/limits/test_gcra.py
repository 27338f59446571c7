"""The pure functions of limits: what any window of time may contain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scout_adapters.llm.limits.gcra import NOTHING_USED, Backlog, corrected, gcra

WINDOW = 60.0

pauses = st.floats(0, 20)
costs = st.floats(0.001, 12)
calls = st.lists(st.tuples(pauses, costs), min_size=1, max_size=60)


def admitted(steps: list[tuple[float, float]], burst: float) -> list[tuple[float, float]]:
    """Return times and costs of what passes, each as soon as it may."""
    backlog, now, passed = NOTHING_USED, 0.0, []
    for pause, cost in steps:
        now += pause
        backlog, wait = gcra(backlog, now, cost, burst)
        if wait:
            now += wait
            backlog, wait = gcra(backlog, now, cost, burst)
        assert wait == 0
        passed.append((now, cost))
    return passed


@given(calls, st.floats(0, 10))
def test_no_window_has_more_than_its_seconds_and_the_burst(
    steps: list[tuple[float, float]], burst: float
) -> None:
    passed = admitted(steps, burst)
    largest = max(cost for _, cost in passed)
    for start, _ in passed:
        used = sum(cost for at, cost in passed if start <= at <= start + WINDOW)
        assert used <= WINDOW + max(burst, largest) + 1e-6


@given(st.integers(1, 90), st.integers(0, 200))
def test_equal_requests_without_burst_fill_a_minute_exactly(rpm: int, extra: int) -> None:
    cost = 60 / rpm
    passed = admitted([(0.0, cost)] * (rpm + extra), 0.0)
    assert sum(1 for at, _ in passed if at < WINDOW - 1e-6) == rpm


@given(calls, st.floats(0, 10))
def test_a_refused_request_changes_nothing(steps: list[tuple[float, float]], burst: float) -> None:
    backlog, now = NOTHING_USED, 0.0
    for pause, cost in steps:
        now += pause
        after, wait = gcra(backlog, now, cost, burst)
        assert (after == backlog) if wait else (after.seconds >= cost - 1e-9)
        backlog = after


@given(st.floats(0.1, 50), st.floats(0.1, 50))
def test_what_is_given_back_at_once_leaves_nothing_used(used: float, pause: float) -> None:
    taken = corrected(NOTHING_USED, 10.0, used)
    assert corrected(taken, 10.0, -used).seconds_at(10.0 + pause) == 0


def test_a_credit_expires_at_the_speed_of_the_limit() -> None:
    credit = corrected(Backlog(0.0, 0.0), 0.0, -5.0)
    assert [credit.seconds_at(now) for now in (0.0, 2.0, 5.0, 100.0)] == [-5.0, -3.0, 0.0, 0.0]


def test_a_clock_that_stands_behind_uses_nothing_up() -> None:
    assert Backlog(3.0, 100.0).seconds_at(90.0) == 3.0

"""The circuit of a provider: what opens it, what is let through, and what closes it."""

from __future__ import annotations

import sys
import threading
from itertools import count
from types import FrameType
from typing import Any

import pytest

from scout_adapters.llm.health.circuit_breaker import (
    COOLDOWN_SECONDS,
    PROBE_LEASE_SECONDS,
    CircuitBreaker,
    Outcome,
    Permit,
    circuit,
    is_provider_available,
    record_failure,
    record_success,
)

NOW = 1000.0
DUE = NOW + COOLDOWN_SECONDS


def permitted(breaker: CircuitBreaker, now: float = NOW) -> Permit:
    permit = breaker.permit(now)
    assert permit is not None
    return permit


def book(breaker: CircuitBreaker, outcome: Outcome, times: int = 1, now: float = NOW) -> None:
    for _ in range(times):
        breaker.report(permitted(breaker, now), outcome, now)


def opened() -> CircuitBreaker:
    breaker = CircuitBreaker("groq")
    book(breaker, "fault", 5)
    assert breaker.permit(NOW) is None
    return breaker


def test_four_faults_leave_the_circuit_closed_and_the_fifth_opens_it() -> None:
    breaker = CircuitBreaker()
    book(breaker, "fault", 4)
    assert breaker.is_available(NOW)
    book(breaker, "fault")
    assert not breaker.is_available(NOW)
    assert breaker.ready_at(NOW) == DUE


def test_a_good_answer_between_faults_starts_the_count_again() -> None:
    breaker = CircuitBreaker()
    for _ in range(3):
        book(breaker, "fault", 4)
        book(breaker, "good")
    assert breaker.is_available(NOW)


def test_neutral_outcomes_count_for_nothing() -> None:
    breaker = CircuitBreaker()
    book(breaker, "fault", 4)
    book(breaker, "neutral", 10)
    assert breaker.is_available(NOW)
    book(breaker, "fault")
    assert not breaker.is_available(NOW)


def test_threshold_and_rest_can_be_set() -> None:
    breaker = CircuitBreaker(threshold=1, cooldown=3.0)
    book(breaker, "fault")
    assert breaker.permit(NOW + 2.9) is None
    assert breaker.permit(NOW + 3) is not None


def test_while_open_one_probe_is_let_through_at_a_time() -> None:
    breaker = opened()
    assert breaker.permit(DUE - 0.1) is None
    probe = permitted(breaker, DUE)
    assert probe.probe
    assert breaker.permit(DUE) is None
    breaker.report(probe, "neutral", DUE)
    assert permitted(breaker, DUE).probe


def test_one_good_probe_does_not_close_it_and_two_do() -> None:
    breaker = opened()
    book(breaker, "good", now=DUE)
    assert permitted(breaker, DUE).probe
    assert breaker.permit(DUE) is None
    breaker = opened()
    book(breaker, "good", 2, now=DUE)
    assert [permitted(breaker, DUE).probe for _ in range(3)] == [False] * 3


def test_a_bad_probe_opens_it_for_another_rest() -> None:
    breaker = opened()
    book(breaker, "good", now=DUE)
    book(breaker, "fault", now=DUE + 1)
    assert breaker.ready_at(DUE + 1) == DUE + 1 + COOLDOWN_SECONDS
    later = DUE + 1 + COOLDOWN_SECONDS
    book(breaker, "good", now=later)
    assert permitted(breaker, later).probe  # the good probe of before does not count


def test_after_closing_it_takes_five_faults_again() -> None:
    breaker = opened()
    book(breaker, "good", 2, now=DUE)
    book(breaker, "fault", 4, now=DUE)
    assert breaker.is_available(DUE)


@pytest.mark.parametrize("outcome", ["good", "fault", "neutral"])
def test_results_of_calls_from_before_it_opened_are_ignored(outcome: Outcome) -> None:
    breaker = CircuitBreaker()
    old = [permitted(breaker) for _ in range(3)]
    book(breaker, "fault", 5)
    for permit in old:
        breaker.report(permit, outcome, NOW + 10)
    assert breaker.ready_at(NOW + 10) == DUE
    assert permitted(breaker, DUE).probe


def test_a_fault_of_a_call_from_before_it_opened_does_not_count_after_it_closed() -> None:
    breaker = CircuitBreaker(threshold=1)
    old = permitted(breaker)
    book(breaker, "fault")
    book(breaker, "good", 2, now=DUE)
    breaker.report(old, "fault", DUE)
    assert breaker.is_available(DUE)


def test_a_lost_probe_does_not_block_the_next_one_for_ever() -> None:
    breaker = opened()
    permitted(breaker, DUE)
    assert breaker.permit(DUE + PROBE_LEASE_SECONDS - 1) is None
    assert permitted(breaker, DUE + PROBE_LEASE_SECONDS).probe


def test_a_lost_probe_that_comes_back_late_lets_no_second_one_beside_the_new_one() -> None:
    breaker = opened()
    lost = permitted(breaker, DUE)
    later = DUE + PROBE_LEASE_SECONDS
    permitted(breaker, later)
    breaker.report(lost, "good", later + 1)
    assert breaker.permit(later + 1) is None


def test_reading_changes_nothing() -> None:
    breaker = opened()
    for _ in range(5):
        assert breaker.is_available(DUE)
        assert breaker.ready_at(DUE) == DUE
    assert permitted(breaker, DUE).probe
    assert not breaker.is_available(DUE)


def test_tripping_opens_it_at_once() -> None:
    breaker = CircuitBreaker()
    breaker.trip(NOW)
    assert breaker.ready_at(NOW) == DUE


def test_of_threads_that_race_for_the_probe_one_gets_it() -> None:
    for _ in range(20):
        breaker, start = opened(), threading.Barrier(8)
        won: list[Permit | None] = []

        def race(
            breaker: CircuitBreaker = breaker,
            start: threading.Barrier = start,
            won: list[Permit | None] = won,
        ) -> None:
            start.wait()
            won.append(breaker.permit(DUE))

        threads = [threading.Thread(target=race) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(permit is not None for permit in won) == 1


def test_the_guides_functions_open_a_providers_own_circuit() -> None:
    for _ in range(4):
        record_failure("groq")
        record_failure("groq", permanent=True)
    assert is_provider_available("groq")
    record_failure("groq")
    assert not is_provider_available("groq")
    assert is_provider_available("openai")


def test_late_reports_by_hand_neither_close_an_open_circuit_nor_keep_it_open() -> None:
    for _ in range(5):
        record_failure("groq")
    until = circuit("groq").open_until
    record_success("groq")
    record_success("groq")
    assert not is_provider_available("groq")
    record_failure("groq")
    assert circuit("groq").open_until == until


def test_each_address_of_a_provider_has_a_circuit_of_its_own() -> None:
    circuit("groq", "https://proxy").trip(NOW)
    assert circuit("groq").is_available(NOW)
    assert circuit("groq", "https://proxy") is circuit("groq", "https://proxy")


def test_calls_that_fail_together_are_one_fault_and_calls_after_them_the_next() -> None:
    """Of many calls at once, those that fail come back first: no reason to close the door."""
    breaker = CircuitBreaker()
    wave = [permitted(breaker) for _ in range(50)]
    for permit in wave:
        breaker.report(permit, "fault", NOW + 1)
    assert breaker.faults == 1
    for second in range(2, 6):
        assert breaker.is_available(NOW + second)
        book(breaker, "fault", now=NOW + second)
    assert not breaker.is_available(NOW + 5)


@pytest.mark.parametrize("step", ["reset", "lose_probe"])
def test_what_ends_while_a_circuit_is_looked_at_disturbs_nobody(step: str) -> None:
    """Calls look at circuits without a lock, while others close them and end probes."""
    for line in count(1):
        breaker = opened()
        permitted(breaker, DUE)
        lines = count(1)

        def trace(
            frame: FrameType,
            event: str,
            _: Any,
            line: int = line,
            lines: count[int] = lines,
            breaker: CircuitBreaker = breaker,
        ) -> Any:
            if frame.f_code is not CircuitBreaker.ready_at.__code__:
                return None
            if event == "line" and next(lines) == line:
                getattr(breaker, step)()
            return trace

        sys.settrace(trace)
        try:
            assert breaker.ready_at(DUE) >= DUE
        finally:
            sys.settrace(None)
        if next(lines) <= line:
            assert line > 3
            return

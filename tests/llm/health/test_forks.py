"""A process that forks while calls are under way."""

from __future__ import annotations

import os
import sys

import pytest

from scout_adapters import ScoutGroqChatModel
from scout_adapters.llm.engine.candidate import Load
from scout_adapters.llm.health.circuit_breaker import circuit
from tests.llm.health.pools import pool
from tests.support.fake_http import GROQ, key_state

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no fork")


class Counted:
    is_counted = False


def in_child(check: object) -> int:
    """Run a check in a forked child; return the child's exit code: 0 if it holds."""
    child = os.fork()
    if child == 0:
        os._exit(0 if check() else 1)  # type: ignore[operator]  # a function
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_forked_child_counts_no_request_of_its_parent() -> None:
    keys, load, breaker = pool("a"), Load(), circuit("groq")
    lease, counted = keys.lease("m", 1000.0), Counted()
    load.begin(counted)
    breaker.trip(0.0)
    assert breaker.permit(1000.0) is not None
    state = keys.states[0]
    state.permanently_failed = True

    def starts_at_none() -> bool:
        counts = (state.in_flight, load.in_flight, breaker.permit(1000.0) is None)
        return counts == (0, 0, False) and state.is_usable("m", 1000.0)

    assert in_child(starts_at_none) == 0
    assert (state.in_flight, load.in_flight, breaker.permit(1000.0)) == (1, 1, None)
    assert lease is not None
    keys.release(lease)
    assert state.in_flight == 0


def test_a_call_that_a_fork_has_interrupted_ends_in_the_child_without_a_negative_count(
    providers, wire, groq
) -> None:
    model: ScoutGroqChatModel = groq("gsk_forked")
    forked: list[int] = []

    def fork_and_answer(request: object) -> object:
        forked.append(os.fork())
        return wire.say()(request)

    providers.on(GROQ, fork_and_answer)
    model.invoke("hi")
    state = key_state("gsk_forked")
    if forked[0] == 0:
        os._exit(0 if state.in_flight == 0 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(forked[0], 0)[1]) == 0
    assert state.in_flight == 0

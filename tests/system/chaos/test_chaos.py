"""A small run of the chaos, its seed fixed: what holds of a hundred thousand calls holds here."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.system.chaos.plan import HOUSES, Plan
from tests.system.chaos.report import Claim, claims
from tests.system.chaos.run import Chaos
from tests.system.chaos.stage import WAITS, Hurry
from tests.system.chaos.tally import Sample, Tally

CALLS = 2000


@pytest.fixture(scope="module")
def tally(tmp_path_factory: pytest.TempPathFactory) -> Tally:
    plan = Plan(seed=20, calls=CALLS, epochs=2)
    return Chaos(plan, Path(tmp_path_factory.mktemp("chaos")), lambda _line: None).run()


def test_everything_that_must_hold_of_a_run_holds(tally: Tally) -> None:
    broken = [claim for claim in claims(tally) if claim.holds is False]
    assert broken == [], tally.wrong


def test_a_run_has_faults_answers_and_failures_enough_to_mean_something(tally: Tally) -> None:
    requests = sum(tally.played.values())
    assert tally.counts["calls"] == CALLS
    assert tally.counts["answered"] > 0.8 * CALLS
    assert 0.25 * requests < requests - tally.played["answered well"] < 0.5 * requests
    assert len(tally.played) > 40
    assert "unforeseen" not in tally.played
    assert min(tally.verbs.values()) > CALLS / 5
    assert tally.counts["broken off after some of it was shown"] > 0
    assert tally.billed > 0


def test_a_claim_fails_when_its_figure_is_wrong() -> None:
    broken = Tally()
    broken.samples[0] = [Sample(10 * 2**20 * at, 10 * at, 1) for at in range(1, 21)]
    broken.blame("billed twice")
    broken.billed += 1
    broken.counts["calls"] += 1
    assert failed(claims(broken)) >= {
        "answers delivered once and billed twice",
        "audit = bill of what was delivered, $",
        "calls",
        "MiB of process 1: first, last, most",
        "descriptors of process 1: first, last, most",
    }


def test_the_waits_of_a_call_are_counted_as_long_as_they_were_to_be() -> None:
    waits: list[float] = []

    async def call() -> None:
        WAITS.set(waits)
        Hurry(1000.0, 0).sleep(2.0)
        await Hurry(1000.0, 0).asleep(3.0)
        await asyncio.create_task(Hurry(1.0, 0).aoutlast(0.004))

    asyncio.run(call())
    assert waits == pytest.approx([0.002, 0.003, 0.004], rel=0.1)


def failed(claims: list[Claim]) -> set[str]:
    return {claim.what for claim in claims if claim.holds is False}


def test_the_same_seed_plans_the_same_calls_and_faults() -> None:
    one, two, other = Plan(seed=3, calls=50), Plan(seed=3, calls=50), Plan(seed=4, calls=50)
    calls = [plan.of_epoch(19) for plan in (one, two, other)]
    assert calls[0] == calls[1] != calls[2]
    faults = [
        [plan.fault(call, house, 1) for call in calls[0] for house in HOUSES]
        for plan in (one, two, other)
    ]
    assert faults[0] == faults[1] != faults[2]

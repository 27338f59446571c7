"""A small run of the chaos, its seed fixed: what holds of a hundred thousand calls holds here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from scout_adapters.audit import AuditLog
from scout_adapters.errors import CircuitOpenError
from scout_adapters.testing import Exchange
from tests.support.waiting import HANG, until
from tests.system.chaos.calls import Result, tasks_left
from tests.system.chaos.plan import HOUSES, Plan
from tests.system.chaos.report import Claim, claims
from tests.system.chaos.run import Chaos
from tests.system.chaos.stage import BEAT, WAITS, Hurry, Pulse, Stage
from tests.system.chaos.stories import Log, Story
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


def test_a_dropped_stream_has_time_to_close_and_any_other_task_is_left() -> None:
    assert asyncio.run(_tasks_left_by(_drop_a_stream)) == []
    (left,) = asyncio.run(_tasks_left_by(_start_an_endless_task))
    assert "_start_an_endless_task" in left


async def _tasks_left_by(leave: Callable[[], Awaitable[object]]) -> list[str]:
    held = await leave()
    try:
        return await tasks_left()
    finally:
        if isinstance(held, asyncio.Task):
            held.cancel()


async def _drop_a_stream() -> None:
    async def stream() -> AsyncGenerator[int]:
        try:
            yield 1
        finally:
            for _ in range(1000):  # the audit log's thread may take any number of turns
                await asyncio.sleep(0)

    await anext(stream())


async def _start_an_endless_task() -> asyncio.Task[Any]:
    return asyncio.create_task(asyncio.Event().wait(), name="_start_an_endless_task")


def test_a_row_of_a_call_that_was_cancelled_before_its_first_attempt_is_read(
    tmp_path: Path,
) -> None:
    with closing(AuditLog(tmp_path / "audit.jsonl")) as audit:
        audit.log("llm_error", run_id=str(UUID(int=7)), reason="CancelledError")
        news = Log(audit.path).news()
    assert news.calls == {7}
    assert [row["reason"] for row in news.ends[7]] == ["CancelledError"]


def test_the_pulse_counts_only_while_it_runs() -> None:
    pulse = Pulse()
    with pulse.running():
        until(lambda: pulse.seconds >= 2 * BEAT)
    ended = pulse.seconds
    time.sleep(2 * BEAT)
    assert pulse.seconds == ended


def test_no_model_of_a_run_takes_a_busy_machine_for_a_silent_provider() -> None:
    stage = Stage(Plan(seed=3, calls=1))
    with stage.open():
        for model in stage.models.values():
            pace = stage.hurried.pace if model.clock.now == stage.hurried.now else 1.0
            limits = model.timeout
            shortest = min(limits.connect, limits.first_token, limits.idle, limits.total)
            assert shortest >= HANG * pace


def test_the_text_of_a_story_explains_how_the_call_ended() -> None:
    call = replace(Plan(seed=3, calls=1).call(7), model="priority", end="drop", patience=2)
    result = Result(call, error=CircuitOpenError("google: circuit open"), seconds=1.5, virtual=30)
    result.waits += [0.25, 0.5]
    row = {"time": "2026-11-30T20:16:49.733175+00:00", "event": "llm_attempt", "number": 1}
    failed = {**row, "provider": "groq", "outcome": "server_error", "latency_s": 0.25}
    skip = {**row, "provider": "google", "outcome": "skipped", "reason": "circuit open"}
    exchange = Exchange(
        number=1,
        at=4.5,
        provider="groq",
        path="/",
        key="k",
        model="m",
        stream=True,
        status=500,
        fault="ServerError",
    )
    story = str(Story(result, [], [failed], [skip], [], [exchange], 0))
    for part in (
        "call 7 ",
        "of priority, drop at 2: CircuitOpenError",
        "1.500 s, 30.000 s by its model's clock; slept 0.750 s in 2 waits",
        "20:16:49.733175 llm_attempt number=1 provider=groq outcome=server_error latency_s=0.25",
        "provider=google outcome=skipped reason=circuit open",
        "exchange at 4.500: groq with k: ServerError, status 500, not to its end",
    ):
        assert part in story


def test_the_same_seed_plans_the_same_calls_and_faults() -> None:
    one, two, other = Plan(seed=3, calls=50), Plan(seed=3, calls=50), Plan(seed=4, calls=50)
    calls = [plan.of_epoch(19) for plan in (one, two, other)]
    assert calls[0] == calls[1] != calls[2]
    faults = [
        [plan.fault(call, house, 1) for call in calls[0] for house in HOUSES]
        for plan in (one, two, other)
    ]
    assert faults[0] == faults[1] != faults[2]

"""Cancellations, deadlines and clocks: rows 65 to 68, 76, 78, 81 and 82."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import pytest

from scout_adapters._internal.clock import Clock
from scout_adapters.errors import NoWorkingKey, RateLimited, ScoutError
from scout_adapters.llm.health.circuit_breaker import PROBE_LEASE_SECONDS
from scout_adapters.testing import RateLimited as Limited
from scout_adapters.testing import ServerError, Slow
from tests.support.verbs import call_model
from tests.support.waiting import timeout_when
from tests.system.faults.play import WALL, Case, Play
from tests.system.faults.witness import held_resources, idle, spent

Stage = Callable[..., Play]
MODEL = "openai/gpt-oss-120b"


@pytest.mark.fault(65)
async def test_a_call_cancelled_at_any_await_leaves_nothing(verb: str, play: Stage) -> None:
    stage = play(verb, case=Case(route=("groq:ab",)))
    await stage.ask()
    stage.circuit("groq").threshold = 10**9
    cancelled = 0
    for steps in range(60):
        stage.emulator.script("groq", [Limited(0.1, "retry-after"), ServerError(), Slow(0.1, 0.1)])
        task = asyncio.create_task(call_model(stage.model, verb, "hi"))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            cancelled += 1
        except ScoutError:  # it was over before
            pass
        assert await idle() == set(), steps
        assert held_resources() == [], steps
        stage.emulator._state.scripts.clear()
        stage.time.go_by(4000)
    assert cancelled >= 10
    await stage.clean()


async def for_ever(seconds: float) -> None:
    await asyncio.Event().wait()


@pytest.mark.fault(66)
async def test_a_timeout_around_the_call_ends_it_in_mid_answer(verb: str, play: Stage) -> None:
    stage = play(verb, emulator={"asleep": for_ever})
    stage.emulator.script("groq", [Slow(first=5)])
    with pytest.raises(TimeoutError):
        async with timeout_when(lambda: stage.asked):
            await call_model(stage.model, verb, "hi")
    await stage.clean()
    (row,) = [one for one in stage.heard.rows if one["event"] == "llm_attempt"]
    assert (row["outcome"], row["billed"]) == ("cancelled", "unknown")
    assert (stage.asked, stage.circuit("groq").faults) == (["groq:a"], 0)


@pytest.mark.fault(66)
async def test_a_call_cancelled_while_it_backs_off_sends_no_more_requests(
    verb: str, play: Stage
) -> None:
    waiting = asyncio.Event()

    async def back_off(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    clock = Clock(lambda: 1000.0, time.sleep, back_off, lambda: 0.5)
    stage = play(verb, clock=clock)
    stage.emulator.script("groq", [ServerError()])
    task = asyncio.create_task(call_model(stage.model, verb, "hi"))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stage.asked == ["groq:a"]
    await stage.clean()


def raising(error: type[BaseException]) -> Callable[[float], NoReturn]:
    def sleep(seconds: float) -> NoReturn:
        raise error

    return sleep


@pytest.mark.fault(67)
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
async def test_an_interrupt_while_the_server_is_silent_leaves_nothing(
    verb: str, error: type[BaseException], play: Stage
) -> None:
    stage = play(verb, emulator={"sleep": raising(error)})
    stage.emulator.script("groq", [Slow(first=5)])
    with pytest.raises(error):
        await call_model(stage.model, verb, "hi")
    await stage.clean()
    assert stage.asked == ["groq:a"]
    assert stage.state("groq:a").failures == 0


@pytest.mark.fault(67)
async def test_an_interrupt_in_mid_stream_or_backing_off_leaves_nothing(
    verb: str, play: Stage
) -> None:
    clock = Clock(lambda: 1000.0, raising(KeyboardInterrupt), for_ever, lambda: 0.5)
    stage = play(verb, clock=clock, emulator={"sleep": raising(KeyboardInterrupt)})
    for fault in (ServerError(), Slow(between=5, first=5)):
        stage.emulator.script("groq", [fault])
        with pytest.raises(KeyboardInterrupt):
            await call_model(stage.model, verb, "hi")
        await stage.clean()
    assert stage.asked == ["groq:a"] * 2


@pytest.mark.fault(68)
async def test_a_wait_beyond_the_deadline_is_not_begun(verb: str, play: Stage) -> None:
    case = Case(
        script={"groq:a": (Limited(5, "retry-after"),)},
        options={"deadline": 3.0},
        outcomes=("groq:a rate_limit",),
        error=RateLimited,
    )
    stage = play(verb, case=case)
    await stage.run()
    assert stage.error is not None
    assert (stage.error.retry_after, stage.time.now) == (5.0, 1000.0)  # type: ignore[attr-defined]  # a provider's error


@pytest.mark.fault(76)
async def test_when_all_keys_rest_the_error_names_the_first_that_is_ready(
    verb: str, play: Stage
) -> None:
    case = Case(
        route=("groq:ab",),
        script={
            "groq:a": (Limited(90, "retry-after"),),
            "groq:b": (Limited(40, "retry-after"),),
        },
        outcomes=("groq:a rate_limit", "groq:b rate_limit"),
        error=RateLimited,
    )
    stage = play(verb, case=case)
    await stage.run()
    assert isinstance((await stage.ask()).error, NoWorkingKey)
    assert stage.error.retry_after == 40  # type: ignore[union-attr]  # there, or the test fails
    assert len(stage.asked) == 2
    assert isinstance((await stage.ask(max_wait=60, deadline=39.0)).error, NoWorkingKey)
    await stage.ask(max_wait=60, deadline=50.0)
    assert (stage.outcomes, stage.time.slept, spent()) == (["groq:b ok"], [40.0], 0)
    await stage.clean()


@pytest.mark.fault(78)
async def test_a_slow_answer_is_waited_for_and_not_raced(verb: str, play: Stage) -> None:
    case = Case(
        route=("groq:ab", "openai:a"),
        script={"groq:a": (Slow(first=100, between=5),)},
        outcomes=("groq:a ok",),
    )
    await play(verb, case=case).run()


@pytest.mark.fault(81)
@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
@pytest.mark.parametrize("form", ["retry-after", "http-date"])
async def test_a_jump_of_the_wall_clock_moves_no_cooldown(
    verb: str, jump: float, form: Any, play: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = {"ahead": 0.0}
    stage = play(verb, emulator={"wall": lambda: WALL + wall["ahead"]})
    stage.emulator.script("groq", [Limited(100, form)])
    await stage.ask()
    wall["ahead"] = jump
    monkeypatch.setattr(time, "time", lambda: WALL + jump)
    stage.time.go_by(98.0)
    assert isinstance((await stage.ask(max_wait=0)).error, NoWorkingKey)
    stage.time.go_by(2.0)
    assert (await stage.ask(max_wait=0)).outcomes == ["groq:a ok"]
    assert len(stage.asked) == 2
    await stage.clean()


@pytest.mark.fault(82)
async def test_a_suspended_machine_loses_no_key_and_no_circuit(verb: str, play: Stage) -> None:
    """While it sleeps the monotonic clock stands still: what rests, rests on when it wakes."""
    wall = {"ahead": 0.0}
    stage = play(verb, emulator={"wall": lambda: WALL + wall["ahead"]})
    stage.emulator.script("groq", [Limited(50, "http-date")])
    await stage.ask()
    wall["ahead"] = 8 * 3600.0
    assert isinstance((await stage.ask(max_wait=0)).error, NoWorkingKey)
    stage.time.go_by(50)
    assert (await stage.ask(max_wait=0)).outcomes == ["groq:a ok"]
    circuit = stage.circuit("groq")
    circuit.trip(stage.time.now)
    stage.time.go_by(30)
    lost = circuit.permit(stage.time.now)  # a probe that never comes back
    assert lost is not None
    with suppress(ScoutError):
        await call_model(stage.model, verb, "hi", max_wait=0)
    assert len(stage.asked) == 2
    stage.time.go_by(PROBE_LEASE_SECONDS)
    assert (await stage.ask(max_wait=0)).outcomes == ["groq:a ok"]
    await stage.clean()

"""An exception before any line of the limits leaves nothing counted, and no call in line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from scout_adapters import Limits, ScoutGroqChatModel
from scout_adapters._internal import fork
from scout_adapters.llm.limits.memory_limits import memory_limits
from scout_adapters.testing import Emulator, ServerError
from tests.support.clock import FakeTime
from tests.support.interruption import Interruption, Spot, spots

LINES = 30
"""Lines of each case, chosen at random by a seed; `make interrupts` plays them all."""

OURS = ("llm/limits/", "llm/engine/limited_call.py", "llm/engine/admitted_call.py")


def model(time: FakeTime, emulator: Emulator) -> ScoutGroqChatModel:
    limits = Limits(rpm=30, tpm=60_000, concurrency=2, per="model")
    options = {"limits": limits, "clock": time.clock, "transport": emulator.transport()}
    return ScoutGroqChatModel(model="m", api_keys=["a", "b"], **options)


async def call(model: ScoutGroqChatModel) -> None:
    [_ async for _ in model.astream("Hello")]


def interrupted(
    run: Callable[[ScoutGroqChatModel], Any], spot: Spot | int, error: BaseException | None
) -> list[str]:
    """Make a call that waits for a limit, fails and waits again; return the lines that ran."""
    time, emulator = FakeTime(), Emulator()
    ours = model(time, emulator)
    memory_limits.clear()
    ours.invoke("Hello")
    emulator.script("groq", [ServerError()])
    with Interruption(spot, error) as interruption:
        try:
            run(ours)
        except BaseException:  # goes on: it is what was raised, or what core made of it
            if error is None:
                raise
    assert bool(interruption.place) is bool(error)
    (meter,) = memory_limits._meters.values()
    assert (meter.in_flight, meter.line) == (0, []), interruption.place
    assert not [lock for lock in list(fork._alive) if "unlocked" not in repr(lock)]
    time.go_by(120)
    ours.invoke("Hello")
    return interruption.places


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize(
    ("run", "error"),
    [
        (lambda model: model.invoke("Hello"), KeyboardInterrupt),
        (lambda model: list(model.stream("Hello")), KeyboardInterrupt),
        (lambda model: asyncio.run(call(model)), asyncio.CancelledError),
    ],
    ids=["invoke", "stream", "astream"],
)
def test_nothing_stays_counted(
    run: Callable[[ScoutGroqChatModel], Any], error: type[BaseException]
) -> None:
    interrupted(run, 0, None)
    ours = [spot for spot in spots(interrupted(run, 0, None)) if spot.file.startswith(OURS)]
    assert len(ours) > 100
    for spot in Random(len(ours)).sample(ours, LINES):
        interrupted(run, spot, error())

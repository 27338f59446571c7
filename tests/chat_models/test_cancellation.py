"""Cancelled calls: the connection is closed, nothing stays in flight, the audit log has a row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scout_adapters._internal.clock import Clock
from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.testing import Drip, Emulator, RateLimited, ServerError, Slow
from tests.chat_models.prompts import first_provider
from tests.chat_models.unfinished import SLOWLY, STORY, calm, outcomes
from tests.support.held import nothing_held
from tests.support.waiting import HANG, auntil, timeout_when

pytestmark = pytest.mark.filterwarnings(
    "ignore::langchain_core._api.beta_decorator.LangChainBetaWarning"
)

Make = Callable[..., ScoutChatModel]


async def ainvoke(model: Any) -> None:
    await model.ainvoke(STORY)


async def ainvoke_streaming(model: Any) -> None:
    await model.ainvoke(STORY, stream=True)


async def astream(model: Any) -> None:
    async for _ in model.astream(STORY):
        pass


async def events_v2(model: Any) -> None:
    async for _ in model.astream_events(STORY, version="v2"):
        pass


async def events_v3(model: Any) -> None:
    async with await model.astream_events(STORY, version="v3") as stream:
        async for _ in stream:
            pass


async def reached(emulator: Emulator, count: int = 1) -> None:
    """Wait until so many requests have reached the emulator."""
    await auntil(lambda: len(emulator.log) >= count)


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def all_left(emulator: Emulator) -> bool:
    """Return whether the client closed every answer's connection before its end."""
    settled = await asyncio.to_thread(emulator.settle, HANG)
    return settled and not any(exchange.finished for exchange in emulator.log)


@pytest.mark.parametrize("moment", ["before the answer", "in the middle of it"])
@pytest.mark.parametrize("call", [ainvoke, ainvoke_streaming, astream, events_v2, events_v3])
async def test_a_cancelled_call_hangs_up_and_gives_everything_back(
    name: str, make: Make, served: Emulator, log: Path, call: Any, moment: str
) -> None:
    served.script(
        first_provider(name),
        [Slow(first=HANG) if moment == "before the answer" else Drip(every=0.5)],
    )
    model = make(served=True)
    before = asyncio.all_tasks()
    task = asyncio.create_task(call(model))
    await reached(served)
    await asyncio.sleep(0.02)
    await cancelled(task)
    assert await calm(before)
    assert outcomes(log) == ["cancelled"]
    assert nothing_held()
    assert await all_left(served)
    assert (await model.ainvoke("Hello")).text


async def test_a_cancelled_batch_cancels_all_of_its_calls(
    name: str, make: Make, served: Emulator, log: Path
) -> None:
    served.script(first_provider(name), [Slow(first=HANG)] * 4)
    before = asyncio.all_tasks()
    task = asyncio.create_task(make(served=True).abatch([STORY] * 4))
    await reached(served, 4)
    await cancelled(task)
    assert await calm(before)
    assert outcomes(log) == ["cancelled"] * 4
    assert nothing_held()
    assert await all_left(served)


async def test_a_call_in_a_group_that_fails_is_cancelled(
    name: str, make: Make, served: Emulator, log: Path
) -> None:
    served.script(first_provider(name), [Slow(first=HANG)])
    model = make(served=True)

    async def fail() -> None:
        await reached(served)
        raise ValueError

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(model.ainvoke(STORY))
            group.create_task(fail())

    with pytest.raises(ExceptionGroup):
        await both()
    assert outcomes(log) == ["cancelled"]
    assert nothing_held()


async def test_a_timeout_around_a_call_is_a_timeout(
    name: str, make: Make, served: Emulator, log: Path
) -> None:
    served.script(first_provider(name), [Slow(first=HANG)] * 2)
    model = make(served=True)
    for at, call in enumerate((ainvoke, astream), 1):
        with pytest.raises(TimeoutError):
            async with timeout_when(lambda at=at: len(served.log) == at):
                await call(model)
    assert outcomes(log) == ["cancelled"] * 2
    assert await all_left(served)


@pytest.mark.parametrize("call", [ainvoke, astream])
async def test_a_call_that_is_cancelled_while_it_waits_sends_no_more_requests(
    name: str, make: Make, emulator: Emulator, log: Path, call: Any
) -> None:
    refusals = [RateLimited(20)] * 9
    for provider in {first_provider(name), "groq", "anthropic", "google"}:
        emulator.script(provider, refusals)
    waits = asyncio.Event()

    async def wait(_seconds: float) -> None:
        waits.set()
        await asyncio.Event().wait()

    before = asyncio.all_tasks()
    task = asyncio.create_task(call(make(max_wait=60, clock=Clock(asleep=wait))))
    await waits.wait()
    requests = len(emulator.log)
    assert requests >= (3 if name == "router" else 1)
    await cancelled(task)
    assert await calm(before)
    assert outcomes(log) == ["rate_limit"] * requests
    assert len(emulator.log) == requests
    assert nothing_held()


@pytest.mark.parametrize("call", [ainvoke, astream])
@pytest.mark.parametrize("name", ["router"])
async def test_a_call_that_is_cancelled_at_its_second_candidate_leaves_both(
    make: Make, served: Emulator, log: Path, call: Any
) -> None:
    served.script("groq", [ServerError()])
    served.script("anthropic", [Slow(first=HANG)])
    task = asyncio.create_task(call(make(served=True, max_retries=0)))
    await reached(served, 2)
    await cancelled(task)
    assert outcomes(log) == ["server_error", "cancelled"]
    assert nothing_held()


async def test_many_cancelled_calls_leave_room_for_the_next(
    name: str, make: Make, served: Emulator, log: Path
) -> None:
    served.script(first_provider(name), [Slow(first=HANG)] * 30)
    model = make(served=True)
    tasks = [asyncio.create_task(ainvoke(model)) for _ in range(30)]
    await reached(served, 30)
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(error) for error in ended} == {asyncio.CancelledError}
    assert outcomes(log) == ["cancelled"] * 30
    assert nothing_held()
    assert await all_left(served)
    assert (await model.ainvoke("Hello")).text


async def test_v3_events_that_are_closed_hang_up(
    name: str, make: Make, served: Emulator, log: Path
) -> None:
    served.script(first_provider(name), [SLOWLY])
    before = asyncio.all_tasks()
    stream = await make(served=True).astream_events(STORY, version="v3")
    async for _ in stream.text:
        break
    await stream.aclose()
    assert await calm(before)
    assert outcomes(log) == ["cancelled"]
    assert nothing_held()
    assert await all_left(served)

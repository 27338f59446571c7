"""Streams that are left before their end: nothing stays open, held, or unwritten."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import aclosing, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.llm.health.key_state import health_lock
from scout_adapters.testing import Emulator
from tests.chat_models.prompts import first_provider
from tests.chat_models.unfinished import (
    SLOWLY,
    STORY,
    Enough,
    calm,
    hung_up,
    outcomes,
)
from tests.support.held import nothing_held

pytestmark = pytest.mark.filterwarnings(
    "ignore::langchain_core._api.beta_decorator.LangChainBetaWarning"
)

Make = Callable[..., ScoutChatModel]


@pytest.fixture
def telling(name: str, make: Make, served: Emulator) -> ScoutChatModel:
    """A model whose next answer is slow, over a loopback."""
    served.script(first_provider(name), [SLOWLY])
    return make(served=True)


def leave_by_close(model: Any) -> None:
    stream = model.stream(STORY)
    next(stream)
    stream.close()


def leave_by_break(model: Any) -> None:
    for _ in model.stream(STORY):
        break


def leave_by_raising(model: Any) -> None:
    with suppress(Enough):
        for _ in model.stream(STORY):
            raise Enough


def leave_a_context(model: Any) -> None:
    with closing(model.stream(STORY)) as stream:
        for _ in stream:
            break


def leave_by_forgetting(model: Any) -> None:
    stream = model.stream(STORY)
    next(stream)
    del stream
    gc.collect()


@pytest.mark.parametrize(
    "leave",
    [
        leave_by_close,
        leave_by_break,
        leave_by_raising,
        leave_a_context,
        leave_by_forgetting,
    ],
)
def test_a_stream_that_is_left_hangs_up_and_gives_everything_back(
    telling: ScoutChatModel, served: Emulator, log: Path, leave: Any
) -> None:
    leave(telling)
    assert outcomes(log) == ["cancelled"]
    assert nothing_held()
    assert hung_up(served)
    assert telling.invoke("Hello").text
    assert outcomes(log) == ["cancelled", "ok"]
    assert len(served.log) == 2


def test_a_stream_that_was_never_begun_sends_no_request(
    model: ScoutChatModel, emulator: Emulator
) -> None:
    model.stream(STORY).close()
    del model
    assert emulator.log == []


async def aleave_by_aclose(model: Any) -> None:
    stream = model.astream(STORY)
    await anext(stream)
    await stream.aclose()


async def aleave_a_context(model: Any) -> None:
    async with aclosing(model.astream(STORY)) as stream:
        async for _ in stream:
            break


async def aleave_by_raising(model: Any) -> None:
    with suppress(Enough):
        async with aclosing(model.astream(STORY)) as stream:
            async for _ in stream:
                raise Enough


@pytest.mark.parametrize("leave", [aleave_by_aclose, aleave_a_context, aleave_by_raising])
async def test_an_async_stream_that_was_closed_has_given_everything_back(
    telling: ScoutChatModel, served: Emulator, log: Path, leave: Any
) -> None:
    before = asyncio.all_tasks()
    await leave(telling)
    assert outcomes(log) == ["cancelled"]
    assert nothing_held()
    assert await asyncio.to_thread(hung_up, served)
    assert await calm(before)
    assert (await telling.ainvoke("Hello")).text


async def aleave_by_break(model: Any) -> None:
    async for _ in model.astream(STORY):
        break


async def aleave_by_forgetting(model: Any) -> None:
    stream = model.astream(STORY)
    await anext(stream)
    del stream
    gc.collect()


@pytest.mark.parametrize("leave", [aleave_by_break, aleave_by_forgetting])
async def test_an_async_stream_that_was_forgotten_soon_gives_everything_back(
    telling: ScoutChatModel, served: Emulator, log: Path, leave: Any
) -> None:
    before = asyncio.all_tasks()
    await leave(telling)
    assert await calm(before)
    assert await asyncio.to_thread(hung_up, served)
    assert await calm(before)
    assert outcomes(log) == ["cancelled"]
    assert nothing_held()


def test_a_loop_that_ends_in_the_middle_of_a_stream_gives_everything_back(
    telling: ScoutChatModel, served: Emulator, log: Path
) -> None:
    streams: list[Any] = []

    async def begin() -> None:
        stream = telling.astream(STORY)
        streams.append(stream)
        await anext(stream)

    asyncio.run(begin())
    assert outcomes(log) == ["cancelled"]
    assert nothing_held()
    assert hung_up(served)


async def test_events_that_are_left_give_everything_back(
    telling: ScoutChatModel, served: Emulator, log: Path
) -> None:
    before = asyncio.all_tasks()
    async with aclosing(telling.astream_events(STORY, version="v2")) as events:
        async for event in events:
            if event["event"] == "on_chat_model_stream":
                break
    assert await calm(before)
    assert await asyncio.to_thread(hung_up, served)
    assert await calm(before)
    assert outcomes(log) == ["cancelled"]
    assert nothing_held()


def test_a_stream_that_is_collected_releases_no_lock_of_other_code(telling: Any) -> None:
    """Garbage collection may close it while the thread has acquired a lock."""
    stream = telling.stream(STORY)
    next(stream)
    cycle: list[Any] = [stream]
    cycle.append(cycle)
    del stream, cycle
    with health_lock:
        gc.collect()
        assert health_lock._is_owned()

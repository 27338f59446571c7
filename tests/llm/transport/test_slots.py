"""Slots for requests: no exception loses a slot, and the longest waiting call is next."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from scout_adapters.llm.transport.slots import Slots
from tests.support.interruption import Interruption
from tests.support.waiting import HANG


def test_an_exception_at_any_line_loses_no_slot() -> None:
    def take_and_give_back(slots: Slots) -> None:
        slots.take("mine", 1.0)
        slots.give_back("mine")

    slots = Slots(1)
    with Interruption() as dry:
        take_and_give_back(slots)
    for at in range(1, len(dry.places) + 1):
        slots = Slots(1)
        with Interruption(at, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
            take_and_give_back(slots)
        slots.give_back("mine")
        assert slots.take("next", 0.0), dry.places[at - 1]


def test_a_slot_goes_to_the_longest_waiting_call_in_any_thread() -> None:
    slots = Slots(1)
    assert slots.take("first", None)
    with ThreadPoolExecutor(2) as threads:
        second = threads.submit(slots.take, "second", HANG)
        while len(slots._waiting) < 1:
            pass
        third = threads.submit(slots.take, "third", HANG)
        while len(slots._waiting) < 2:
            pass
        slots.give_back("first")
        assert second.result()
        assert slots.taken == 1
        assert not third.done()
        slots.give_back("second")
        assert third.result()
    assert not slots.take("fourth", 0.0)


async def test_a_cancelled_wait_takes_no_slot() -> None:
    slots = Slots(1)
    assert await slots.atake("first", None)
    waiting = asyncio.create_task(slots.atake("second", None))
    await asyncio.sleep(0)
    slots.give_back("first")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    slots.give_back("second")
    assert await slots.atake("third", 0.0)
    assert not await slots.atake("fourth", 0.01)

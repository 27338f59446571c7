"""One model in many event loops and threads, one after another and all at once."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.llm.transport.http_transport import Transport
from scout_adapters.testing import Emulator, Slow
from tests.chat_models.prompts import first_provider
from tests.support.verbs import merge_chunks
from tests.support.waiting import HANG

Make = Callable[..., ScoutChatModel]


def echo(answer: Any) -> str:
    return str(answer.text).rpartition(": ")[2]


async def atalk(model: Any, speaker: str) -> list[str]:
    """Call twice, whole and streamed, and twice at once."""
    whole = await model.ainvoke(f"{speaker} a")
    chunks = [chunk async for chunk in model.astream(f"{speaker} b")]
    both = await asyncio.gather(*(model.ainvoke(f"{speaker} {more}") for more in "cd"))
    return [echo(message) for message in (whole, merge_chunks(chunks), *both)]


def talk(model: Any, speaker: str) -> list[str]:
    whole = model.invoke(f"{speaker} a")
    streamed = merge_chunks(list(model.stream(f"{speaker} b")))
    return [
        echo(message)
        for message in (whole, streamed, *model.batch([f"{speaker} c", f"{speaker} d"]))
    ]


def echoes(speaker: str) -> list[str]:
    return [f"{speaker} {what}" for what in "abcd"]


def test_threads_and_loops_share_one_model_at_once(make: Make, served: Emulator) -> None:
    model = make(served=True)
    people = [f"Person {number}" for number in range(8)]
    barrier = threading.Barrier(len(people))

    def work(speaker: str) -> list[str]:
        barrier.wait(HANG)
        return asyncio.run(atalk(model, speaker)) if int(speaker[-1]) % 2 else talk(model, speaker)

    with ThreadPoolExecutor(len(people)) as threads:
        assert list(threads.map(work, people)) == [echoes(speaker) for speaker in people]
    assert len(served.log) == 4 * len(people)
    assert served.settle(HANG)
    assert all(exchange.finished for exchange in served.log)


def test_threads_that_are_the_first_to_ask_share_connections() -> None:
    transport = Transport()
    barrier = threading.Barrier(16)

    def first(_: int) -> Any:
        barrier.wait(HANG)
        return transport.pool()

    with ThreadPoolExecutor(16) as threads:
        opened = set(threads.map(first, range(16)))
    transport.close()
    assert len(opened) == 1


def test_one_loop_after_another_and_sync_calls_between(make: Make, served: Emulator) -> None:
    model = make(served=True)
    for speaker in ("First", "Second"):
        assert asyncio.run(atalk(model, speaker)) == echoes(speaker)
        assert talk(model, speaker) == echoes(speaker)
    assert len(served.log) == 16


async def test_a_sync_call_inside_a_running_loop_answers(make: Make, served: Emulator) -> None:
    model = make(served=True)
    assert talk(model, "Sync") == echoes("Sync")
    assert await atalk(model, "Async") == echoes("Async")
    assert await asyncio.to_thread(talk, model, "Thread") == echoes("Thread")
    chain = RunnableLambda(lambda speaker: talk(model, speaker))
    assert await chain.ainvoke("Chain") == echoes("Chain")


async def test_a_loop_in_a_thread_beside_a_running_loop_answers(
    make: Make, served: Emulator
) -> None:
    model = make(served=True)
    beside = asyncio.to_thread(lambda: asyncio.run(atalk(model, "Beside")))
    answers = await asyncio.gather(atalk(model, "Here"), beside)
    assert answers == [echoes("Here"), echoes("Beside")]


def test_a_loop_that_was_closed_without_ceremony_does_not_disturb_the_next(
    make: Make, served: Emulator
) -> None:
    model = make(served=True)
    for speaker in ("First", "Second"):
        loop = asyncio.new_event_loop()
        try:
            assert loop.run_until_complete(atalk(model, speaker)) == echoes(speaker)
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()
    assert asyncio.run(atalk(model, "Third")) == echoes("Third")


def test_an_answer_that_is_under_way_in_one_loop_survives_the_end_of_another(
    name: str, make: Make, served: Emulator
) -> None:
    served.script(first_provider(name), [Slow(between=0.003)])
    model = make(served=True)
    begun = threading.Event()

    async def slowly() -> str:
        chunks = []
        async for chunk in model.astream("Write a long story."):
            chunks.append(chunk)
            begun.set()
        return merge_chunks(chunks).text

    with ThreadPoolExecutor(1) as threads:
        telling = threads.submit(lambda: asyncio.run(slowly()))
        assert begun.wait(HANG)
        assert asyncio.run(atalk(model, "Other")) == echoes("Other")
        assert telling.result(HANG).endswith("tests were green.")


@pytest.mark.parametrize("copied", ["deepcopy", "model_copy"])
def test_a_copy_in_another_thread_answers(make: Make, served: Emulator, copied: str) -> None:
    model = make(served=True)
    model.invoke("Hello")
    other: Any = {
        "deepcopy": lambda: copy.deepcopy(model),
        "model_copy": lambda: model.model_copy(update={"temperature": 0.1}),
    }[copied]()
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(talk, other, "Copy").result(HANG) == echoes("Copy")
    assert len({exchange.key for exchange in served.log}) == 1

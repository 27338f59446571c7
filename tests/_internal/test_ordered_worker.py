"""The thread for blocking handlers: calls run in order, also those whose caller was cancelled."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

import pytest

from scout_adapters._internal.ordered_worker import OrderedWorker, drain
from tests.support.waiting import HANG


@pytest.fixture
def gate() -> threading.Event:
    """What the worker's first call waits for."""
    return threading.Event()


@pytest.fixture
def worker(gate: threading.Event) -> Any:
    """A worker whose thread is running the first call."""
    worker, begun = OrderedWorker(), threading.Event()

    def wait() -> None:
        begun.set()
        gate.wait(HANG)

    worker.submit(wait)
    assert begun.wait(HANG)
    yield worker
    gate.set()
    worker.close()


async def test_a_call_whose_caller_was_cancelled_runs_in_its_turn(
    worker: OrderedWorker, gate: threading.Event
) -> None:
    calls: list[str] = []
    task = asyncio.create_task(worker.run(calls.append, "intent"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ended = worker.submit(calls.append, "outcome")
    gate.set()
    await drain([ended])
    assert calls == ["intent", "outcome"]


async def test_a_cancelled_drain_keeps_what_is_queued(
    worker: OrderedWorker, gate: threading.Event
) -> None:
    queued: list[asyncio.Future[Any]] = [worker.submit(int)]
    task = asyncio.create_task(drain(queued))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(queued) == 1
    gate.set()
    await drain(queued)
    assert queued == []


def test_a_closed_worker_has_run_everything_and_starts_on_the_next_call(
    worker: OrderedWorker, gate: threading.Event
) -> None:
    calls: list[int] = []
    thread = worker.submit(threading.current_thread)
    worker.submit(calls.append, 1)
    gate.set()
    worker.close()
    assert (calls, thread.result().is_alive()) == ([1], False)
    assert worker.submit(int).result() == 0


async def test_calls_that_were_queued_meanwhile_reach_the_loop_together(
    worker: OrderedWorker, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    wakes: list[Any] = []
    wake = loop.call_soon_threadsafe
    monkeypatch.setattr(
        loop, "call_soon_threadsafe", lambda *call: (wakes.append(call), wake(*call))
    )
    queued = [worker.submit(int, number) for number in range(20)]
    gate.set()
    assert await asyncio.gather(*queued) == list(range(20))
    assert len(wakes) == 1


async def test_errors_of_every_kind_reach_the_caller(
    worker: OrderedWorker, gate: threading.Event
) -> None:
    gate.set()
    for raised in (OSError("full"), StopIteration("end")):
        expected = RuntimeError if isinstance(raised, StopIteration) else type(raised)
        with pytest.raises(expected, match=str(raised)):
            await asyncio.wait_for(worker.run(raises, raised), HANG)


def raises(error: BaseException) -> None:
    raise error


def test_calls_of_a_closed_loop_run_nevertheless(
    worker: OrderedWorker, gate: threading.Event
) -> None:
    calls: list[int] = []

    async def leave() -> None:
        worker.submit(calls.append, 1)

    asyncio.run(leave())
    gate.set()
    worker.wait()
    assert calls == [1]


def test_a_forked_child_runs_its_own_calls_and_none_of_its_parent(
    worker: OrderedWorker, gate: threading.Event
) -> None:
    calls: list[str] = []
    worker.submit(calls.append, "parent")
    child = os.fork()
    if child == 0:
        worker.submit(calls.append, "child").result()
        os._exit(calls != ["child"])
    assert os.waitpid(child, 0)[1] == 0
    gate.set()
    worker.wait()
    assert calls == ["parent"]

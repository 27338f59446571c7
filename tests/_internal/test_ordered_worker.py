"""The thread for blocking handlers: calls run in order, also those whose caller was cancelled."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import Any

import pytest

from scout_adapters._internal.ordered_worker import OrderedWorker, drain


@pytest.fixture
def gate() -> threading.Event:
    """What the worker's first call waits for."""
    return threading.Event()


@pytest.fixture
def worker(gate: threading.Event) -> Any:
    worker = OrderedWorker()
    worker.submit(gate.wait, 10)
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
    queued: list[Future[Any]] = [worker.submit(int)]
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
    worker.submit(calls.append, 1)
    gate.set()
    before = threading.active_count()
    worker.close()
    assert (calls, threading.active_count()) == ([1], before - 1)
    assert worker.submit(int).result() == 0

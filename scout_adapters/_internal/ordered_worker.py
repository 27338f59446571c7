"""A thread that runs blocking functions in order, for callers on an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from scout_adapters._internal.fork import fork_safe_lock, process

T = TypeVar("T")

CANCELLED_SECONDS = 1.0
"""Seconds that a cancelled call waits for its last work; the work goes on after them."""


class OrderedWorker:
    """Runs functions one after the other in a thread, which starts on first use."""

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        self._executor: tuple[int, ThreadPoolExecutor] | None = None

    def submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        """Queue a call behind those that were queued before."""
        with self._lock:
            if self._executor is None or self._executor[0] != process.pid:
                self._executor = process.pid, ThreadPoolExecutor(1, "scout-handler")
            executor = self._executor[1]
        try:
            return executor.submit(function, *arguments)
        except RuntimeError:  # the interpreter is ending: no thread takes work any more
            return _run_now(function, *arguments)

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Queue a call, and wait for its result without blocking the event loop.

        The call runs even if the wait is cancelled: what is queued behind it may undo it.
        """
        return await asyncio.shield(asyncio.wrap_future(self.submit(function, *arguments)))

    def wait(self) -> None:
        """Wait until everything that was queued before has run; blocks."""
        if self._executor is not None:
            self.submit(int).result()

    def close(self) -> None:
        """Wait as `wait` does, and end the thread; the next call starts another one."""
        with self._lock:
            running, self._executor = self._executor, None
        if running is not None and running[0] == process.pid:
            running[1].shutdown()


def _run_now(function: Callable[..., T], *arguments: Any) -> Future[T]:
    future: Future[T] = Future()
    try:
        future.set_result(function(*arguments))
    except Exception as error:  # noqa: BLE001  # raised where the result is read
        future.set_exception(error)
    return future


async def drain(futures: list[Future[Any]]) -> None:
    """Wait for queued calls, empty the list, then raise the first of their errors.

    If the wait is cancelled, the calls run nevertheless, and the list keeps them.
    """
    waited = [asyncio.wrap_future(future) for future in futures]
    await asyncio.wait(waited)
    futures.clear()
    for future in waited:
        future.result()


async def drain_briefly(futures: Sequence[Future[Any]]) -> None:
    """Wait up to `CANCELLED_SECONDS` for queued calls of a call that was cancelled."""
    await asyncio.wait([asyncio.wrap_future(each) for each in futures], timeout=CANCELLED_SECONDS)

"""A thread that runs blocking functions in order, for callers on an event loop.

What is submitted while the thread works is run in one go after it, and its results reach the event
loop together: a change of threads costs more than most of these functions take.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar, cast

from scout_adapters._internal.fork import fork_safe_lock, process

T = TypeVar("T")

CANCELLED_SECONDS = 1.0
"""Seconds that a cancelled call waits for its last work; the work goes on after them."""


class OrderedWorker:
    """Runs functions one after the other in a thread, which starts on first use."""

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        self._queue: list[_Task] = []
        self._is_running = False
        self._executor: tuple[int, ThreadPoolExecutor] | None = None

    def submit(self, function: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """Queue a call behind those that were queued before; return the future of its result.

        On an event loop the future belongs to it; cancelling it does not cancel the call. Without
        one it is of `concurrent.futures`.
        """
        task = _Task(_running_loop(), function, arguments)
        with self._lock:
            executor = self._own_executor()
            self._queue.append(task)
            if not self._is_running:
                try:
                    executor.submit(self._run_queue)
                    self._is_running = True
                except RuntimeError:  # the interpreter is ending: no thread takes work any more
                    self._run_queue()
        return task.future

    def _own_executor(self) -> ThreadPoolExecutor:
        """Return the executor of this process; a forked child leaves the queue to its parent."""
        if self._executor is not None and self._executor[0] == process.pid:
            return self._executor[1]
        if self._executor is not None:
            self._queue, self._is_running = [], False
        executor = ThreadPoolExecutor(1, "scout-handler")
        self._executor = process.pid, executor
        return executor

    def _run_queue(self) -> None:
        while True:
            with self._lock:
                tasks, self._queue = self._queue, []
                if not tasks:
                    self._is_running = False
                    return
            for task in tasks:
                task.run()
            _deliver(tasks)

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Queue a call, and wait for its result without blocking the event loop.

        The call runs even if the wait is cancelled: what is queued behind it may undo it.
        """
        return await self.submit(function, *arguments)

    def wait(self) -> None:
        """Wait until everything that was queued before has run; blocks."""
        with self._lock:
            running = self._executor
        if running is not None and running[0] == process.pid:
            running[1].submit(self._run_queue).result()

    def close(self) -> None:
        """Wait as `wait` does, and end the thread; the next call starts another one."""
        with self._lock:
            running, self._executor = self._executor, None
        if running is not None and running[0] == process.pid:
            running[1].submit(self._run_queue)
            running[1].shutdown()


class _Task:
    """A queued call, and the future of its result."""

    __slots__ = ("arguments", "error", "function", "future", "loop", "result")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop | None,
        function: Callable[..., Any],
        arguments: Sequence[Any],
    ) -> None:
        self.loop = loop
        # Both kinds have all methods that are used here.
        self.future = cast("asyncio.Future[Any]", loop.create_future() if loop else Future())
        self.function, self.arguments = function, arguments
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Call the function, in the worker's thread."""
        try:
            self.result = self.function(*self.arguments)
        except StopIteration as error:  # a future cannot carry it
            self.error = RuntimeError(f"StopIteration: {error}")
        except BaseException as error:  # noqa: BLE001  # raised where the result is awaited
            self.error = error

    def deliver(self) -> None:
        """Set the result, in the thread of the future's loop."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


def _deliver(tasks: Sequence[_Task]) -> None:
    """Deliver results: to each event loop all of its own at once."""
    by_loop: defaultdict[asyncio.AbstractEventLoop | None, list[_Task]] = defaultdict(list)
    for task in tasks:
        by_loop[task.loop].append(task)
    for loop, ended in by_loop.items():
        if loop is None:
            _set_results(ended)
            continue
        try:
            loop.call_soon_threadsafe(_set_results, ended)
        except RuntimeError:  # the loop is closed: nothing awaits them
            continue


def _set_results(tasks: Sequence[_Task]) -> None:
    for task in tasks:
        task.deliver()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def drain(futures: list[asyncio.Future[Any]]) -> None:
    """Wait for queued calls, empty the list, then raise the first of their errors.

    If the wait is cancelled, the calls run nevertheless, and the list keeps them.
    """
    waited = [asyncio.wrap_future(future) for future in futures]
    await asyncio.wait(waited)
    futures.clear()
    for error in [future.exception() for future in waited]:
        if error is not None:
            raise error


async def drain_briefly(futures: Sequence[asyncio.Future[Any]]) -> None:
    """Wait up to `CANCELLED_SECONDS` for queued calls of a call that was cancelled."""
    waited = [asyncio.wrap_future(future) for future in futures]
    done, _ = await asyncio.wait(waited, timeout=CANCELLED_SECONDS)
    for future in done:
        future.exception()  # the cancellation is raised, not these

"""One reading of a key source, for which any number of threads and event loops wait."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from contextvars import copy_context
from typing import Any


class LoopEnded(Exception):  # internal: another reading follows
    """The event loop that awaited a source's awaitable has ended; another reading follows."""


class Reading:
    """One reading of a key source; `wait` and `await_end` block until it has ended."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None, until: float) -> None:
        """`loop` runs an awaitable that the source returns; None: a new loop in the thread.

        `until`: after this monotonic second another reading may start.
        """
        self.failed = False
        """Whether the source could not be read."""

        self.lost = False
        """Whether the event loop ended before the source had returned its value."""

        self._loop = loop
        self._until = until
        self._end: Future[None] = Future()
        self._end.set_running_or_notify_cancel()  # a waiter that is cancelled cannot cancel it

    @property
    def is_open(self) -> bool:
        """Whether the reading has not ended and its time is not over."""
        return not self._end.done() and time.monotonic() < self._until

    def blocks(self, loop: asyncio.AbstractEventLoop | None) -> bool:
        """Return whether a wait in this thread (`loop` is None) would block the reading's loop."""
        return loop is None and self._loop is not None and self._loop is _running_loop()

    def start(self, target: Callable[..., None], *arguments: Any) -> None:
        """Run the reading in a thread, with the context variables of the caller."""
        arguments = (self.run, target, *arguments)
        # A daemon: a function that hangs must not keep the process from ending.
        threading.Thread(
            target=copy_context().run, args=arguments, name="scout-key-source", daemon=True
        ).start()

    def run(self, target: Callable[..., None], *arguments: Any) -> None:
        """Call `target` in this thread, and end the reading for all that wait."""
        try:
            target(*arguments)
        except LoopEnded:
            self.lost = True
        finally:
            self._end.set_result(None)

    def resolve(self, value: Any) -> Any:
        """Return `value`, or its result if it is awaitable.

        Raises: `LoopEnded`, and what the awaitable raises.
        """
        if not inspect.isawaitable(value):
            return value
        if self._loop is None:
            return asyncio.run(_result_of(value))
        try:
            future = asyncio.run_coroutine_threadsafe(_result_of(value), self._loop)
        except RuntimeError as error:  # the loop is closed
            raise LoopEnded from error
        try:
            return future.result(max(self._until - time.monotonic(), 0.0))
        except CancelledError as error:
            raise LoopEnded from error
        finally:
            future.cancel()  # has an effect only if it takes too long

    def wait(self, seconds: float) -> bool:
        """Wait until the reading has ended; return False if it has not within `seconds`."""
        try:
            self._end.result(seconds)
        except TimeoutError:
            return False
        return True

    async def await_end(self, seconds: float) -> bool:
        """Twin of `wait`."""
        try:
            await asyncio.wait_for(asyncio.wrap_future(self._end), seconds)
        except TimeoutError:
            return False
        return True


async def _result_of(value: Awaitable[Any]) -> Any:
    try:
        return await value
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise  # the loop cancels its tasks as it ends
        raise InterruptedError("its own task was cancelled") from None


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None

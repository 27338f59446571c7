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
    """The event loop ended that awaited what a source returned."""


class Reading:
    """A reading in a thread of its own, which ends it for all that wait."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None, until: float) -> None:
        """`loop` awaits what the source returns, if that is awaitable; None: a private loop.

        `until`: after this monotonic second another reading may start.
        """
        self.failed = False
        """Whether the source could not be read."""

        self.lost = False
        """Whether its event loop ended before the source had answered."""

        self._loop = loop
        self._until = until
        self._end: Future[None] = Future()
        self._end.set_running_or_notify_cancel()  # a waiter that is cancelled cannot cancel it

    @property
    def is_open(self) -> bool:
        """Whether it is worth waiting for."""
        return not self._end.done() and time.monotonic() < self._until

    def blocks(self, loop: asyncio.AbstractEventLoop | None) -> bool:
        """Return whether a synchronous wait in this thread would stop the loop that it needs."""
        return loop is None and self._loop is not None and self._loop is _running_loop()

    def start(self, target: Callable[..., None], *arguments: Any) -> None:
        """Run the reading in a thread, with the context variables of the caller."""
        arguments = (self.run, target, *arguments)
        # A daemon: a function that hangs must not keep the process from ending.
        threading.Thread(
            target=copy_context().run, args=arguments, name="scout-key-source", daemon=True
        ).start()

    def run(self, target: Callable[..., None], *arguments: Any) -> None:
        """Run the reading in this thread, and end it."""
        try:
            target(*arguments)
        except LoopEnded:
            self.lost = True
        finally:
            self._end.set_result(None)

    def resolve(self, value: Any) -> Any:
        """Return the value itself, or the result of an awaitable.

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
        """Wait for the end; return False if it did not come within `seconds`."""
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

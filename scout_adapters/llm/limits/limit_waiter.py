"""A call that waits for a limit: its place in the order of arrival, and how it is woken."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Protocol

from scout_adapters._internal.clock import Clock

LATER_FACTOR, LATER_SECONDS = 1.25, 0.5
"""How much later than expected a call looks that is woken by the one before it."""

_tickets = count()


class WaitingLine(Protocol):
    """A line that a call stands in."""

    def leave(self, waiter: LimitWaiter) -> None:
        """Take a call out of the line."""

    def is_first(self, waiter: LimitWaiter) -> bool:
        """Return whether a call is the first of the line."""


class LimitWaiter:
    """One waiting call, in a thread or a task of any event loop."""

    __slots__ = ("_wake", "meters", "ticket", "tokens", "woken")

    def __init__(self, tokens: int) -> None:
        """`tokens` is what its request needs; those who wait behind it add it to their wait."""
        self.ticket = next(_tickets)
        self.tokens = tokens
        self.woken = False
        self.meters: list[WaitingLine] = []
        """The meters in whose lines it is."""

        self._wake: Callable[[], object] | None = None

    def wake(self) -> bool:
        """End the wait, from any thread. Return False if its event loop is closed."""
        self.woken, wake = True, self._wake
        if wake is not None:
            try:
                wake()
            except RuntimeError:
                return False
        return True

    def _timeout(self, seconds: float, longest: float) -> float:
        """Return the seconds after which to look again; later behind others, who wake it."""
        if any(meter.is_first(self) for meter in self.meters):
            return seconds
        return max(seconds, min(seconds * LATER_FACTOR + LATER_SECONDS, longest))

    def wait(self, clock: Clock, seconds: float, longest: float) -> None:
        """Sleep for so long, or until the call is woken. A test's clock sleeps the whole time.

        A call that is not first in a line may sleep up to `longest` seconds.
        """
        if clock.sleep is not time.sleep:
            clock.sleep(seconds)
        else:
            event = threading.Event()
            self._wake = event.set
            try:
                if not self.woken:
                    event.wait(self._timeout(seconds, longest))
            finally:
                self._wake = None
        self.woken = False

    async def await_(self, clock: Clock, seconds: float, longest: float) -> None:
        """Twin of `wait`."""
        if clock.asleep is not asyncio.sleep:
            await clock.asleep(seconds)
        else:
            loop = asyncio.get_running_loop()
            event = asyncio.Event()
            self._wake = lambda: loop.call_soon_threadsafe(event.set)
            try:
                if not self.woken:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._timeout(seconds, longest)):
                            await event.wait()
            finally:
                self._wake = None
        self.woken = False

"""A limit on the number of concurrent requests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial

from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters.errors import ErrorKind, ProviderError, provider_error


class Slots:
    """Slots for concurrent requests, each taken by a holder, such as a response.

        if slots.take(response, seconds=10.0): ...
        slots.give_back(response)

    `give_back` may be called twice, and while the holder waits, so that no slot is lost or counted
    twice after an exception between two steps.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self._holders: set[object] = set()
        self._waiting: dict[object, Callable[[], None]] = {}
        """By holder that waits for a slot, the first one first: a function that ends its wait."""

        self._lock = fork_safe_lock()

    @property
    def taken(self) -> int:
        """Number of slots in use."""
        return len(self._holders)

    def take(self, holder: object, seconds: float | None) -> bool:
        """Wait for a slot; return False if none became free within `seconds` (None: no limit)."""
        with self._lock:
            if not self._waiting and len(self._holders) < self.number:  # as in `_take_free`
                self._holders.add(holder)
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting[holder] = partial(_release, turn)
        turn.acquire(timeout=-1 if seconds is None else min(seconds, threading.TIMEOUT_MAX))
        return self._end_wait(holder)

    async def atake(self, holder: object, seconds: float | None) -> bool:
        """Twin of `take`."""
        if self._take_free(holder):
            return True
        turn = asyncio.get_running_loop().create_future()
        self._waiting[holder] = partial(_finish, turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except TimeoutError:
            pass
        return self._end_wait(holder)

    def give_back(self, holder: object) -> None:
        """Free the slot of a holder, or end its wait; the holder that waits longest is next."""
        with self._lock:
            self._holders.discard(holder)
            self._waiting.pop(holder, None)
            while self._waiting and len(self._holders) < self.number:
                following, end_wait = next(iter(self._waiting.items()))
                self._holders.add(following)
                end_wait()
                del self._waiting[following]

    def _take_free(self, holder: object) -> bool:
        if self._waiting or len(self._holders) >= self.number:
            return False
        self._holders.add(holder)
        return True

    def _end_wait(self, holder: object) -> bool:
        with self._lock:
            self._waiting.pop(holder, None)
            return holder in self._holders


def queue_full(seconds: float | None) -> ProviderError:
    """Return the error of a request that got no slot within `seconds`."""
    return provider_error(
        ErrorKind.QUEUE_FULL, f"no connection came free within {seconds:g} s", phase="pre_send"
    )


def _release(turn: threading.Lock) -> None:
    if turn.locked():
        turn.release()


def _finish(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)

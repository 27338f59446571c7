"""Lua calls whose result is not needed: sent with the next call, or after some milliseconds."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from scout_adapters._internal.fork import call_after_fork, fork_safe_lock
from scout_adapters._internal.logs import logger_of
from scout_adapters.store.redis_server import LuaCall, RedisServer, StoreUnavailableError

logger = logger_of(__name__)

DELAY_SECONDS = 0.005
"""Seconds after which queued calls are sent, unless another call sends them earlier."""

RETRY_SECONDS = 1.0
MAX_BATCH = 256
MAX_UNSENT = 100_000
"""Number of calls queued while the server does not answer; the oldest are dropped beyond it."""


class UnsentCalls:
    """A queue of calls to one server, in order. Each call may be sent repeatedly."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._lock = fork_safe_lock()
        self._calls: deque[LuaCall] = deque(maxlen=MAX_UNSENT)
        self._sending = fork_safe_lock()
        self._forget()
        _queues.add(self)

    def _forget(self) -> None:
        """Empty the queue; called in a forked child, where the calls belong to the parent."""
        self._calls.clear()
        self._is_due = threading.Event()
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: LuaCall) -> None:
        """Queue a call, and start the sending thread if none runs."""
        self._calls.append(call)
        self._is_due.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._run, name="scout-unsent", daemon=True
                    )
                    self._thread.start()

    def send(self, last: LuaCall | None = None) -> Any:
        """Send the queued calls, then `last` in the same round trip; return the last result.

        Raises: `StoreUnavailableError`; the queued calls stay queued.
        """
        self._server.check_pause()
        with self._sending:  # what was settled before is booked before `last`
            while len(self._calls) > MAX_BATCH:
                self._send_batch(None)
            return self._send_batch(last)

    def _send_batch(self, last: LuaCall | None) -> Any:
        batch: list[LuaCall] = []
        with suppress(IndexError):
            while len(batch) < MAX_BATCH:
                batch.append(self._calls.popleft())
        calls = batch if last is None else [*batch, last]
        if not calls:
            return None
        try:
            return self._server.run(calls)[-1]
        except BaseException:  # raised again: what was not answered is sent again
            self._calls.extendleft(reversed(batch))
            raise

    def close(self) -> None:
        """End the sending thread; a call that is added later starts a new one."""
        with self._lock:
            due, self._is_due, self._thread = self._is_due, threading.Event(), None
        due.set()

    def _run(self) -> None:
        due = self._is_due
        while due.wait() and due is self._is_due:
            due.clear()
            time.sleep(DELAY_SECONDS)
            try:
                self.send()
            except StoreUnavailableError:
                time.sleep(RETRY_SECONDS)
                due.set()


_queues: WeakSet[UnsentCalls] = WeakSet()


def _forget_all() -> None:
    for queue in list(_queues):
        queue._forget()  # noqa: SLF001  # of this module


def _send_all() -> None:
    for queue in list(_queues):
        with suppress(StoreUnavailableError):
            queue.send()


call_after_fork(_forget_all)
atexit.register(_send_all)

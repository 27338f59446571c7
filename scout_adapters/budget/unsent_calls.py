"""Lua calls whose result is not needed: sent with the next call, or after some milliseconds."""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from scout_adapters._internal.fork import call_after_fork, fork_safe_lock
from scout_adapters._internal.logs import logger_of
from scout_adapters.store.redis_server import LuaCall, RedisServer, StoreUnavailableError

logger = logger_of(__name__)

DELAY_SECONDS = 0.005
"""Seconds after which queued calls are sent, unless another call sends them earlier."""

COLLECT_SECONDS = 0.05
"""Seconds after which changes are collected and sent, if no call is queued."""

RETRY_SECONDS = 1.0
MAX_BATCH = 256
MAX_UNSENT = 100_000
"""Number of calls queued while the server does not answer; the oldest are dropped beyond it."""


class UnsentCalls:
    """A queue of calls to one server, in order. Each call may be sent repeatedly."""

    def __init__(
        self,
        server: RedisServer,
        collect: Callable[[Callable[[LuaCall], None]], bool] = lambda _: False,
        end: Callable[[], object] = lambda: None,
    ) -> None:
        """`collect` receives a function that queues a call; it runs before calls are sent.

        It returns whether it must run again in `COLLECT_SECONDS`. `end` runs at the end of the
        process, before the last calls are collected.
        """
        self._server = server
        self._collects = collect
        self.end = end
        self._lock = fork_safe_lock()
        self._calls: deque[LuaCall] = deque(maxlen=MAX_UNSENT)
        self._sending = fork_safe_lock()
        self._forget()
        _queues.add(self)

    def _forget(self) -> None:
        """Empty the queue; called in a forked child, where the calls belong to the parent."""
        self._calls.clear()
        self._must_collect = False
        self._is_due = threading.Event()
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: LuaCall) -> None:
        """Queue a call, and start the sending thread if none runs."""
        self._calls.append(call)
        self.wake()

    def wake(self) -> None:
        """Let calls and changes be sent soon, by a thread."""
        if not self._is_due.is_set():
            self._is_due.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._run, name="scout-unsent", daemon=True
                    )
                    self._thread.start()
                    _send_at_end_of_child()

    def send(self, last: LuaCall | None = None) -> Any:
        """Send the queued calls, then `last` in the same round trip; return the last result.

        Raises: `StoreUnavailableError`; the queued calls stay queued.
        """
        self._server.check_pause()
        with self._sending:  # what was settled before is booked before `last`
            self.collect()
            while len(self._calls) > MAX_BATCH:
                self._send_batch(None)
            return self._send_batch(last)

    def collect(self) -> None:
        """Queue what has changed."""
        self._must_collect = self._collects(self._calls.append)

    def _send_batch(self, last: LuaCall | None) -> Any:
        batch: list[LuaCall] = []
        try:
            with suppress(IndexError):
                while len(batch) < MAX_BATCH:
                    batch.append(self._calls.popleft())
            calls = batch if last is None else [*batch, last]
            return self._server.run(calls)[-1] if calls else None
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
            time.sleep(DELAY_SECONDS if self._calls else COLLECT_SECONDS)
            try:
                self.send()
                if self._must_collect:
                    due.set()
            except StoreUnavailableError:
                time.sleep(RETRY_SECONDS)
                due.set()


_queues: WeakSet[UnsentCalls] = WeakSet()


def _forget_all() -> None:
    for queue in list(_queues):
        queue._forget()  # noqa: SLF001  # of this module


def _send_at_end_of_child() -> None:
    """Let a child of `multiprocessing` send what is queued: it ends without `atexit`.

    Called at the first use, because a child drops what was registered before the fork.
    """
    util = sys.modules.get("multiprocessing.util")
    if util is not None and util.process.parent_process() is not None:
        util.Finalize(None, _send_all, exitpriority=0)


def _send_all() -> None:
    for queue in list(_queues):
        queue.end()
    for queue in list(_queues):
        with suppress(StoreUnavailableError):
            queue.send()


call_after_fork(_forget_all)
atexit.register(_send_all)

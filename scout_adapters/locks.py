"""What a fork changes: locks that a child finds open, and whose process this is."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from weakref import WeakSet


class ForkSafeLock:
    """A `threading.Lock` to be used in `with`; a forked child gets a fresh one."""

    def __init__(self) -> None:
        self.renew()
        _alive.add(self)

    def renew(self) -> None:
        """Forget who held it."""
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


class _Process:
    """Knows its number without asking the kernel, which takes longer than all else on a call."""

    def __init__(self) -> None:
        self.pid = os.getpid()


process = _Process()
_alive: WeakSet[ForkSafeLock] = WeakSet()


def _renew_all() -> None:
    process.pid = os.getpid()
    for lock in _alive:
        lock.renew()


os.register_at_fork(after_in_child=_renew_all)

"""Fork safety: locks that are open in a forked child, and the cached process id."""

from __future__ import annotations

import os
import threading
from weakref import WeakSet


def fork_safe_lock() -> threading.Lock:
    """Return a lock that is open in a forked child, even if it was held during the fork."""
    lock = threading.Lock()
    _alive.add(lock)
    return lock


class _Process:
    """The id of this process, read once and again after a fork: cheaper than `os.getpid()`."""

    def __init__(self) -> None:
        self.pid = os.getpid()


process = _Process()
_alive: WeakSet[threading.Lock] = WeakSet()


def _renew_all() -> None:
    process.pid = os.getpid()
    for lock in _alive:
        lock._at_fork_reinit()  # type: ignore[attr-defined]  # noqa: SLF001  # as logging does


os.register_at_fork(after_in_child=_renew_all)

"""Fork safety: locks that are open in a forked child, and the cached process id."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from weakref import WeakSet


def fork_safe_lock() -> threading.RLock:
    """Return a lock that is open in a forked child, even if it was held during the fork.

    The thread that holds it may enter it again.
    """
    lock = threading.RLock()
    _alive.add(lock)
    return lock


def release_held_locks() -> None:
    """Release the locks that an exception has left held by this thread.

    Ctrl-C or a signal's exception may come between the end of a `with` block and the release. No
    lock is held while a call is made, so at the end of a call each one that is held was left.
    """
    for lock in list(_alive):
        while lock._is_owned():  # type: ignore[attr-defined]  # noqa: SLF001  # as threading.Condition does
            lock.release()


def call_after_fork(reset: Callable[[], None]) -> None:
    """Call a function in every forked child, after the locks are open."""
    _resets.append(reset)


class _Process:
    """The id of this process, read once and again after a fork: cheaper than `os.getpid()`."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.is_forked = False
        """Whether this package was imported before the fork. Such a process often ends by
        `os._exit` (a child of `multiprocessing`, a worker of Celery), which skips `atexit`."""


process = _Process()
_alive: WeakSet[threading.RLock] = WeakSet()
_resets: list[Callable[[], None]] = []


def _renew_all() -> None:
    process.pid, process.is_forked = os.getpid(), True
    for lock in _alive:
        lock._at_fork_reinit()  # type: ignore[attr-defined]  # noqa: SLF001  # as logging does
    for reset in _resets:
        reset()


os.register_at_fork(after_in_child=_renew_all)

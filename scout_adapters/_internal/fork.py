"""What a fork changes: locks that a child finds open, and whose process this is."""

from __future__ import annotations

import os
import threading
from weakref import WeakSet


def fork_safe_lock() -> threading.Lock:
    """Make a lock that a forked child finds open, whoever held it."""
    lock = threading.Lock()
    _alive.add(lock)
    return lock


class _Process:
    """Knows its number without asking the kernel, which takes longer than all else on a call."""

    def __init__(self) -> None:
        self.pid = os.getpid()


process = _Process()
_alive: WeakSet[threading.Lock] = WeakSet()


def _renew_all() -> None:
    process.pid = os.getpid()
    for lock in _alive:
        lock._at_fork_reinit()  # type: ignore[attr-defined]  # noqa: SLF001  # as logging does


os.register_at_fork(after_in_child=_renew_all)

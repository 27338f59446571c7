"""Open calls by run id; several concurrent calls may have the same id."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Generic, TypeVar
from uuid import UUID

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.fork import fork_safe_lock

CallT = TypeVar("CallT")

MAX_STARTED = 16
"""Number of calls, the newest ones, that a thread or task remembers."""

_started: ContextVar[tuple[object, ...]] = ContextVar("scout_started_calls", default=())
"""The last calls that were started in this thread or task."""


class CallsByRun(Generic[CallT]):
    """Open calls by run id; each thread or task finds its own call among those with one id.

    calls.add(run_id, call)
    call = calls.find(run_id)
    calls.remove(run_id, call)
    """

    def __init__(self) -> None:
        self._by_run: BoundedDict[UUID, tuple[CallT, ...]] = BoundedDict()
        self._lock = fork_safe_lock()

    def __len__(self) -> int:
        return len(self._by_run)

    def add(self, run_id: UUID, call: CallT) -> None:
        """Add a call that starts in this thread or task."""
        _started.set((*_started.get()[1 - MAX_STARTED :], call))
        with self._lock:
            self._by_run.put(run_id, (*self._by_run.get(run_id, ()), call))

    def find(self, run_id: UUID) -> CallT | None:
        """Return this thread's or task's call of a run, else the oldest; None if none is open."""
        calls = self._by_run.get(run_id)
        if not calls:
            return None
        return calls[0] if len(calls) == 1 else next(self._own(calls), calls[0])

    def find_own(self, run_id: UUID) -> CallT | None:
        """Return the call of a run that this thread or task started; None if there is none."""
        return next(self._own(self._by_run.get(run_id, ())), None)

    @staticmethod
    def _own(calls: tuple[CallT, ...]) -> Iterator[CallT]:
        started = _started.get()
        return (call for call in reversed(calls) if any(call is each for each in started))

    def remove(self, run_id: UUID, call: CallT) -> bool:
        """Remove a call that has ended; return whether it was open."""
        with self._lock:
            calls = self._by_run.get(run_id, ())
            left = tuple(each for each in calls if each is not call)
            if left:
                self._by_run[run_id] = left
            else:
                self._by_run.pop(run_id, None)
        # Last: until then an interrupted end can be repeated.
        _started.set(tuple(each for each in _started.get() if each is not call))
        return len(left) < len(calls)

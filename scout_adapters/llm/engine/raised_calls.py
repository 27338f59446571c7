"""Calls that raised: reported to the handlers in which `langchain_core` has left them open."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakSet

from scout_adapters._internal.fork import release_held_locks
from scout_adapters.errors import ScoutError

if TYPE_CHECKING:  # the front door imports this module
    from scout_adapters.llm.engine.observers import RaisedCallObserver

raised_call_observers: WeakSet[RaisedCallObserver] = WeakSet()


def report_raised_call(run_id: UUID, error: BaseException) -> None:
    """Report a call that has raised to the handlers in which it is still open.

    The error gets the run's id, so that a program's own log can name the call of the audit log.
    """
    if isinstance(error, ScoutError):
        error.set_run(run_id)
    # Ctrl-C in a handler, beside the engine's own call. A stream that is collected as garbage ends
    # anywhere, also while other code of this thread has acquired a lock.
    if not isinstance(error, Exception | GeneratorExit):
        release_held_locks()
    for observer in list(raised_call_observers):
        with suppress(Exception):  # the call's own error is raised
            observer.on_scout_call_raised(run_id, error)

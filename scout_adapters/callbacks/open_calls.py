"""Calls of other LangChain models that have started and not yet ended."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any
from uuid import UUID
from weakref import ref

from langchain_core.callbacks import CallbackManager
from langchain_core.messages import BaseMessage

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters.errors.option_values import shown_value
from scout_adapters.llm.engine.record import Run

CORE_CALLERS = frozenset({"generate", "stream"})
"""Functions of core that keep their callback manager until the call ends."""

CORE_DEPTH = 8
"""Number of frames, at most, between core's callback manager and `OpenCalls`."""

MAX_NAME = 512
"""Characters of a provider's or model's name."""


@dataclass(frozen=True, slots=True)
class OtherModelCall:
    """A call of a LangChain model that is not one of ours, as `on_chat_model_start` reports it."""

    run: Run
    provider: str
    model: str
    max_tokens: int | None
    messages: Sequence[BaseMessage] = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    """LangChain's `invocation_params`."""


def other_model_call(
    run: Run,
    messages: Sequence[BaseMessage],
    metadata: Mapping[str, Any],
    options: Mapping[str, Any],
) -> OtherModelCall:
    """Return the call for the metadata and options that LangChain reports at its start."""
    return OtherModelCall(
        run=run,
        provider=_name(metadata.get("ls_provider")),
        model=_name(metadata.get("ls_model_name")),
        max_tokens=metadata.get("ls_max_tokens"),
        messages=messages,
        options=options,
    )


def _name(value: Any) -> str:
    return "unknown" if value is None else shown_value(value, MAX_NAME, str) or "unknown"


class OpenCalls:
    """The open calls of one handler; several calls may have the same run id.

    calls.add(call, on_unclosed)
    call = calls.close(run_id)
    """

    def __init__(self) -> None:
        self._by_run: BoundedDict[UUID, list[tuple[OtherModelCall, Callable[[], None]]]] = (
            BoundedDict()
        )
        self._lock = fork_safe_lock()
        self.unclosed: deque[Callable[[], None]] = deque()
        """Functions to call for synchronous calls that ended without `close`; see `add`."""

    def add(self, call: OtherModelCall, on_unclosed: Callable[[], None]) -> None:
        """Add a call that may end without `close`, because another handler raised an error.

        `on_unclosed` is then called at the end of the call's task. For a synchronous call, it is
        added to `unclosed` instead: garbage collection may run anywhere, also while a lock is
        acquired.
        """
        manager = _core_manager()
        if manager is None:
            entry = (call, watch_task(on_unclosed))
        else:
            watching = [ref(manager, lambda _: self.unclosed.append(on_unclosed))]
            entry = (call, watching.clear)
        with self._lock:
            self._by_run.put(call.run.id, [*self._by_run.get(call.run.id, ()), entry])

    def close(self, run_id: UUID, messages: object = None) -> OtherModelCall | None:
        """Remove and return the call of a run with this list of messages; None if there is none.

        Without `messages`, it is the oldest call of the run.
        """
        with self._lock:
            entries = self._by_run.get(run_id, [])
            matching = (e for e in entries if messages is None or e[0].messages is messages)
            entry = next(matching, None)
            if entry is None:
                return None
            left = [other for other in entries if other is not entry]
            if left:
                self._by_run[run_id] = left
            else:
                del self._by_run[run_id]
        call, stop_watching = entry
        stop_watching()
        return call


def _core_manager() -> CallbackManager | None:
    """Return core's callback manager of the synchronous call that starts; None in async calls.

    It is freed when the call ends. Core passes no other object with this lifetime to handlers. None
    too if other code has started the call: it may keep no manager.
    """
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001  # see above
    for _ in range(CORE_DEPTH):
        if frame is None:
            return None
        if frame.f_code.co_name == "on_chat_model_start":
            manager = frame.f_locals.get("self")
            if isinstance(manager, CallbackManager):
                return manager if _is_kept_by(frame.f_back) else None
        frame = frame.f_back
    return None


def _is_kept_by(caller: FrameType | None) -> bool:
    return caller is not None and caller.f_code.co_name in CORE_CALLERS


def watch_task(callback: Callable[[], None]) -> Callable[[], None]:
    """Call `callback` when the current asyncio task ends; return a function that cancels this.

    Outside a task, `callback` is never called.
    """
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is None:
        return lambda: None

    def on_done(_task: asyncio.Task[Any]) -> None:
        callback()

    def undo() -> None:
        task.remove_done_callback(on_done)

    task.add_done_callback(on_done)
    return undo

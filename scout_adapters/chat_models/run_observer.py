"""Attempts reported to the handlers of a LangChain run: `on_retry`, custom events, our callbacks.

Loads the engine: chat models import this module on their first call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import (
    AsyncCallbackManager,
    BaseCallbackHandler,
    CallbackManager,
    CallbackManagerForLLMRun,
)

from scout_adapters._internal.json_values import Json
from scout_adapters._internal.ordered_worker import drain, drain_briefly
from scout_adapters.chat_models.handler_interests import interests_of
from scout_adapters.chat_models.run_scope import RunManager
from scout_adapters.errors import ScoutError
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.audit_rows import (
    EnvironmentAudit,
    environment_audit,
    is_logged_by_environment,
)
from scout_adapters.llm.engine.observers import (
    AttemptEvent,
    AttemptGuard,
    AttemptObserver,
    Observer,
    StartObserver,
)
from scout_adapters.llm.engine.record import AttemptRecord, Run, run_of, runs_with_attempts

if TYPE_CHECKING:
    from scout_adapters.chat_models.trace_costs import CallTraces

EVENT = "scout.attempt"
"""The name of the custom event that is dispatched for each attempt; its data is the record."""


class RunObserver:
    """Reports every attempt of a call to the handlers of its run."""

    __slots__ = (
        "_end_calls",
        "_ended",
        "_ends",
        "_guards",
        "_is_unreported",
        "_manager",
        "_needs_core",
        "_queued",
        "_run",
        "_starts",
        "_traces",
        "events",
        "off_loop",
    )

    def __init__(  # noqa: PLR0913  # handlers by what they implement
        self,
        manager: RunManager,
        guards: Sequence[AttemptGuard],
        starts: Sequence[StartObserver],
        ends: Sequence[AttemptObserver],
        *,
        needs_core: Sequence[BaseCallbackHandler],
        events: bool,
        traces: CallTraces | None = None,
    ) -> None:
        """Set the handlers, by the callbacks that they implement.

        `guards` may refuse an attempt. `needs_core` still get core's own callbacks after attempts
        were reported. `events`: whether a handler takes custom events. `traces`: of other tools.
        """
        self._manager = manager
        self._run = _run_of(manager)
        self._is_unreported = bool(ends)
        self._needs_core = needs_core
        self._guards, self._starts, self._ends = guards, starts, ends
        self._traces = traces
        self._ended: AttemptRecord | None = None
        self._end_calls = 0
        """Number of handlers that have received the end of the attempt `_ended`."""

        self.events = events
        self.off_loop = False
        self._queued: list[asyncio.Future[Any]] = []

    def on_proposal(self, attempt: Attempt) -> None:
        """Call every guard; if one refuses, end the attempt for those that had admitted it.

        Raises: `BudgetExceeded`, or whatever a handler raises.
        """
        called = 0
        try:
            for guard in self._guards:
                called += 1
                guard.on_scout_attempt_admit(self._run, attempt)
        except BaseException:  # raised again: a refusal, or whatever a handler raises
            self._end(self._guards[:called], attempt.not_sent_record())
            raise

    async def aon_proposal(self, attempt: Attempt) -> None:
        """Async twin of `on_proposal`."""
        called = 0
        try:
            for guard in self._guards:
                called += 1
                await self._aadmit(guard, attempt)
        except BaseException:  # as in `on_proposal`
            self._end(self._guards[:called], attempt.not_sent_record())
            raise

    async def _aadmit(self, guard: Any, attempt: Attempt) -> None:
        """Call a guard: in its worker thread if it has one, and cannot decide without waiting."""
        worker = getattr(guard, "worker", None)
        if worker is None:
            guard.on_scout_attempt_admit(self._run, attempt)
            return
        at_once = getattr(guard, "admit_at_once", None)
        if at_once is None or not at_once(self._run, attempt):
            await worker.run(guard.on_scout_attempt_admit, self._run, attempt)

    async def _arun(self, handler: Any, callback: Any, about: Any) -> None:
        """Run a handler's callback, in the handler's worker thread if it has one."""
        worker = getattr(handler, "worker", None)
        if worker is None:
            callback(self._run, about)
        else:
            await worker.run(callback, self._run, about)

    def on_start(self, attempt: Attempt) -> None:
        """Report an attempt before its request is sent; raise what a handler raises after all."""
        if self._is_unreported:
            self._mark_run_reported()
        if self._starts:
            about, raised = attempt.about, None
            for handler in self._starts:
                try:
                    handler.on_scout_attempt_start(self._run, about)
                except BaseException as error:  # noqa: BLE001  # raised below
                    raised = raised or error
            if raised is not None:
                raise raised

    async def aon_start(self, attempt: Attempt) -> None:
        """Async twin of `on_start`."""
        if self._is_unreported:
            self._mark_run_reported()
        if self._starts:
            about, raised = attempt.about, None
            for handler in self._starts:
                try:
                    if isinstance(raised, Exception | None):
                        await self._arun(handler, handler.on_scout_attempt_start, about)
                    else:  # the call is cancelled: an end follows, so a start is queued before it
                        self._start_for(handler, about)
                except BaseException as error:  # noqa: BLE001  # raised below
                    raised = raised or error
            if raised is not None:
                raise raised

    def _start_for(self, handler: StartObserver, about: Json) -> None:
        worker = getattr(handler, "worker", None)
        if worker is None:
            handler.on_scout_attempt_start(self._run, about)
        else:
            self._queued.append(worker.submit(handler.on_scout_attempt_start, self._run, about))

    def on_end(self, record: AttemptRecord) -> None:
        """Report a finished attempt at once, before a cancellation can interrupt the call.

        What a handler raises is raised after all have been called. If this was interrupted, the
        next call with the same record goes on where it stopped.
        """
        if self._is_unreported:
            self._mark_run_reported()
        if self._traces is not None:
            self._traces.add(self._run, record)
        self._end(self._ends, record)

    def _end(self, handlers: Sequence[AttemptObserver], record: AttemptRecord) -> None:
        """Report an outcome; in async calls, queue it for handlers that block."""
        if record is not self._ended:
            self._ended, self._end_calls = record, 0
        raised = None
        while self._end_calls < len(handlers):
            try:
                if self.off_loop:
                    self._end_for(handlers[self._end_calls], record)
                else:
                    handlers[self._end_calls].on_scout_attempt_end(self._run, record)
            except BaseException as error:  # noqa: BLE001  # raised below
                raised = raised or error
            self._end_calls += 1
        if raised is not None:
            for guard in self._guards:  # what they hold must not outlast Ctrl-C; twice does no harm
                self._end_for(guard, record)
            raise raised

    def _end_for(self, handler: AttemptObserver, record: AttemptRecord) -> None:
        worker = getattr(handler, "worker", None) if self.off_loop else None
        if worker is None:
            handler.on_scout_attempt_end(self._run, record)
            return
        at_once = getattr(handler, "end_at_once", None)
        if at_once is None or not at_once(self._run, record):
            queued = worker.submit(handler.on_scout_attempt_end, self._run, record)
            self._queued.append(queued)

    def _mark_run_reported(self) -> None:
        """Remove handlers from the run that need none of core's further callbacks."""
        self._is_unreported = False
        runs_with_attempts.put(self._run.id.int, None)
        self._manager.handlers = [*self._needs_core]

    def notify(self, events: Sequence[AttemptEvent]) -> None:
        """Dispatch `on_retry` and custom events for finished attempts."""
        manager = self._manager
        run = manager if isinstance(manager, CallbackManagerForLLMRun) else manager.get_sync()
        for event in events:
            if event.retry is not None:
                run.on_retry(event.retry)
            if self.events:
                within = CallbackManager(**_manager_options(run))
                within.on_custom_event(EVENT, event.record.as_dict(), run_id=run.run_id)

    async def anotify(self, events: Sequence[AttemptEvent]) -> None:
        """Async twin of `notify`."""
        if self._queued:
            await drain(self._queued)
        run = self._manager
        if isinstance(run, CallbackManagerForLLMRun):
            self.notify(events)
            return
        for event in events:
            if event.retry is not None:
                await run.on_retry(event.retry)
            if self.events:
                within = AsyncCallbackManager(**_manager_options(run))
                await within.on_custom_event(EVENT, event.record.as_dict(), run_id=run.run_id)

    def on_failure(self, error: ScoutError) -> None:
        """Set the id of the run on the error that ends the call."""
        error.set_run(self._run.id)

    async def astop(self) -> None:
        """Wait up to `CANCELLED_SECONDS` for starts and outcomes of a call that is cancelled."""
        if self._queued:
            await drain_briefly(self._queued)


def _run_of(manager: RunManager) -> Run:
    return run_of(manager.run_id, manager.parent_run_id, manager.tags, manager.metadata)


def _manager_options(run: RunManager) -> dict[str, Any]:
    """Return the constructor arguments of a callback manager whose events belong to a run."""
    return {
        "handlers": run.handlers,
        "inheritable_handlers": run.inheritable_handlers,
        "parent_run_id": run.run_id,
        "tags": run.tags,
        "metadata": run.metadata,
    }


def _environment_observer(manager: RunManager | None) -> EnvironmentAudit | None:
    """Return the observer of a call without handlers; None without SCOUT_AUDIT_PATH."""
    if manager is None:
        return environment_audit()
    return EnvironmentAudit(_run_of(manager)) if is_logged_by_environment() else None


def _call_traces(manager: RunManager) -> CallTraces:
    from scout_adapters.chat_models.trace_costs import call_traces

    return call_traces(manager.handlers)


def build_observer(manager: RunManager | None) -> Observer | None:
    """Return the observer of a call in this run; None if no handler and no audit log needs one."""
    if manager is None or not manager.handlers:
        return _environment_observer(manager)
    none: tuple[Any, ...] = ()
    guards = starts = ends = needs_core = none
    logs = events = is_traced = False
    for handler in manager.handlers:
        of = interests_of(type(handler))  # type: ignore[arg-type]  # classes can be hashed
        if not (of.ends and of.may_skip_core and handler.attempts_suffice):  # type: ignore[attr-defined]  # checked by `may_skip_core`
            needs_core += (handler,)
        if of.ends and handler not in ends:  # a handler may be listed twice
            ends += (handler,)
            logs = logs or of.logs
            if of.starts:
                starts += (handler,)
            if of.guards:
                guards += (handler,)
        events = events or (of.events and not handler.ignore_custom_event)
        is_traced = is_traced or of.is_tracer
    if not logs and (by_environment := environment_audit()):
        starts, ends = (*starts, by_environment), (*ends, by_environment)
    traces = _call_traces(manager) if is_traced else None
    return RunObserver(
        manager, guards, starts, ends, needs_core=needs_core, events=events, traces=traces
    )

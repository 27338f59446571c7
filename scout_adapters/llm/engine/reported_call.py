"""What a call reports of its attempts to its observer, on an event loop or without one."""

from __future__ import annotations

from tenacity import RetryCallState

from scout_adapters._internal.clock import Clock
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.attempt_log import log_attempt, log_failover
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.claims import Claims
from scout_adapters.llm.engine.observers import AttemptEvent, Observer
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.llm.types import Wire


class ReportedCall:
    """Keeps the records and claims of a call, and notifies its observer of each attempt."""

    clock: Clock

    def __init__(self, observer: Observer | None) -> None:
        self.records: tuple[AttemptRecord, ...] = ()
        self.candidate: Candidate | None = None
        self.wire: Wire | None = None
        """The wire of the current attempt; None before the first, and for a function."""

        self._observer = observer
        self._events: tuple[AttemptEvent, ...] = ()
        self._held = Claims()

    def notify(self) -> None:
        """Run callbacks for the attempts that have ended since the last call."""
        if self._events and self._observer:
            events, self._events = self._events, ()
            self._observer.notify(events)

    async def anotify(self) -> None:
        """Twin of `notify`; also waits for outcomes that are written off the event loop."""
        if self._observer:
            events, self._events = self._events, ()
            await self._observer.anotify(events)

    def on_attempt_start(self, attempt: Attempt) -> None:
        """Report the start to the observer."""
        self._begin(attempt)
        if self._observer:
            self._observer.on_start(attempt)

    async def aon_attempt_start(self, attempt: Attempt) -> None:
        """Twin of `on_attempt_start`."""
        self._begin(attempt)
        if self._observer:
            await self._observer.aon_start(attempt)

    def _begin(self, attempt: Attempt) -> None:
        if self.candidate is not None:
            log_failover(self.candidate, attempt.candidate)
        self.candidate = attempt.candidate
        spec = attempt.request.prepared.spec
        self.wire = None if spec is None else spec.wire

    def abandon(self, error: BaseException) -> None:
        """Release key and circuit, and abort an open response, when `error` ends the call."""
        self._held.give_back(error, self.clock.now())
        if (response := self._held.open_response) is not None:
            response.abort()

    async def aabandon(self, error: BaseException) -> None:
        """Twin of `abandon`; also waits a moment for outcomes that are written off the loop."""
        self._held.give_back(error, self.clock.now())
        if (response := self._held.open_response) is not None and (end := response.abort()):
            await end
        if self._observer:
            await self._observer.astop()

    def _add_record(self, record: AttemptRecord, retry: RetryCallState | None = None) -> None:
        self.records += (record,)
        log_attempt(record)
        observer = self._observer
        if observer is not None:
            observer.on_end(record)
            if retry is not None or observer.events:
                self._events += (AttemptEvent(record, retry),)

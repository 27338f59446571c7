"""Attempts as rows of the audit log: an intent before the request leaves, an outcome after it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from scout_adapters._internal.json_values import Json
from scout_adapters._internal.ordered_worker import OrderedWorker, drain, drain_briefly
from scout_adapters.audit import AuditLog
from scout_adapters.audit.log import now
from scout_adapters.audit.process_log import get_audit
from scout_adapters.errors import ScoutError
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.record import AttemptRecord, Run, run_of

SHORT = {
    "cost_usd": "cost",
    "input_tokens": "input_t",
    "output_tokens": "output_t",
    "cache_read_tokens": "cache_read_t",
    "cache_write_tokens": "cache_write_t",
    "reasoning_tokens": "reasoning_t",
}
COLUMNS = tuple(SHORT.get(name, name) for name in AttemptRecord._fields)
"""Names of a record's fields in audit rows."""


def row_of(event: str, run: Run) -> Json:
    """Return the fields that every row starts with: time, event, run and user."""
    row = {"time": now(), "event": event, "run_id": run.id}
    if run.parent is not None:
        row["parent_run_id"] = run.parent
    if run.tags:
        row["tags"] = run.tags
    if run.user is not None:
        row["user_id"] = run.user
    return row


class AttemptWriter:
    """Writes an intent and an outcome of every attempt to `audit`."""

    audit: AuditLog

    @property
    def worker(self) -> OrderedWorker:
        """The thread that writes rows of async calls: no write blocks an event loop."""
        return self.audit.worker

    def on_scout_attempt_start(self, run: Run, attempt: Mapping[str, Any]) -> None:
        """Write an intent before the request leaves.

        Raises:
            AuditError: the row cannot be written; the request must not be sent.
        """
        row = {"time": now(), "event": "llm_intent", "run_id": run.id, **attempt}
        self.audit.write(row)

    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """Write the outcome."""
        row = row_of("llm_attempt", run)
        for name, value in zip(COLUMNS, record, strict=True):
            if value is not None:
                row[name] = value
        self.audit.write(row, happened=True)


class EnvironmentAudit(AttemptWriter):
    """Observer that writes every attempt to the log at SCOUT_AUDIT_PATH, also without LangChain."""

    events = False

    def __init__(self, run: Run | None = None) -> None:
        """`run` is the LangChain run of the rows; None for a call outside LangChain: a new id."""
        self._run = run or run_of(uuid4(), None, None, None)
        self.off_loop = False
        self._queued: list[asyncio.Future[None]] = []

    @property
    def audit(self) -> AuditLog:  # type: ignore[override]  # read on each use: it may be replaced
        """The audit log of this process."""
        return get_audit()

    def on_proposal(self, attempt: Attempt) -> None:
        """Allow every attempt."""

    async def aon_proposal(self, attempt: Attempt) -> None:
        """Twin of `on_proposal`."""

    def on_start(self, attempt: Attempt) -> None:
        """Write the intent."""
        self.on_scout_attempt_start(self._run, attempt.about)

    async def aon_start(self, attempt: Attempt) -> None:
        """Twin of `on_start`."""
        await self.worker.run(self.on_scout_attempt_start, self._run, attempt.about)

    def on_end(self, record: AttemptRecord) -> None:
        """Write the outcome."""
        if self.off_loop:
            self._queued += [self.worker.submit(self.on_scout_attempt_end, self._run, record)]
        else:
            self.on_scout_attempt_end(self._run, record)

    def notify(self, events: Sequence[Any]) -> None:
        """Do nothing: the rows are written already."""

    async def anotify(self, events: Sequence[Any]) -> None:  # noqa: ARG002  # an Observer's
        """Wait until the rows are written."""
        if self._queued:
            await drain(self._queued)

    def on_failure(self, error: ScoutError) -> None:
        """Set the run id of the audit rows on the error that ends the call."""
        error.set_run(self._run.id)

    async def astop(self) -> None:
        """Wait briefly until the queued rows of a cancelled call are written."""
        if self._queued:
            await drain_briefly(self._queued)


def is_logged_by_environment() -> bool:
    """Return whether SCOUT_AUDIT_PATH is set."""
    return bool(os.environ.get("SCOUT_AUDIT_PATH"))


def environment_audit() -> EnvironmentAudit | None:
    """Return an observer of a call outside LangChain if SCOUT_AUDIT_PATH is set."""
    return EnvironmentAudit() if is_logged_by_environment() else None

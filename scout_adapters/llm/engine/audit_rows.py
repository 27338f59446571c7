"""Attempts in the audit log: an intent before the first byte leaves, an outcome after."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from scout_adapters._internal.json_values import Json
from scout_adapters.audit import AuditLog
from scout_adapters.audit.log import now
from scout_adapters.audit.process_log import get_audit
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
"""A record's fields, as rows call them."""


def row_of(event: str, run: Run) -> Json:
    """Begin a row: what happened, when, and whose call it was."""
    row = {"time": now(), "event": event, "run_id": run.id}
    if run.parent is not None:
        row["parent_run_id"] = run.parent
    if run.tags:
        row["tags"] = run.tags
    if run.user is not None:
        row["user_id"] = run.user
    return row


class AttemptWriter:
    """Writes every attempt that it hears of to its log."""

    audit: AuditLog

    def on_scout_attempt_start(self, run: Run, attempt: Mapping[str, Any]) -> None:
        """Write that a request is about to leave; if that cannot be written, it must not."""
        row = {"time": now(), "event": "llm_intent", "run_id": run.id, **attempt}
        self.audit.write(row)

    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """Write what came of it."""
        row = row_of("llm_attempt", run)
        for name, value in zip(COLUMNS, record, strict=True):
            if value is not None:
                row[name] = value
        self.audit.write(row, happened=True)


class EnvironmentAudit(AttemptWriter):
    """Writes every attempt of a call to the log at SCOUT_AUDIT_PATH; also without LangChain."""

    events = False

    def __init__(self) -> None:
        self._call = run_of(uuid4(), None, None, None)  # stands for the run where there is none

    @property
    def audit(self) -> AuditLog:  # type: ignore[override]  # whichever it is now
        """The process's log."""
        return get_audit()

    def on_proposal(self, attempt: Attempt) -> None:
        """Nothing is forbidden here."""

    def on_start(self, attempt: Attempt) -> None:
        """Write the intent of a call that is no run."""
        self.on_scout_attempt_start(self._call, attempt.about)

    def on_end(self, record: AttemptRecord) -> None:
        """Write the outcome of a call that is no run."""
        self.on_scout_attempt_end(self._call, record)

    def notify(self, events: Sequence[Any]) -> None:
        """Nobody else listens."""

    async def anotify(self, events: Sequence[Any]) -> None:
        """Nobody else listens."""


def environment_audit() -> EnvironmentAudit | None:
    """Return the log that the environment asks for, if it does."""
    return EnvironmentAudit() if os.environ.get("SCOUT_AUDIT_PATH") else None

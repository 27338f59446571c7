"""Attempts in the audit log: an intent before the first byte leaves, an outcome after."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from scout_adapters.audit import AuditError, AuditLog, get_audit
from scout_adapters.audit.log import begun, warn_of
from scout_adapters.llm.attempt import Attempt
from scout_adapters.llm.record import AttemptRecord, Run, run_of
from scout_adapters.llm.types import Json

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
    row = begun(event)
    row["run_id"] = run.name
    if run.parent is not None:
        row["parent_run_id"] = str(run.parent)
    if run.tags:
        row["tags"] = run.tags
    if run.user is not None:
        row["user_id"] = run.user
    return row


def write_intent(audit: AuditLog, run: Run, attempt: Mapping[str, Any]) -> None:
    """Write that a request is about to leave; if that cannot be written, it must not."""
    row = begun("llm_intent")
    row["run_id"] = run.name
    row.update(attempt)
    audit.write(row)


def write_outcome(audit: AuditLog, run: Run, record: AttemptRecord) -> None:
    """Write what came of an attempt."""
    row = row_of("llm_attempt", run)
    for name, value in zip(COLUMNS, record, strict=True):
        if value is not None:
            row[name] = value
    write_row(audit, row)


def write_row(audit: AuditLog, row: Json) -> None:
    """Write what has happened and cannot be undone.

    The answer is there, and paid for: a log that cannot be written does not take it away, unless
    it was told to raise.
    """
    try:
        audit.write(row)
    except AuditError as error:
        if audit.on_failure == "raise":
            raise
        warn_of(error, row["event"])


class EnvironmentAudit:
    """Writes every attempt of a call to the log at SCOUT_AUDIT_PATH; also without LangChain."""

    events = False

    def __init__(self) -> None:
        self._call = run_of(uuid4(), None, None, None)  # stands for the run where there is none

    def on_scout_attempt_start(self, run: Run, attempt: Mapping[str, Any]) -> None:
        """Write the intent."""
        write_intent(get_audit(), run, attempt)

    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """Write the outcome."""
        write_outcome(get_audit(), run, record)

    def admit(self, attempt: Attempt) -> None:
        """Nothing is forbidden here."""

    def started(self, attempt: Attempt) -> None:
        """Write the intent of a call that is no run."""
        self.on_scout_attempt_start(self._call, attempt.about)

    def ended(self, record: AttemptRecord) -> None:
        """Write the outcome of a call that is no run."""
        self.on_scout_attempt_end(self._call, record)

    def tell(self, news: Sequence[Any]) -> None:
        """Nobody else listens."""

    async def atell(self, news: Sequence[Any]) -> None:
        """Nobody else listens."""


def environment_audit() -> EnvironmentAudit | None:
    """Return the log that the environment asks for, if it does."""
    return EnvironmentAudit() if os.environ.get("SCOUT_AUDIT_PATH") else None

"""Attempts in the audit log: an intent before the first byte leaves, an outcome after."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from scout_adapters.audit import AuditError, AuditLog, get_audit
from scout_adapters.audit.log import warn_of
from scout_adapters.llm.attempt import Attempt
from scout_adapters.llm.record import AttemptRecord, Run
from scout_adapters.llm.types import Json

RENAMED = {
    "cost_usd": "cost",
    "input_tokens": "input_t",
    "output_tokens": "output_t",
    "cache_read_tokens": "cache_read_t",
    "cache_write_tokens": "cache_write_t",
    "reasoning_tokens": "reasoning_t",
}


def about_run(run: Run) -> Json:
    """Say whose call it is, in a row's words."""
    return {
        "run_id": str(run.id),
        "parent_run_id": None if run.parent is None else str(run.parent),
        "tags": run.tags or None,
        "user_id": run.user,
    }


def write_intent(audit: AuditLog, run: Run, attempt: Mapping[str, Any]) -> None:
    """Write that a request is about to leave; if that cannot be written, it must not."""
    audit.log("llm_intent", run_id=str(run.id), **attempt)


def write_outcome(audit: AuditLog, run: Run, record: AttemptRecord) -> None:
    """Write what came of an attempt."""
    fields = {RENAMED.get(name, name): value for name, value in record.as_dict().items()}
    write_row(audit, "llm_attempt", **about_run(run), **fields)


def write_row(audit: AuditLog, event: str, **fields: Any) -> None:
    """Write what has happened and cannot be undone.

    The answer is there, and paid for: a log that cannot be written does not take it away, unless
    it was told to raise.
    """
    try:
        audit.log(event, **fields)
    except AuditError as error:
        if audit.on_failure == "raise":
            raise
        warn_of(error, event)


class EnvironmentAudit:
    """Writes every attempt of a call to the log at SCOUT_AUDIT_PATH; also without LangChain."""

    def __init__(self) -> None:
        self._call = Run(uuid4())  # stands for the run where there is none

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

"""Attempts in the audit log: an intent before the first byte leaves, an outcome after."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from scout_adapters.audit import AuditError, AuditLog, get_audit
from scout_adapters.audit.log import warn_of
from scout_adapters.llm.attempt import Attempt
from scout_adapters.llm.record import AttemptRecord

RENAMED = {"cost_usd": "cost", "input_tokens": "input_t", "output_tokens": "output_t"}


def write_intent(audit: AuditLog, run_id: Any, attempt: Mapping[str, Any]) -> None:
    """Write that a request is about to leave; if that cannot be written, it must not."""
    audit.log("llm_intent", run_id=None if run_id is None else str(run_id), **attempt)


def write_outcome(audit: AuditLog, run_id: Any, record: AttemptRecord) -> None:
    """Write what came of an attempt.

    The answer is there, and paid for: a log that cannot be written does not take it away, unless
    it was told to raise.
    """
    fields = {RENAMED.get(name, name): value for name, value in record.as_dict().items()}
    try:
        audit.log("llm_attempt", run_id=None if run_id is None else str(run_id), **fields)
    except AuditError as error:
        if audit.on_failure == "raise":
            raise
        warn_of(error, "llm_attempt")


class EnvironmentAudit:
    """Writes every attempt of a call to the log at SCOUT_AUDIT_PATH; also without LangChain."""

    def __init__(self) -> None:
        self._call = uuid4()  # stands for the run's id where there is no run

    def on_scout_attempt_start(self, run_id: Any, attempt: Mapping[str, Any]) -> None:
        """Write the intent."""
        write_intent(get_audit(), run_id, attempt)

    def on_scout_attempt_end(self, run_id: Any, record: AttemptRecord) -> None:
        """Write the outcome."""
        write_outcome(get_audit(), run_id, record)

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

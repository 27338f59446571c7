"""The callback handler that writes attempts, other models' calls, chains and tools to the log."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from uuid import UUID

import orjson
from langchain_core.messages import AIMessage, BaseMessage, messages_to_dict
from typing_extensions import override

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters.audit import AuditLog
from scout_adapters.audit.log import OnFailure
from scout_adapters.audit.process_log import get_audit
from scout_adapters.callbacks.open_calls import OtherModelCall
from scout_adapters.callbacks.other_models import (
    record_of_answer,
    record_of_failure,
    record_without_answer,
)
from scout_adapters.callbacks.run_handler import RunHandler, is_cached
from scout_adapters.llm.engine.audit_rows import AttemptWriter, row_of
from scout_adapters.llm.engine.record import NOT_SENT, Run, run_of

Redactor = Callable[[str], str]
"""Function from the JSON text of messages to the text to log."""

CACHED = "from LangChain's cache"


class ScoutAuditCallbackHandler(AttemptWriter, RunHandler):
    """Writes every attempt to the audit log: an intent before it is sent, an outcome after.

        handler = ScoutAuditCallbackHandler("audit.jsonl", tools=True)
        model.invoke("Hello", config={"callbacks": [handler]})

    A call of another LangChain model is logged in the same two rows. Cancelled calls are logged
    too; those of other models when their task ends.

    Raises: `AuditError` before a request whose intent cannot be written, unless `on_failure` is
    "warn"; the request is not sent.
    """

    writes_attempts = True
    """Whether this handler's log replaces the one at SCOUT_AUDIT_PATH."""

    def __init__(
        self,
        audit: AuditLog | str | Path | None = None,
        *,
        on_failure: OnFailure | None = None,
        chains: bool = False,
        tools: bool = False,
        prompts: Redactor | None = None,
    ) -> None:
        """Log to `audit` or to the file at this path; by default to the process's log.

        `on_failure` is "raise" or "warn", for a row that cannot be written; None keeps the log's
        own setting. `chains` and `tools` also log runs of chains and tools, by name. `prompts` also
        logs messages, as this function returns them: your redactor, or `str` for the full text.
        Messages are not logged by default.
        """
        super().__init__(needs_messages=prompts is not None)
        self.audit = (
            audit if isinstance(audit, AuditLog) else get_audit(audit, on_failure=on_failure)
        )
        self._logs_kind = {"chain": chains, "tool": tools}
        self._prompts = prompts
        self._started: BoundedDict[UUID, tuple[Run, str, float]] = BoundedDict()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self.audit.path)!r}>"

    @property
    def raise_error(self) -> bool:  # type: ignore[override]  # core only reads it
        """Whether core re-raises an error of this handler about another model's call."""
        return self.audit.on_failure != "warn"

    @override
    def _on_messages(self, event: str, run_id: UUID, messages: Sequence[BaseMessage]) -> None:
        if self._prompts is not None:
            text = orjson.dumps(messages_to_dict(messages), default=str).decode()
            self.audit.log(event, run_id=str(run_id), text=self._prompts(text))

    @override
    def _other_model_started(self, call: OtherModelCall) -> None:
        about = {"number": 1, "provider": call.provider, "model": call.model}
        self.on_scout_attempt_start(call.run, about)

    @override
    def _other_model_ended(
        self, call: OtherModelCall | None, run_id: UUID, answers: Sequence[AIMessage]
    ) -> None:
        run = call.run if call else run_of(run_id, None, None, None)
        for answer in answers:
            record = record_of_answer(call, answer)
            if is_cached(answer):  # no request was sent, of whichever model
                record = record._replace(cost_usd=0.0, cost_source=None, reason=CACHED, price=None)
            self.on_scout_attempt_end(run, record)

    @override
    def _other_model_failed(
        self,
        call: OtherModelCall | None,
        run_id: UUID,
        error: BaseException,
        answers: Sequence[AIMessage],
    ) -> None:
        if call is None:
            self.audit.log("llm_error", run_id=str(run_id), reason=type(error).__name__)
            return
        self.on_scout_attempt_end(call.run, record_of_failure(call, error, answers))

    @override
    def _other_model_cancelled(self, call: OtherModelCall) -> None:
        self.on_scout_attempt_end(call.run, record_without_answer(call, "cancelled"))

    @override
    def _other_model_refused(self, call: OtherModelCall) -> None:
        self.on_scout_attempt_end(call.run, record_without_answer(call, NOT_SENT, "no"))

    @override
    def _on_run_start(self, kind: str, run: Run, name: str) -> None:
        if self._logs_kind[kind]:
            self._started.put(run.id, (run, name, monotonic()))

    @override
    def _on_run_end(self, kind: str, run_id: UUID, error: BaseException | None) -> None:
        entry = self._started.pop(run_id, None)
        if entry is None:
            return
        run, name, since = entry
        outcome = "ok" if error is None else type(error).__name__
        if isinstance(error, CancelledError):
            outcome = "cancelled"
        latency = round(monotonic() - since, 6)
        row = row_of(f"{kind}_run", run)
        row.update(name=name, outcome=outcome, latency_s=latency)
        self.audit.write(row, happened=True)

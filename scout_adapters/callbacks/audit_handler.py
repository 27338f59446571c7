"""The audit log of every attempt, and of the calls, chains and tools of everybody else."""

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
from scout_adapters.callbacks.other_models import record_of_answer, record_of_failure
from scout_adapters.callbacks.run_handler import OtherModelCall, RunHandler, is_cached
from scout_adapters.llm.engine.audit_rows import AttemptWriter, row_of
from scout_adapters.llm.engine.record import Run, run_of

Redactor = Callable[[str], str]

CACHED = "from LangChain's cache"


class ScoutAuditCallbackHandler(AttemptWriter, RunHandler):
    """Writes every attempt to the audit log: an intent before it leaves, an outcome after.

    Ours tell it of attempts; of any other LangChain model it logs the calls in the same two rows.
    Calls that are cancelled are logged as well: of other models when their task has ended.
    """

    writes_attempts = True
    """The log that SCOUT_AUDIT_PATH names is not written to besides."""

    def __init__(
        self,
        audit: AuditLog | str | Path | None = None,
        *,
        on_failure: OnFailure | None = None,
        chains: bool = False,
        tools: bool = False,
        prompts: Redactor | None = None,
    ) -> None:
        """Log to `audit`, to the file at that path, or to the process's log.

        `on_failure` is what becomes of a row that cannot be written, as for `get_audit`. `chains`
        and `tools` log what else runs, by name. `prompts` logs what was asked and answered, as the
        JSON text that this function makes of it: your redactor, or `str` to leave it as it is.
        """
        super().__init__(hears_texts=prompts is not None)
        self.audit = (
            audit if isinstance(audit, AuditLog) else get_audit(audit, on_failure=on_failure)
        )
        self._wanted = {"chain": chains, "tool": tools}
        self._prompts = prompts
        self._begun: BoundedDict[UUID, tuple[Run, str, float]] = BoundedDict()

    @property
    def raise_error(self) -> bool:  # type: ignore[override]  # core only reads it
        """Whether core stops a call of another model that cannot be logged, as ours stop."""
        return self.audit.on_failure != "warn"

    @override
    def _said(self, event: str, run_id: UUID, messages: Sequence[BaseMessage]) -> None:
        if self._prompts is not None:
            text = orjson.dumps(messages_to_dict(messages), default=str).decode()
            self.audit.log(event, run_id=str(run_id), text=self._prompts(text))

    @override
    def _foreign_started(self, call: OtherModelCall) -> None:
        about = {"number": 1, "provider": call.provider, "model": call.model}
        self.on_scout_attempt_start(call.run, about)

    @override
    def _foreign_ended(
        self, call: OtherModelCall | None, run_id: UUID, answers: Sequence[AIMessage]
    ) -> None:
        run = call.run if call else run_of(run_id, None, None, None)
        for answer in answers:
            record = record_of_answer(call, answer)
            if is_cached(answer):  # nobody was asked, whichever model it is
                record = record._replace(cost_usd=0.0, cost_source=None, reason=CACHED, price=None)
            self.on_scout_attempt_end(run, record)

    @override
    def _foreign_failed(
        self,
        call: OtherModelCall | None,
        run_id: UUID,
        error: BaseException,
        answers: Sequence[AIMessage],
    ) -> None:
        if call is None:
            self.audit.log("llm_error", run_id=str(run_id), reason=type(error).__name__)
            return
        said = [answer for answer in answers if answer.usage_metadata or answer.content]
        outcome = type(error).__name__
        record = (
            record_of_answer(call, said[0], outcome)
            if said
            else record_of_failure(call, outcome, error)
        )
        self.on_scout_attempt_end(call.run, record)

    @override
    def _foreign_cancelled(self, call: OtherModelCall) -> None:
        self.on_scout_attempt_end(call.run, record_of_failure(call, "cancelled"))

    @override
    def _entered(self, kind: str, run: Run, name: str) -> None:
        if self._wanted[kind]:
            self._begun.put(run.id, (run, name, monotonic()))

    @override
    def _left(self, kind: str, run_id: UUID, error: BaseException | None) -> None:
        begun = self._begun.pop(run_id, None)
        if begun is None:
            return
        run, name, since = begun
        outcome = "ok" if error is None else type(error).__name__
        if isinstance(error, CancelledError):
            outcome = "cancelled"
        took = round(monotonic() - since, 6)
        row = row_of(f"{kind}_run", run)
        row.update(name=name, outcome=outcome, latency_s=took)
        self.audit.write(row, happened=True)

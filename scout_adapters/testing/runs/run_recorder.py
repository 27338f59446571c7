"""Record the attempts of every LangChain chat model in the process, whoever calls it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING
from unittest.mock import patch
from uuid import UUID

from langchain_core.messages import AIMessage
from langchain_core.tracers.context import register_configure_hook
from typing_extensions import override

from scout_adapters.callbacks.other_models import (
    has_usage,
    record_of_answer,
    record_of_failure,
    record_without_answer,
)
from scout_adapters.callbacks.run_handler import RunHandler, is_cached

if TYPE_CHECKING:
    from scout_adapters.callbacks.open_calls import OtherModelCall
    from scout_adapters.llm.engine.record import AttemptRecord, Run
    from scout_adapters.testing.runs.recorded_run import RecordedRun

VARIABLE = "SCOUT_RECORDS_RUNS"
"""Set while a run is recorded: core then adds a recorder to every run, in every thread."""


class RunRecorder(RunHandler):
    """Adds attempts to the run that was recorded when this handler was made."""

    def __init__(self) -> None:
        super().__init__()
        self._run = _recorded[-1] if _recorded else None

    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """Add an attempt of one of our models."""
        self._add(run.id, [record])

    def _add(self, run_id: UUID, records: Sequence[AttemptRecord]) -> None:
        if self._run is not None:
            self._run.add(run_id, records)

    @override
    def _other_model_ended(
        self, call: OtherModelCall | None, run_id: UUID, answers: Sequence[AIMessage]
    ) -> None:
        fresh = [answer for answer in answers if not is_cached(answer)]
        records = [record_of_answer(call, answer) for answer in fresh if call or has_usage(answer)]
        self._add(run_id, records)

    @override
    def _other_model_failed(
        self,
        call: OtherModelCall | None,
        run_id: UUID,
        error: BaseException,
        answers: Sequence[AIMessage],
    ) -> None:
        if call is not None:
            self._add(run_id, [record_of_failure(call, error, answers)])

    @override
    def _other_model_cancelled(self, call: OtherModelCall) -> None:
        self._add(call.run.id, [record_without_answer(call, "cancelled")])


_recorded: list[RecordedRun] = []
_slot: ContextVar[RunRecorder | None] = ContextVar("scout_run_recorder", default=None)
register_configure_hook(_slot, inheritable=True, handle_class=RunRecorder, env_var=VARIABLE)


@contextmanager
def recording(run: RecordedRun) -> Iterator[None]:
    """Record into `run` until the end; threads that outlive it still add to it."""
    with patch.dict(os.environ, {VARIABLE: "true"}):
        _recorded.append(run)
        try:
            yield
        finally:
            _recorded.remove(run)

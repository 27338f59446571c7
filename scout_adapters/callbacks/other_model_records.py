"""Base of handlers that count a call of another LangChain model as a call with one attempt."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from uuid import UUID

from langchain_core.messages import AIMessage
from typing_extensions import override

from scout_adapters.callbacks.open_calls import OtherModelCall
from scout_adapters.callbacks.other_models import record_of_answer, record_of_failure
from scout_adapters.callbacks.run_handler import RunHandler, is_cached
from scout_adapters.llm.engine.record import AttemptRecord


class OtherModelRecords(RunHandler):
    """Passes the outcome of another LangChain model's call to `_add_other`, as one attempt."""

    @abstractmethod
    def _add_other(self, run_id: UUID, record: AttemptRecord) -> None:
        """Add the record of a call's only attempt, if the call is known."""

    @override
    def _other_model_ended(
        self, call: OtherModelCall | None, run_id: UUID, answers: Sequence[AIMessage]
    ) -> None:
        for answer in answers:
            if call is not None and not is_cached(answer):
                self._add_other(run_id, record_of_answer(call, answer))

    @override
    def _other_model_failed(
        self,
        call: OtherModelCall | None,
        run_id: UUID,
        error: BaseException,
        answers: Sequence[AIMessage],
    ) -> None:
        if call is not None:
            self._add_other(run_id, record_of_failure(call, error, answers))

"""The callback handler that feeds LiteLLM's loggers with calls of LangChain's chat models."""

from __future__ import annotations

import time
from asyncio import CancelledError
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import LLMResult
from litellm.integrations.custom_logger import CustomLogger
from typing_extensions import override

from scout_adapters._internal.ordered_worker import OrderedWorker
from scout_adapters.callbacks.awaited_callback import in_loop
from scout_adapters.callbacks.calls_by_run import CallsByRun
from scout_adapters.callbacks.open_calls import MAX_NAME, OtherModelCall, watch_task
from scout_adapters.callbacks.other_model_records import OtherModelRecords
from scout_adapters.callbacks.run_handler import answers_in, is_ours
from scout_adapters.errors.option_values import shown_value
from scout_adapters.litellm.logged_call import LoggedCall
from scout_adapters.litellm.logger_delivery import LoggerDelivery
from scout_adapters.llm.engine.record import AttemptRecord, Run, run_of


class LiteLLMLoggerHandler(OtherModelRecords):
    """Feeds loggers of LiteLLM (Datadog, S3, a `CustomLogger` of yours) with our calls.

        handler = LiteLLMLoggerHandler(DataDogLogger())
        model.invoke("Hello", config={"callbacks": [handler]})

    Each call is one `StandardLoggingPayload`: the model that answered, tokens, our cost of all
    attempts, times, status and error, tags and metadata; its attempts are
    `metadata["requester_metadata"]["scout_attempts"]`. Synchronous calls go to
    `log_success_event` and `log_failure_event`, in a thread; asynchronous ones to their twins
    `async_log_...`, in tasks of the event loop; a logger with one of the two gets all calls by it.
    A logger that fails is reported in one line, and the call goes on.
    """

    def __init__(
        self,
        *loggers: CustomLogger,
        content: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`content=False` leaves out the texts of messages, as `turn_off_message_logging` does.

        `clock` returns seconds since 1970.
        """
        super().__init__(needs_call_ends=True)
        self._delivery = LoggerDelivery(loggers, has_content=content)
        self._clock = clock
        self._calls = CallsByRun[LoggedCall]()

    @property
    @override
    def worker(self) -> OrderedWorker:
        """The thread that calls the loggers of synchronous calls."""
        return self._delivery.worker

    def flush(self) -> None:
        """Wait until the loggers have received all synchronous calls."""
        self._delivery.wait()

    async def aflush(self) -> None:
        """Wait as `flush` does, and for calls of this event loop: await it before the loop ends."""
        await self._delivery.await_all()

    @override
    def _on_chat_model_start(
        self, _serialized: Any, messages: list[list[BaseMessage]], **event: Any
    ) -> None:
        run_id: UUID = event["run_id"]
        metadata = event.get("metadata") or {}
        run = run_of(run_id, event.get("parent_run_id"), event.get("tags"), metadata)
        call = LoggedCall(
            run,
            trace_id=str(self.outermost(run)),
            requested=_name(metadata.get("ls_model_name")),
            provider=_name(metadata.get("ls_provider")),
            messages=messages[0],
            options=event.get("invocation_params") or {},
            metadata=metadata,
            started=self._clock(),
        )
        self._calls.add(run_id, call)
        if is_ours(event):
            call.stop_watching = watch_task(partial(self._cancelled, run_id, call))
        else:  # of other models, the base class watches the task
            super()._on_chat_model_start(_serialized, messages, **event)

    @override
    async def _aon_chat_model_start(
        self, _serialized: Any, messages: list[list[BaseMessage]], **event: Any
    ) -> None:
        self._on_chat_model_start(_serialized, messages, **event)

    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """Add an attempt to its call; requests for embeddings are no calls of a chat model."""
        if (call := self._calls.find(run.id)) is not None:
            call.attempts.append(record)
            if record.outcome == "cancelled":  # core does not report the end of a cancelled call
                self._cancelled(run.id, call)

    @override
    def _on_llm_end(self, response: LLMResult, *, run_id: UUID, **_: Any) -> None:
        super()._on_llm_end(response, run_id=run_id)
        self._end_call(run_id, answer=_answer(response))

    @override
    async def _aon_llm_end(self, response: LLMResult, *, run_id: UUID, **_: Any) -> None:
        super()._on_llm_end(response, run_id=run_id)
        self._end_call(run_id, answer=_answer(response), is_async=True)

    @override
    def _on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        super()._on_llm_error(error, run_id=run_id, **kwargs)
        self._end_call(run_id, error=error)

    @override
    async def _aon_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        super()._on_llm_error(error, run_id=run_id, **kwargs)
        self._end_call(run_id, error=error, is_async=True)

    def _end_call(
        self,
        run_id: UUID,
        call: LoggedCall | None = None,
        *,
        answer: AIMessage | None = None,
        error: BaseException | None = None,
        is_async: bool = False,
    ) -> None:
        """End a call, and have the loggers called; a call ends once."""
        call = call or self._calls.find(run_id)
        if call is None or not self._calls.remove(run_id, call):
            return
        if call.stop_watching is not None:
            call.stop_watching()
        call.answer, call.error = answer, error
        call.ended, call.is_async = self._clock(), is_async
        self._delivery.deliver(call)

    def _cancelled(self, run_id: UUID, call: LoggedCall | None = None) -> None:
        self._end_call(run_id, call, error=CancelledError(), is_async=in_loop())

    @override
    def on_scout_call_raised(self, run_id: UUID, error: BaseException) -> None:
        """End a call that raised because a handler did in a callback of its start or end."""
        if (call := self._calls.find_own(run_id)) is not None:
            self._end_call(run_id, call, error=error, is_async=in_loop())

    @override
    def _add_other(self, run_id: UUID, record: AttemptRecord) -> None:
        if (call := self._calls.find(run_id)) is not None:
            call.attempts.append(record)

    @override
    def _other_model_cancelled(self, call: OtherModelCall) -> None:
        self._cancelled(call.run.id)

    @override
    def _other_model_refused(self, call: OtherModelCall) -> None:
        if (logged := self._calls.find(call.run.id)) is not None:
            self._calls.remove(call.run.id, logged)


def _name(value: Any) -> str:
    return shown_value(value, MAX_NAME, str) if value is not None else ""


def _answer(response: LLMResult) -> AIMessage:
    """Return the first answer; an empty one for a call without any."""
    return next(iter(answers_in(response)), AIMessage(""))

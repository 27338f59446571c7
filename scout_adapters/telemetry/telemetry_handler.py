"""The callback handler that reports calls and attempts to OpenTelemetry."""

from __future__ import annotations

import time
from asyncio import CancelledError
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import LLMResult
from opentelemetry.metrics import MeterProvider, get_meter_provider
from opentelemetry.trace import SpanKind, TracerProvider, get_tracer
from typing_extensions import override

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.json_values import Json
from scout_adapters._internal.logs import logger_of
from scout_adapters.callbacks.calls_by_run import CallsByRun
from scout_adapters.callbacks.open_calls import OtherModelCall, watch_task
from scout_adapters.callbacks.other_model_records import OtherModelRecords
from scout_adapters.callbacks.other_models import (
    record_without_answer,
)
from scout_adapters.callbacks.run_handler import answers_in, is_cached, is_ours
from scout_adapters.errors.option_values import shown_value
from scout_adapters.llm.engine.record import AttemptRecord, Run
from scout_adapters.telemetry import semantic_conventions as names
from scout_adapters.telemetry.call_span import (
    CANCELLED,
    CallSpan,
    end_attempt_span,
    usage_attributes,
    without_none,
)
from scout_adapters.telemetry.instruments import CHAT, EMBEDDINGS, CallInstruments
from scout_adapters.telemetry.message_content import messages_json
from scout_adapters.telemetry.registry_gauges import observe_registry

logger = logger_of(__name__)

SCOPE = "scout_adapters"
Redactor = Callable[[str], str]
"""Function from the JSON text of messages to the text to record."""

USER_NAMES = ("user_id", "user")
CONVERSATION_NAMES = ("thread_id", "session_id", "conversation_id")


class ScoutTelemetryCallbackHandler(OtherModelRecords):
    """Reports every call as a span with a child for each attempt, and records metrics.

        telemetry = ScoutTelemetryCallbackHandler()
        model.invoke("Hello", config={"callbacks": [telemetry]})

    The call's span is a child of the current span. Names follow OpenTelemetry's conventions for
    generative AI; a retry, a key rotation and a failover are events of the span. Calls of other
    LangChain models have a span without attempts. Use one handler for all calls.

    Messages are not recorded by default, and keys only by their fingerprint.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        content: Redactor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Report to these providers, by default to OpenTelemetry's global ones.

        `content` also records messages, as this function returns their JSON text: your redactor,
        or `str` for the full text. `clock` returns seconds.
        """
        super().__init__(needs_call_ends=True)
        self._tracer = get_tracer(SCOPE, tracer_provider=tracer_provider)
        meter = (meter_provider or get_meter_provider()).get_meter(SCOPE)
        self._instruments = CallInstruments(meter)
        observe_registry(meter)
        self._content = content
        self._clock = clock
        self._calls = CallsByRun[CallSpan]()
        self._alone: BoundedDict[tuple[UUID, int], Any] = BoundedDict()
        """Spans of attempts without a call: requests for embeddings."""

    @override
    def _on_chat_model_start(
        self, _serialized: Any, messages: list[list[BaseMessage]], **event: Any
    ) -> None:
        run_id: UUID = event["run_id"]
        request = request_attributes(event) | self._text(names.INPUT_MESSAGES, messages[0])
        call = CallSpan(self._tracer, request, self._clock())
        self._calls.add(run_id, call)
        if is_ours(event):  # of other models, the base class watches the task
            call.stop_watching = watch_task(partial(self._end, run_id, call, {}, CANCELLED))
        else:
            super()._on_chat_model_start(_serialized, messages, **event)

    def _text(
        self, name: str, messages: Sequence[BaseMessage], reason: str | None = None
    ) -> dict[str, str]:
        """Return the attribute `name` with the text of messages; {} if texts are not recorded."""
        if self._content is None:
            return {}
        try:
            return {name: self._content(messages_json(messages, reason))}
        except Exception as error:  # noqa: BLE001  # a redactor of the user's; no text without it
            logger.warning("messages are not recorded: %r", error)
            return {}

    def on_scout_attempt_start(self, run: Run, attempt: Mapping[str, Any]) -> None:
        """Open the span of an attempt."""
        if (call := self._calls.find(run.id)) is None:
            name = f"{EMBEDDINGS} {attempt['model']}"
            span = self._tracer.start_span(name, kind=SpanKind.CLIENT)
            self._alone.put((run.id, attempt["number"]), span)
            return
        switch = call.start_attempt(attempt)
        if switch is not None and call.sent is not None:
            self._instruments.record_switch(switch, call.sent)

    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """End the span of an attempt, and record its tokens and cost."""
        if (call := self._calls.find(run.id)) is None:
            self._end_alone(run, record)
            return
        if call.end_attempt(record):
            self._instruments.record_attempt(record)
        if record.outcome == CANCELLED:  # core does not report the end of a cancelled call
            self._end_call(run.id, {}, CANCELLED)

    def _end_alone(self, run: Run, record: AttemptRecord) -> None:
        if (span := self._alone.pop((run.id, record.number), None)) is None:
            return
        span.set_attributes(
            {
                names.OPERATION: EMBEDDINGS,
                names.PROVIDER: names.provider_name(record.provider),
                names.REQUEST_MODEL: record.model,
                **usage_attributes(record),
                **without_none({names.COST: record.cost_usd}),
            }
        )
        end_attempt_span(span, record)
        self._instruments.record_attempt(record, EMBEDDINGS)

    @override
    def _on_llm_end(self, response: LLMResult, *, run_id: UUID, **_: Any) -> None:
        super()._on_llm_end(response, run_id=run_id)
        answers = answers_in(response)
        self._end_call(run_id, self._answer_attributes(answers[0]) if answers else {}, None)

    @override
    def _on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        super()._on_llm_error(error, run_id=run_id, **kwargs)
        self._end_call(run_id, {}, _error_type(error))

    def _answer_attributes(self, answer: AIMessage) -> Json:
        metadata = answer.response_metadata
        reason = metadata.get("finish_reason") or metadata.get("stop_reason")
        attributes: Json = {names.FINISH_REASONS: [str(reason)]} if reason else {}
        if model := metadata.get("model_name"):
            attributes[names.RESPONSE_MODEL] = model
        if answer.id and not answer.id.startswith("lc_"):
            attributes[names.RESPONSE_ID] = answer.id
        if is_cached(answer):
            attributes[names.CACHED] = True
        return attributes | self._text(names.OUTPUT_MESSAGES, [answer], str(reason or "stop"))

    @override
    def on_scout_call_raised(self, run_id: UUID, error: BaseException) -> None:
        """End the call's span if a handler raised in a callback of the call's start or end."""
        if (call := self._calls.find_own(run_id)) is not None:
            self._end(run_id, call, {}, _error_type(error))

    def _end_call(self, run_id: UUID, answer: Json, error_type: str | None) -> None:
        if (call := self._calls.find(run_id)) is not None:
            self._end(run_id, call, answer, error_type)

    def _end(self, run_id: UUID, call: CallSpan, answer: Json, error_type: str | None) -> None:
        if call.is_open:
            call.end(answer, error_type)
            self._instruments.record_call(self._clock() - call.started, call.labels(error_type))
        self._calls.remove(run_id, call)  # last: an interrupted end is repeated

    @override
    def _add_other(self, run_id: UUID, record: AttemptRecord) -> None:
        """Add the outcome of another model's call, whose attempts are not reported."""
        if (call := self._calls.find(run_id)) is not None:
            call.add(record)
            self._instruments.record_attempt(record)

    @override
    def _other_model_cancelled(self, call: OtherModelCall) -> None:
        self._add_other(call.run.id, record_without_answer(call, CANCELLED))
        self._end_call(call.run.id, {}, CANCELLED)

    @override
    def _other_model_refused(self, call: OtherModelCall) -> None:
        self._end_call(call.run.id, {}, "not_sent")


def request_attributes(event: Mapping[str, Any]) -> Json:
    """Return the span attributes of a request, from LangChain's event of its start."""
    metadata = event.get("metadata") or {}
    options = event.get("invocation_params") or {}
    options = {**(options.get("extra") or {}), **options}  # body fields of our models
    attributes: Json = {
        names.OPERATION: CHAT,
        names.PROVIDER: names.provider_name(_name(metadata.get("ls_provider")) or "unknown"),
        names.REQUEST_MODEL: _name(metadata.get("ls_model_name")),
        names.CONVERSATION: _first_name(metadata, CONVERSATION_NAMES),
        names.USER: _first_name(metadata, USER_NAMES),
    }
    attributes |= {name: metadata.get(field) for field, name in names.RUN_FIELDS.items()}
    attributes |= {name: options.get(field) for field, name in names.CALL_FIELDS.items()}
    return without_none(attributes)


def _error_type(error: BaseException) -> str:
    left = isinstance(error, GeneratorExit | CancelledError)
    return CANCELLED if left else type(error).__name__


def _first_name(metadata: Mapping[str, Any], fields: Sequence[str]) -> str | None:
    return next(filter(None, (_name(metadata.get(field)) for field in fields)), None)


def _name(value: Any) -> str | None:
    """Return a value of any type from a request as one printable line; None stays None."""
    return None if value is None else shown_value(value, 300, str)

"""The span of one model call, with a child for each attempt and an event for each switch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.engine.record import UNSENT, AttemptRecord, total_cost
from scout_adapters.telemetry import semantic_conventions as names

CANCELLED = "cancelled"
LABELS = (names.OPERATION, names.PROVIDER, names.REQUEST_MODEL)
"""Attributes of a request that are labels of its duration."""

NO_ERRORS = frozenset({"ok", CANCELLED, "not_sent"})
"""Outcomes of attempts whose span has no error."""


class CallSpan:
    """A span that is open until the call ends; only its children are for single attempts.

    The answer's tokens and the cost of all attempts are on the call's span alone, so that tools
    which add up spans count them once.
    """

    __slots__ = (
        "_last",
        "_open",
        "_requested",
        "_sent",
        "_tracer",
        "is_open",
        "span",
        "started",
        "stop_watching",
    )

    def __init__(self, tracer: Tracer, request: Json, started: float) -> None:
        """Start the span of a call with the attributes of its request.

        `started` is in seconds of the handler's clock.
        """
        name = f"{request[names.OPERATION]} {request.get(names.REQUEST_MODEL, '')}".strip()
        self._tracer = tracer
        self.span = tracer.start_span(name, kind=SpanKind.CLIENT, attributes=request)
        self._requested = {label: request[label] for label in LABELS if label in request}
        self.started, self.is_open = started, True
        self.stop_watching: Callable[[], None] | None = None
        """Called at the end of the call: stops watching the call's task. None if not watched."""

        self._open: dict[int, Span] = {}
        self._sent: list[AttemptRecord] = []
        self._last: AttemptRecord | None = None
        """The last attempt that has ended, sent or not."""

    @property
    def sent(self) -> AttemptRecord | None:
        """The last attempt whose request was sent."""
        return self._sent[-1] if self._sent else None

    def start_attempt(self, about: Mapping[str, Any]) -> str | None:
        """Open the span of an attempt; return the kind of switch, or None for the first one."""
        switch = self._switch(about)
        attributes = {
            names.ATTEMPT: about["number"],
            names.ATTEMPT_PROVIDER: about["provider"],
            names.ATTEMPT_MODEL: about["model"],
        }
        if about.get("key_id"):
            attributes[names.KEY] = about["key_id"]
        self._open[about["number"]] = self._tracer.start_span(
            f"attempt {about['provider']}/{about['model']}",
            context=set_span_in_context(self.span),
            kind=SpanKind.CLIENT,
            attributes=attributes,
        )
        return switch

    def _switch(self, about: Mapping[str, Any]) -> str | None:
        """Add the event of a switch to the span; return its kind, or None for a first attempt."""
        before = self.sent
        if before is None:
            return None
        if (before.provider, before.model) != (about["provider"], about["model"]):
            kind = "failover"
        else:
            kind = "retry" if before.key_id == about.get("key_id") else "key_rotation"
        event = {
            names.OUTCOME: before.outcome,
            "scout.switch.from": _place(before.provider, before.model, before.key_id),
            "scout.switch.to": _place(about["provider"], about["model"], about.get("key_id")),
        }
        self.span.add_event(f"scout.{kind}", event)
        return kind

    def end_attempt(self, record: AttemptRecord) -> bool:
        """End the span of an attempt; return whether it was sent and is reported the first time."""
        if record is self._last:
            return False
        span = self._open.pop(record.number, None)
        if span is None or record.outcome in UNSENT:
            self._last = record
            self._end_unsent(span, record)
            return False
        self.add(record)
        end_attempt_span(span, record)
        return True

    def _end_unsent(self, span: Span | None, record: AttemptRecord) -> None:
        if span is not None:
            end_attempt_span(span, record)
            return
        event = {names.OUTCOME: record.outcome, **without_none({names.REASON: record.reason})}
        event["scout.candidate"] = _place(record.provider, record.model, record.key_id)
        self.span.add_event(f"scout.{record.outcome}", event)

    def add(self, record: AttemptRecord) -> None:
        """Add an attempt that has no span: the call of another LangChain model."""
        self._last = record
        self._sent.append(record)

    def end(self, answer: Json, error_type: str | None) -> None:
        """End the call's span with the attributes of its answer."""
        if self.stop_watching is not None:
            self.stop_watching()
        for span in self._open.values():  # its end was not reported: the task is gone
            span.end()
        self._open.clear()
        self.span.set_attributes({**self._outcome(), **answer})
        if error_type is not None:
            self.span.set_attribute(names.ERROR_TYPE, error_type)
            if error_type != CANCELLED:
                self.span.set_status(Status(StatusCode.ERROR))
        self.span.end()
        self.is_open = False

    def labels(self, error_type: str | None) -> Json:
        """Return the labels of the duration metric, from the last attempt or else the request."""
        labels = {**self._requested, names.ERROR_TYPE: error_type}
        if (record := self.sent) is not None:
            labels[names.PROVIDER] = names.provider_name(record.provider)
            labels[names.REQUEST_MODEL] = record.model
        return without_none(labels)

    def _outcome(self) -> Json:
        """Return the provider and model that answered or were tried last, with tokens and cost."""
        if (record := self.sent) is None:
            return {}
        attributes: Json = {
            names.PROVIDER: names.provider_name(record.provider),
            names.RESPONSE_MODEL: record.model,
            names.REQUEST_STREAM: True if record.first_token_s is not None else None,
            names.FIRST_CHUNK: record.first_token_s,
            names.COST: total_cost(self._sent),
            names.ATTEMPTS: len(self._sent),
            names.KEY: record.key_id,
            **usage_attributes(record),
        }
        return without_none(attributes)


def usage_attributes(record: AttemptRecord) -> Json:
    """Return the tokens of an attempt, by the conventions' names."""
    return without_none(
        {
            names.INPUT_TOKENS: record.input_tokens,
            names.OUTPUT_TOKENS: record.output_tokens,
            names.CACHE_READ_TOKENS: record.cache_read_tokens,
            names.CACHE_WRITE_TOKENS: record.cache_write_tokens,
            names.REASONING_TOKENS: record.reasoning_tokens,
        }
    )


def end_attempt_span(span: Span, record: AttemptRecord) -> None:
    """End the span of an attempt with its outcome."""
    attributes = {
        names.OUTCOME: record.outcome,
        names.REASON: record.reason,
        names.STATUS_CODE: record.status,
        names.WAITED: record.waited_s or None,
        names.RETRY_AFTER: record.retry_after,
        names.ATTEMPT_COST: record.cost_usd,
    }
    span.set_attributes(without_none(attributes))
    if record.outcome not in NO_ERRORS:
        span.set_attribute(names.ERROR_TYPE, record.outcome)
        span.set_status(Status(StatusCode.ERROR))
    span.end()


def without_none(attributes: Json) -> Json:
    """Return the attributes that have a value."""
    return {name: value for name, value in attributes.items() if value is not None}


def _place(provider: str, model: str, key_id: str | None) -> str:
    return f"{provider}/{model}" + (f" key {key_id}" if key_id else "")

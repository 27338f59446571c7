"""The answering model and the cost of a call in the traces of other tools.

LangChain reports tokens to every tracer, but no cost, and for a stream no answering model. Each
tool has a documented field for both; the functions here set it on the run of that tool:

* LangSmith: `usage_metadata.total_cost` of the run's metadata,
  https://docs.langchain.com/langsmith/cost-tracking
* Langfuse: `model` and `cost_details` of the generation,
  https://langfuse.com/docs/observability/features/token-and-cost-tracking
* OpenInference: `llm.cost.total`,
  https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
* OpenLLMetry: `gen_ai.response.model`, `gen_ai.provider.name` and, as the conventions have no cost,
  `gen_ai.usage.cost`, which OpenTelemetry backends read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from typing_extensions import override

from scout_adapters._internal.json_values import Json
from scout_adapters._internal.logs import logger_of
from scout_adapters.llm.engine.record import UNSENT, AttemptRecord, Run, total_cost

logger = logger_of(__name__)

Annotate = Callable[[Any, UUID, AttemptRecord, float | None], None]
"""Function that sets an attempt's model and the call's cost in US dollars on a tracer's run."""


class CallTraces:
    """The tracers of one call, which receive its model and cost after each attempt."""

    __slots__ = ("_sent", "_tracers")

    def __init__(self, tracers: Sequence[tuple[Any, Annotate]]) -> None:
        self._tracers = tracers
        self._sent: list[AttemptRecord] = []

    def add(self, run: Run, record: AttemptRecord) -> None:
        """Add an attempt that was sent, once; a tracer that fails does not fail the call."""
        if record.outcome in UNSENT or (self._sent and record is self._sent[-1]):
            return
        self._sent.append(record)
        cost = total_cost(self._sent)
        for tracer, annotate in self._tracers:
            try:
                annotate(tracer, run.id, record, cost)
            except Exception as error:  # noqa: BLE001  # another release of the tool; logged
                logger.warning("no cost in the trace of %s: %r", type(tracer).__name__, error)


class PricedMetadata(dict[str, Any]):
    """Metadata of a LangSmith run: `usage_metadata` also contains the cost, whoever sets it.

    LangChain's tracer sets it from the message, whose own `usage_metadata` must contain integers
    only: chunks of a stream could not be added otherwise.
    """

    cost_usd: float | None = None

    @override
    def __setitem__(self, name: str, value: Any) -> None:
        if name == "usage_metadata" and self.cost_usd is not None:
            value = {**value, "total_cost": self.cost_usd}
        super().__setitem__(name, value)


def _to_langsmith(tracer: Any, run_id: UUID, record: AttemptRecord, cost: float | None) -> None:
    if (run := tracer.run_map.get(str(run_id))) is None:
        return
    metadata = run.extra.get("metadata")
    if not isinstance(metadata, PricedMetadata):
        metadata = run.extra["metadata"] = PricedMetadata(metadata or {})
    metadata.cost_usd = cost
    if record.outcome != "ok" and cost is not None:
        metadata["usage_metadata"] = _usage_of(record)  # the tracer sets none for a failed run


def _usage_of(record: AttemptRecord) -> Json:
    """Return the tokens of an attempt in the form of LangChain's `usage_metadata`."""
    if record.input_tokens is None or record.output_tokens is None:
        return {}
    return {
        "input_tokens": record.input_tokens,
        "output_tokens": record.output_tokens,
        "total_tokens": record.input_tokens + record.output_tokens,
    }


def _to_langfuse(tracer: Any, run_id: UUID, record: AttemptRecord, cost: float | None) -> None:
    # It has no public way to the generation of a run that is not the current one of the context.
    if (generation := tracer._runs.get(run_id)) is not None:  # noqa: SLF001  # see above
        costs = None if cost is None else {"total": cost}
        generation.update(model=record.model, cost_details=costs)


def _to_openinference(tracer: Any, run_id: UUID, record: AttemptRecord, cost: float | None) -> None:
    attributes = {
        "llm.cost.total": cost,
        # It reads no writes that Anthropic counts by lifetime.
        "llm.token_count.prompt_details.cache_write": record.cache_write_tokens or None,
    }
    _set_attributes(tracer.get_span(run_id), attributes)


def _to_openllmetry(tracer: Any, run_id: UUID, record: AttemptRecord, cost: float | None) -> None:
    attributes = {
        "gen_ai.provider.name": record.provider,
        "gen_ai.response.model": record.model,
        "gen_ai.usage.cost": cost,
        "gen_ai.usage.cache_write.input_tokens": record.cache_write_tokens or None,  # as above
        "gen_ai.usage.reasoning_tokens": record.reasoning_tokens,
    }
    holder = tracer.spans.get(run_id)
    _set_attributes(holder and holder.span, attributes)


def _set_attributes(span: Any, attributes: Json) -> None:
    """Set the attributes that are known on an OpenTelemetry span; None stands for no span."""
    if span is not None:
        for name, value in attributes.items():
            if value is not None:
                span.set_attribute(name, value)


TRACERS: Mapping[tuple[str, str], Annotate] = {
    ("langchain_core.tracers.langchain", "LangChainTracer"): _to_langsmith,
    ("langfuse.langchain.CallbackHandler", "LangchainCallbackHandler"): _to_langfuse,
    ("openinference.instrumentation.langchain._tracer", "OpenInferenceTracer"): _to_openinference,
    (
        "opentelemetry.instrumentation.langchain.callback_handler",
        "TraceloopCallbackHandler",
    ): _to_openllmetry,
}
"""By module and name of the tracer's class, so that no tool is imported to recognise it."""


def annotate_of(handler: type) -> Annotate | None:
    """Return the `Annotate` function for a handler class; None if it is not a known tracer."""
    names = ((kind.__module__, kind.__name__) for kind in handler.__mro__)
    return next((TRACERS[name] for name in names if name in TRACERS), None)


def call_traces(handlers: Sequence[Any]) -> CallTraces:
    """Return a `CallTraces` of the tracers among a call's handlers; empty without tracers."""
    pairs = [(handler, annotate_of(type(handler))) for handler in handlers]
    return CallTraces([(tracer, annotate) for tracer, annotate in pairs if annotate is not None])

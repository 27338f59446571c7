"""Tracers of other tools, each with its own package, and what their back ends receive."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from langchain_core.tracers import LangChainTracer
from langfuse import Langfuse
from langfuse.langchain import CallbackHandler
from langsmith import Client
from openinference.instrumentation.langchain import LangChainInstrumentor as OpenInference
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.langchain.callback_handler import TraceloopCallbackHandler
from opentelemetry.metrics import NoOpMeter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from scout_adapters.testing import Emulator, Exchange
from tests.system.reconciliation.plan import bill_of
from tests.telemetry.ingestion import Ingestion

Json = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """What a tool shows of one model call."""

    model: str
    input_tokens: int
    output_tokens: int
    cache_read: int
    cache_write: int
    reasoning: int
    cost_usd: float | None


@contextmanager
def langsmith(ingestion: Ingestion) -> Iterator[list[Any]]:
    """Yield the handlers of a call that LangSmith traces."""
    client = Client(api_url=ingestion.url, api_key="ls", auto_batch_tracing=False, info={})
    yield [LangChainTracer(client=client, project_name="test")]
    client.close()


def shown_by_langsmith(ingestion: Ingestion) -> list[Shown]:
    """Return the calls with their cost by https://docs.langchain.com/langsmith/cost-tracking."""
    runs = sorted(
        (run for run in ingestion.runs.values() if "ls_provider" in run["extra"]["metadata"]),
        key=lambda run: run["dotted_order"],
    )
    return [
        _of_run(run["extra"]["metadata"]) for run in runs if "usage_metadata" in str(run["extra"])
    ]


def _of_run(metadata: Json) -> Shown:
    usage = metadata["usage_metadata"]
    read, written, reasoning = _details(usage)
    return Shown(
        metadata["ls_model_name"],
        usage["input_tokens"],
        usage["output_tokens"],
        read,
        written,
        reasoning,
        usage.get("total_cost"),
    )


def _details(usage: Json) -> tuple[int, int, int]:
    inputs, outputs = usage.get("input_token_details", {}), usage.get("output_token_details", {})
    written = sum(inputs.get(kind, 0) for kind in ("cache_creation", *EPHEMERAL))
    return inputs.get("cache_read", 0), written, outputs.get("reasoning", 0)


EPHEMERAL = ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")


@contextmanager
def langfuse(
    ingestion: Ingestion,
    provider: TracerProvider | None = None,
    is_exported: Callable[[Any], bool] | None = None,
) -> Iterator[list[Any]]:
    """Yield the handlers of a call that Langfuse traces, at a tracer provider of its own."""
    client = Langfuse(
        public_key=ingestion.url,  # a client of its own: they are remembered by this key
        secret_key="sk",
        base_url=ingestion.url,
        tracer_provider=provider or TracerProvider(),
        should_export_span=is_exported,
    )
    yield [CallbackHandler(public_key=ingestion.url)]
    client.flush()
    client.shutdown()


def shown_by_langfuse(ingestion: Ingestion) -> list[Shown]:
    """Return the generations with their `cost_details`."""
    of_models = [span for span in ingestion.spans if "langfuse.observation.usage_details" in span]
    return list(map(_of_generation, of_models))


def _of_generation(span: Json) -> Shown:
    """Return a generation; Langfuse counts each token in one kind only."""
    usage = json.loads(span["langfuse.observation.usage_details"])
    costs = json.loads(span.get("langfuse.observation.cost_details", "{}"))
    read = usage.get("input_cache_read", usage.get("cache_read_input_tokens", 0))
    written = usage.get("input_cache_creation", usage.get("cache_creation_input_tokens", 0))
    reasoning = usage.get("output_reasoning", 0)
    return Shown(
        span["langfuse.observation.model.name"],
        usage["input"] + read + written,
        usage["output"] + reasoning,
        read,
        written,
        reasoning,
        costs.get("total"),
    )


@contextmanager
def _exporting(ingestion: Ingestion) -> Iterator[TracerProvider]:
    provider = TracerProvider()
    exporter = OTLPSpanExporter(endpoint=f"{ingestion.url}/v1/traces")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider
    provider.shutdown()


@contextmanager
def openinference(ingestion: Ingestion) -> Iterator[list[Any]]:
    """Instrument LangChain by OpenInference (Arize Phoenix), which adds a handler to each call."""
    with _exporting(ingestion) as provider:
        OpenInference().instrument(tracer_provider=provider)
        try:
            yield []
        finally:
            OpenInference().uninstrument()


def shown_by_openinference(ingestion: Ingestion) -> list[Shown]:
    """Return the LLM spans."""
    spans = [span for span in ingestion.spans if span.get("openinference.span.kind") == "LLM"]
    names = (
        "llm.model_name",
        "llm.token_count.prompt",
        "llm.token_count.completion",
        "llm.token_count.prompt_details.cache_read",
        "llm.token_count.prompt_details.cache_write",
        "llm.token_count.completion_details.reasoning",
        "llm.cost.total",
    )
    return _of_spans(spans, names)


def _of_spans(spans: Iterable[Json], names: Sequence[str]) -> list[Shown]:
    """Return the spans with tokens, by the attributes' names in the order of `Shown`."""
    model, input_tokens, output_tokens, *details, cost = names
    return [
        Shown(
            span[model],
            span[input_tokens],
            span[output_tokens],
            *(span.get(name, 0) for name in details),
            span.get(cost),
        )
        for span in spans
        if input_tokens in span
    ]


@contextmanager
def openllmetry(ingestion: Ingestion) -> Iterator[list[Any]]:
    """Yield the handler that OpenLLMetry (Traceloop) adds to each call.

    Its instrumentor also changes classes of LangGraph and `langchain`, and does not restore them.
    """
    meter = NoOpMeter("test")
    histograms = meter.create_histogram("duration"), meter.create_histogram("tokens")
    with _exporting(ingestion) as provider:
        yield [TraceloopCallbackHandler(provider.get_tracer("openllmetry"), *histograms)]


def shown_by_openllmetry(ingestion: Ingestion) -> list[Shown]:
    """Return the spans of model calls."""
    names = (
        "gen_ai.response.model",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.cost",
    )
    return _of_spans(ingestion.spans, names)


Tool = tuple[Callable[[Ingestion], Any], Callable[[Ingestion], list[Shown]]]
TOOLS: dict[str, Tool] = {
    "LangSmith": (langsmith, shown_by_langsmith),
    "Langfuse": (langfuse, shown_by_langfuse),
    "OpenInference": (openinference, shown_by_openinference),
    "OpenLLMetry": (openllmetry, shown_by_openllmetry),
}


def billed(emulator: Emulator) -> list[Shown]:
    """Return what a tool must show: the emulator's own count and bill of each answer."""
    return [_shown(exchange) for exchange in emulator.log if exchange.billed]


def _shown(exchange: Exchange) -> Shown:
    return Shown(
        exchange.model,
        exchange.input_tokens,
        exchange.output_tokens,
        exchange.spent.cached.read,
        exchange.spent.cached.written,
        exchange.spent.reasoning,
        float(Decimal(bill_of(exchange)).scaleb(-9)),
    )

"""The emulator's prices, and OpenTelemetry's SDK with everything kept in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from scout_adapters.telemetry import ScoutTelemetryCallbackHandler
from tests.system.reconciliation.plan import set_prices


@pytest.fixture(autouse=True)
def prices() -> None:
    """The prices of the emulator's bill."""
    set_prices()


ANY: Mapping[str, str] = {}


@dataclass
class Telemetry:
    """What a handler reports to OpenTelemetry's SDK."""

    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader
    tracers: TracerProvider
    meters: MeterProvider

    handlers: list[ScoutTelemetryCallbackHandler] = field(default_factory=list)

    def handler(self, **options: Any) -> ScoutTelemetryCallbackHandler:
        handler = ScoutTelemetryCallbackHandler(
            tracer_provider=self.tracers, meter_provider=self.meters, **options
        )
        self.handlers.append(handler)
        return handler

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    @property
    def calls(self) -> list[ReadableSpan]:
        """The spans of calls, without those of attempts and of the test."""
        return [span for span in self.spans if span.name.startswith("chat")]

    @property
    def attempts(self) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name.startswith("attempt")]

    @property
    def metrics(self) -> dict[str, Any]:
        """Metrics by name."""
        data = self.reader.get_metrics_data()
        resources = data.resource_metrics if data is not None else ()
        scopes = [scope for resource in resources for scope in resource.scope_metrics]
        metrics = [metric for scope in scopes for metric in scope.metrics]
        by_name = {metric.name: metric for metric in metrics}
        assert len(by_name) == len(metrics)
        return by_name

    def points(self, name: str, labels: Mapping[str, str] = ANY) -> list[Any]:
        """Return the points of a metric whose labels contain these."""
        metric = self.metrics.get(name)
        points = metric.data.data_points if metric is not None else ()
        return [point for point in points if labels.items() <= dict(point.attributes).items()]

    def total(self, name: str, labels: Mapping[str, str] = ANY) -> float:
        """Return the sum of a metric over all points with these labels."""
        points = self.points(name, labels)
        return sum(point.sum if hasattr(point, "sum") else point.value for point in points)


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers, meters = TracerProvider(), MeterProvider([reader])
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    yield (telemetry := Telemetry(exporter, reader, tracers, meters))
    for handler in telemetry.handlers:  # however a call ended, nothing of it is left
        assert not handler._calls
        assert not handler._alone
    meters.shutdown()
    tracers.shutdown()

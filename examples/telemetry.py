"""A call as OpenTelemetry shows it: its span, its attempts and its metrics; runs offline.

Needs the SDK beside the extra: pip install "scout-adapters[otel]" opentelemetry-sdk
"""

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from scout_adapters import ScoutRouterChatModel, ScoutTelemetryCallbackHandler
from scout_adapters.testing import Emulator, Overloaded

tracers = TracerProvider()  # a program sets the global providers instead, once
tracers.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))  # prints each span as JSON
reader = InMemoryMetricReader()
telemetry = ScoutTelemetryCallbackHandler(
    tracer_provider=tracers, meter_provider=MeterProvider([reader])
)

emulator = Emulator()
emulator.script("anthropic", [Overloaded()])
network = {"api_key": "key", "transport": emulator.transport()}
model = ScoutRouterChatModel(
    models=[
        {"model": "anthropic/claude-haiku-4-5", **network},
        {"model": "openai/gpt-4.1-mini", **network},
    ],
    max_retries=0,
)
with tracers.get_tracer("my.app").start_as_current_span("my work"):  # the call's span is its child
    model.invoke("What is a span?", {"callbacks": [telemetry]})

for resource in reader.get_metrics_data().resource_metrics:
    for metric in resource.scope_metrics[0].metrics:
        for point in metric.data.data_points:
            value = getattr(point, "value", None) or getattr(point, "sum", 0)
            print(f"{metric.name:50} {value:<12g} {dict(point.attributes)}")

"""Metrics of calls, keys and circuits, and the conventions that names and units follow."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.messages import HumanMessage, SystemMessage
from opentelemetry.metrics import NoOpMeter
from opentelemetry.semconv._incubating.attributes import (
    gen_ai_attributes,
    http_attributes,
    user_attributes,
)
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.semconv.attributes import error_attributes

from scout_adapters import ScoutBudgetCallbackHandler, ScoutOpenAIChatModel
from scout_adapters.errors import BudgetExceeded, ScoutError
from scout_adapters.llm.health.circuit_breaker import FAILURE_THRESHOLD
from scout_adapters.telemetry import semantic_conventions
from scout_adapters.testing import CutMidStream, Overloaded, RateLimited, Revoked
from tests.support.verbs import VERBS, call_model
from tests.support.warm_process import WarmProcess
from tests.system.reconciliation.plan import LORE, MODELS, bill_of
from tests.telemetry.routes import route

OURS = ("scout.", "gen_ai.usage.cost")
"""Names that are not OpenTelemetry's."""


def constants(*modules: Any) -> set[str]:
    """Return the names that OpenTelemetry's package has for attributes."""
    return {
        value
        for module in modules
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }


async def play(emulator: Any, telemetry: Any) -> None:
    """Make calls of every verb: with failover, a broken stream, and reads of a cache."""
    handler = telemetry.handler()
    emulator.script("anthropic", [Revoked(), RateLimited(seconds=900)])
    model = route(emulator, "anthropic", "openai", reasoning_effort="low", seed=1, max_tokens=500)
    for verb in VERBS:
        prompt = [SystemMessage(LORE), HumanMessage("Hi")]
        about = {"thread_id": "t", "user_id": "u"}
        await call_model(model, verb, prompt, {"callbacks": [handler], "metadata": about})
    emulator.script("openai", [CutMidStream(after=9)])
    with pytest.raises(ScoutError):
        await call_model(model, "stream", "Hi", {"callbacks": [handler]})


async def test_the_metrics_add_up_to_the_emulators_bill(emulator, telemetry) -> None:
    await play(emulator, telemetry)
    *whole, _ = [exchange for exchange in emulator.log if exchange.billed]
    broken = telemetry.calls[-1].attributes
    cost = sum(map(bill_of, whole)) / 1e9 + broken["gen_ai.usage.cost"]
    assert telemetry.total("scout.client.cost") == pytest.approx(cost, abs=1e-12)
    for kind in ("input", "output"):
        counted = telemetry.total("gen_ai.client.token.usage", {"gen_ai.token.type": kind})
        expected = sum(getattr(exchange, f"{kind}_tokens") for exchange in whole)
        assert counted == expected + broken[f"gen_ai.usage.{kind}_tokens"]
    read = sum(exchange.spent.cached.read for exchange in whole)
    assert read
    assert telemetry.total("scout.client.token.kinds", {"scout.token.kind": "cache_read"}) == read
    assert telemetry.total("scout.client.attempts") == len(emulator.log)
    assert telemetry.total("scout.client.attempts", {"scout.attempt.outcome": "ok"}) == len(whole)
    (duration,) = telemetry.points(
        "gen_ai.client.operation.duration", {"error.type": "StreamInterrupted"}
    )
    assert duration.count == 1
    first_tokens = telemetry.points("gen_ai.client.operation.time_to_first_chunk")
    assert sum(point.count for point in first_tokens) == 3  # two whole streams and a broken one


def test_a_call_without_an_attempt_is_counted_at_its_provider(emulator, telemetry) -> None:
    handler, budget = telemetry.handler(), ScoutBudgetCallbackHandler(0.000001)
    model = ScoutOpenAIChatModel(
        model=MODELS["openai"], api_key="k", transport=emulator.transport(), cache=InMemoryCache()
    )
    for _ in range(2):
        model.invoke("Hi", {"callbacks": [handler]})
    with pytest.raises(BudgetExceeded):
        model.invoke("Another", {"callbacks": [handler, budget]})
    assert len(emulator.log) == 1
    labels = {"gen_ai.provider.name": "openai", "gen_ai.request.model": MODELS["openai"]}
    points = telemetry.points("gen_ai.client.operation.duration", labels)
    assert sum(point.count for point in points) == 3


async def test_names_units_and_buckets_are_those_of_the_conventions(emulator, telemetry) -> None:
    await play(emulator, telemetry)
    known = constants(gen_ai_attributes, http_attributes, user_attributes, error_attributes)
    shown = {name for span in telemetry.spans for name in span.attributes}
    shown |= {
        name
        for metric in telemetry.metrics.values()
        for point in metric.data.data_points
        for name in point.attributes
    }
    assert {name for name in shown if not name.startswith(OURS)} <= known
    required = {"gen_ai.operation.name", "gen_ai.provider.name"}
    assert all(required <= span.attributes.keys() for span in telemetry.calls)
    for create in (
        gen_ai_metrics.create_gen_ai_client_operation_duration,
        gen_ai_metrics.create_gen_ai_client_operation_time_to_first_chunk,
        gen_ai_metrics.create_gen_ai_client_token_usage,
    ):
        meter = Recorded("test")
        create(meter)
        metric = telemetry.metrics[meter.name]
        assert metric.unit == meter.unit
    assert telemetry.points("gen_ai.client.token.usage")[0].explicit_bounds[:3] == (1, 4, 16)


class Recorded(NoOpMeter):
    """Records the histogram that a function of OpenTelemetry's package creates."""

    name = unit = ""

    def create_histogram(self, name: str, unit: str = "", *rest: Any, **options: Any) -> Any:
        self.name, self.unit = name, unit
        return super().create_histogram(name, unit, *rest, **options)


def test_provider_names_are_those_of_the_conventions() -> None:
    known = {each.value for each in gen_ai_attributes.GenAiProviderNameValues}
    renamed = set(semantic_conventions.PROVIDER_NAMES.values())
    # The package calls it `azure.ai.openai`, as the conventions do.
    assert renamed <= known
    same = {"openai", "anthropic", "groq", "deepseek", "perplexity"}
    assert {semantic_conventions.provider_name(name) for name in same} <= known


def test_gauges_show_keys_by_state_and_open_circuits(emulator, telemetry) -> None:
    config = {"callbacks": [telemetry.handler()]}
    emulator.script("anthropic", [RateLimited(seconds=900), Revoked()])
    with pytest.raises(ScoutError):
        route(emulator, "anthropic", max_retries=0).invoke("Hi", config)
    states = {
        dict(point.attributes)["scout.key.state"]: point.value
        for point in telemetry.points("scout.keys", {"gen_ai.provider.name": "anthropic"})
    }
    assert states == {"ready": 0, "resting": 1, "quarantined": 1}
    assert telemetry.total("scout.circuits.open") == 0
    emulator.script("openai", [Overloaded()] * FAILURE_THRESHOLD)
    for _ in range(FAILURE_THRESHOLD):
        with pytest.raises(ScoutError):
            route(emulator, "openai", max_retries=0).invoke("Hi", config)
    assert telemetry.total("scout.circuits.open", {"gen_ai.provider.name": "openai"}) == 1


def test_two_handlers_of_one_provider_observe_keys_once(emulator, telemetry) -> None:
    handlers = [telemetry.handler(), telemetry.handler()]
    route(emulator, "openai").invoke("Hi", {"callbacks": handlers[:1]})
    points = telemetry.points("scout.keys", {"gen_ai.provider.name": "openai"})
    assert sum(point.value for point in points) == 2


PLAIN_CALL = """
import sys
from scout_adapters import init_scout_model
from scout_adapters.testing import Emulator
transport = Emulator().transport()
init_scout_model("openai/gpt-5-mini", api_key="k", transport=transport).invoke("Hi")
ours = [name for name in sys.modules if name.startswith("scout_adapters")]
print([name for name in ours if "telemetry" in name or "trace_costs" in name])

sys.modules.update({"opentelemetry.metrics": None, "opentelemetry.trace": None})  # not installed
from scout_adapters.errors import ConfigurationError
try:
    from scout_adapters import ScoutTelemetryCallbackHandler
except ConfigurationError as error:
    print(error)
"""


def test_a_call_without_the_handler_loads_no_telemetry_and_needs_no_extra(
    bare: WarmProcess,
) -> None:
    *_, loaded, missing = bare.output(PLAIN_CALL).splitlines()
    assert loaded == "[]"
    assert missing == 'opentelemetry is missing: pip install "scout-adapters[otel]"'

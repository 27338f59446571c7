"""LangSmith, Langfuse, OpenInference and OpenLLMetry show who answered, the tokens and our cost.

Each tool's own package sends to a stand-in of its ingestion endpoint, and what it sends is compared
with the emulator's bill.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.messages import HumanMessage, SystemMessage
from langfuse.langchain import CallbackHandler
from langfuse.span_filter import is_default_export_span
from opentelemetry.sdk.trace import TracerProvider

from scout_adapters import ScoutTelemetryCallbackHandler
from scout_adapters.chat_models.handler_interests import TRACER_CLASSES
from scout_adapters.chat_models.trace_costs import TRACERS
from scout_adapters.errors import StreamInterrupted
from scout_adapters.testing import CutMidStream, Revoked
from tests.support.verbs import VERBS, call_model
from tests.support.weather import get_weather
from tests.system.reconciliation.plan import LORE, MODELS
from tests.telemetry.ingestion import Ingestion, ingesting
from tests.telemetry.routes import route
from tests.telemetry.tools import TOOLS, billed, langfuse


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    with ingesting() as served:
        yield served


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("tool", TOOLS)
async def test_a_call_after_failover_has_the_answering_model_tokens_and_cost(
    tool, verb, emulator, ingestion
) -> None:
    emulator.script("anthropic", [Revoked()] * 2)  # for both keys
    model = route(emulator, "anthropic", "openai", reasoning_effort="low")
    traced, shown = TOOLS[tool]
    with traced(ingestion) as handlers:
        for _ in range(2):  # the second one reads the prompt from the provider's cache
            await call_model(
                model, verb, [SystemMessage(LORE), HumanMessage("Hi")], {"callbacks": handlers}
            )
    expected = billed(emulator)
    assert shown(ingestion) == expected
    assert [row.model for row in expected] == [MODELS["openai"]] * 2
    assert expected[1].cache_read
    assert expected[0].reasoning


@pytest.mark.parametrize("verb", ["invoke", "astream"])
@pytest.mark.parametrize("tool", TOOLS)
async def test_cache_writes_and_reads_are_counted_and_priced(
    tool, verb, emulator, ingestion
) -> None:
    marked = {"type": "text", "text": LORE * 3, "cache_control": {"type": "ephemeral"}}
    prompt = [SystemMessage([marked]), HumanMessage("Hi")]
    model, (traced, shown) = route(emulator, "anthropic"), TOOLS[tool]
    with traced(ingestion) as handlers:
        for _ in range(2):
            await call_model(model, verb, prompt, {"callbacks": handlers})
    first, second = expected = billed(emulator)
    assert shown(ingestion) == expected
    assert first.cache_write
    assert second.cache_read == first.cache_write


@pytest.mark.parametrize("verb", ["invoke", "astream"])
@pytest.mark.parametrize("tool", TOOLS)
async def test_the_calls_of_an_agent_are_each_counted_once(tool, verb, emulator, ingestion) -> None:
    emulator.script("anthropic", [Revoked()] * 2)  # for both keys
    agent = create_agent(route(emulator, "anthropic", "openai"), [get_weather])
    question = {"messages": [("user", "What is the weather in Paris?")]}
    traced, shown = TOOLS[tool]
    with traced(ingestion) as handlers:
        await call_model(agent, verb, question, {"callbacks": handlers})
    expected = billed(emulator)
    assert len(expected) == 2
    assert shown(ingestion) == expected


async def test_usage_metadata_of_messages_stays_a_count(emulator, ingestion) -> None:
    """A cost in it would break the chunks of a stream, and core's own handler."""
    counter = UsageMetadataCallbackHandler()
    model, (traced, _) = route(emulator, "openai"), TOOLS["LangSmith"]
    with traced(ingestion) as handlers:
        for verb in VERBS:
            answer = await call_model(model, verb, "Hi", {"callbacks": [*handlers, counter]})
            assert "total_cost" not in answer.usage_metadata
    assert sum(usage["total_tokens"] for usage in counter.usage_metadata.values()) == sum(
        exchange.input_tokens + exchange.output_tokens for exchange in emulator.log
    )


@pytest.mark.parametrize("tool", ["LangSmith", "OpenInference", "OpenLLMetry"])
def test_a_broken_stream_shows_what_its_part_cost(tool, emulator, ingestion) -> None:
    emulator.script("openai", [CutMidStream(after=9)])
    model, (traced, _) = route(emulator, "openai"), TOOLS[tool]
    with traced(ingestion) as handlers, pytest.raises(StreamInterrupted) as caught:
        list(model.stream("Hi", {"callbacks": handlers}))
    cost = caught.value.attempts[-1]["cost_usd"]
    assert cost > 0
    sent = [*ingestion.spans, *(run["extra"]["metadata"] for run in ingestion.runs.values())]
    assert str(cost) in str(sent)


def test_the_classes_that_load_the_module_are_those_that_it_has() -> None:
    assert {name for _, name in TRACERS} == TRACER_CLASSES


def test_llm_output_names_the_model_that_answered(emulator) -> None:
    emulator.script("anthropic", [Revoked()] * 2)  # for both keys
    model = route(emulator, "anthropic", "openai")
    results: list[Any] = []

    class Collector(UsageMetadataCallbackHandler):
        def on_llm_end(self, response: Any, **_: Any) -> None:
            results.append(response.llm_output)

    model.invoke("Hi", {"callbacks": [Collector()]})
    assert results == [{"model_name": MODELS["openai"]}]


def test_a_tracer_of_another_release_does_not_fail_the_call(emulator, caplog) -> None:
    class Changed(CallbackHandler):
        def __getattribute__(self, name: str) -> Any:
            if name == "_runs":
                raise AttributeError(name)
            return super().__getattribute__(name)

    answer = route(emulator, "openai").invoke("Hi", {"callbacks": [Changed(public_key="none")]})
    assert answer.text
    assert "no cost in the trace of Changed" in caplog.text


@pytest.mark.parametrize("own_handler", [True, False], ids=["both handlers", "ours alone"])
def test_langfuse_shows_a_call_once(own_handler, emulator, ingestion) -> None:
    """Our spans are left out as docs/telemetry.md says if Langfuse's handler is there too."""

    def is_exported(span: Any) -> bool:
        return is_default_export_span(span) and not (
            own_handler and span.instrumentation_scope.name == "scout_adapters"
        )

    provider = TracerProvider()
    with langfuse(ingestion, provider, is_exported) as theirs:
        ours = ScoutTelemetryCallbackHandler(tracer_provider=provider)
        handlers = [*theirs, ours] if own_handler else [ours]
        route(emulator, "openai").invoke("Hi", {"callbacks": handlers})
    (span,) = ingestion.spans
    cost = "langfuse.observation.cost_details" if own_handler else "gen_ai.usage.cost"
    assert span[cost]

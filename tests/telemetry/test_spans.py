"""Spans of calls and attempts, as OpenTelemetry's SDK exports them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from langchain.agents import create_agent
from langchain_core.exceptions import ModelAPIError
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from opentelemetry.trace import SpanKind, StatusCode

from scout_adapters import ScoutCostCallbackHandler, ScoutEmbeddings
from scout_adapters.errors import ScoutError
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import CutMidStream, Hang, Overloaded, RateLimited, Revoked
from tests.support.other_models import BrokenStream, NeverEnding
from tests.support.verbs import STREAMS, VERBS, call_model
from tests.support.waiting import timeout_when
from tests.support.weather import get_weather
from tests.system.reconciliation.plan import LORE, MODELS, bill_of
from tests.telemetry.routes import route


def config(telemetry: Any, **options: Any) -> dict[str, Any]:
    return {"callbacks": [telemetry.handler(**options)]}


@pytest.mark.parametrize("verb", VERBS)
async def test_a_call_is_one_span_with_a_child_for_each_attempt(verb, emulator, telemetry) -> None:
    emulator.script("anthropic", [Overloaded()] * 2)
    model = route(emulator, "anthropic", "openai", max_retries=0, reasoning_effort="low")
    prompt = [SystemMessage(LORE), HumanMessage("Hi")]
    await call_model(model, verb, prompt, config(telemetry))
    (call,) = telemetry.calls
    *failed, answered = telemetry.attempts
    assert failed
    assert all(span.parent.span_id == call.context.span_id for span in telemetry.attempts)
    assert {span.kind for span in telemetry.spans} == {SpanKind.CLIENT}
    first = f"anthropic/{MODELS['anthropic']}"  # as a route names a model
    assert call.name == f"chat {first}"
    last = emulator.log[-1]
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": first,
        "gen_ai.response.model": MODELS["openai"],
        "gen_ai.usage.input_tokens": last.input_tokens,
        "gen_ai.usage.output_tokens": last.output_tokens,
        "gen_ai.usage.reasoning.output_tokens": last.spent.reasoning,
        "gen_ai.usage.cost": bill_of(last) / 1e9,
        "scout.attempts": len(telemetry.attempts),
    }
    assert expected.items() <= dict(call.attributes).items()
    assert call.attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert call.status.status_code is StatusCode.UNSET
    assert ("gen_ai.response.time_to_first_chunk" in call.attributes) == (verb in STREAMS)
    assert call.attributes.get("gen_ai.request.stream", False) == (verb in STREAMS)
    assert {span.attributes["error.type"] for span in failed} == {"capacity"}
    assert {span.status.status_code for span in failed} == {StatusCode.ERROR}
    assert answered.attributes["scout.attempt.outcome"] == "ok"
    assert "scout.failover" in [event.name for event in call.events]


def test_retries_rotations_and_failovers_are_events(emulator, telemetry) -> None:
    emulator.script("anthropic", [RateLimited(seconds=900), Revoked()])
    route(emulator, "anthropic", "openai").invoke("Hi", config(telemetry))
    (call,) = telemetry.calls
    switches = [event for event in call.events if "scout.switch.to" in event.attributes]
    assert [event.name for event in switches] == ["scout.key_rotation", "scout.failover"]
    assert switches[1].attributes["scout.switch.to"].startswith(f"openai/{MODELS['openai']}")
    assert telemetry.total("scout.client.switches", {"scout.switch.kind": "failover"}) == 1
    assert telemetry.total("scout.client.switches", {"scout.switch.kind": "key_rotation"}) == 1


@pytest.mark.parametrize("verb", VERBS)
async def test_a_call_is_a_child_of_the_current_span(verb, emulator, telemetry) -> None:
    model = route(emulator, "openai")
    tracer = telemetry.tracers.get_tracer("test")
    with tracer.start_as_current_span("mine") as mine:
        await call_model(model, verb, "Hi", config(telemetry))
    (call,) = telemetry.calls
    assert call.parent.span_id == mine.get_span_context().span_id


async def test_threads_and_tasks_of_langchain_keep_the_parent(emulator, telemetry) -> None:
    model, tracer = route(emulator, "openai"), telemetry.tracers.get_tracer("test")
    chain = RunnableLambda(lambda text: text) | model
    with tracer.start_as_current_span("threads") as threads:
        chain.batch(["1", "2", "3"], config(telemetry))
    with tracer.start_as_current_span("tasks") as tasks:
        await chain.abatch(["1", "2", "3"], config(telemetry))
    parents = [span.parent.span_id for span in telemetry.calls]
    expected = [threads.get_span_context().span_id] * 3 + [tasks.get_span_context().span_id] * 3
    assert parents == expected


@pytest.mark.parametrize("verb", VERBS)
async def test_a_failed_call_has_its_error(verb, emulator, telemetry) -> None:
    emulator.script("openai", [Overloaded()] * 9)
    with pytest.raises(ScoutError) as caught:
        await call_model(route(emulator, "openai", max_retries=0), verb, "Hi", config(telemetry))
    (call,) = telemetry.calls
    assert call.status.status_code is StatusCode.ERROR
    assert call.attributes["error.type"] == type(caught.value).__name__
    assert call.attributes["gen_ai.provider.name"] == "openai"
    assert "gen_ai.usage.output_tokens" not in call.attributes


@pytest.mark.parametrize("verb", STREAMS)
async def test_a_broken_stream_has_the_tokens_and_cost_of_its_part(
    verb, emulator, telemetry
) -> None:
    emulator.script("openai", [CutMidStream(after=9)])
    with pytest.raises(ScoutError) as caught:
        await call_model(route(emulator, "openai"), verb, "Hi", config(telemetry))
    (call,), record = telemetry.calls, caught.value.attempts[-1]
    assert call.attributes["error.type"] == "StreamInterrupted"
    assert call.attributes["gen_ai.usage.cost"] == record["cost_usd"]
    assert call.attributes["gen_ai.usage.output_tokens"] == record["output_tokens"]


async def test_a_stream_that_is_left_ends_its_span_without_an_error(emulator, telemetry) -> None:
    model = route(emulator, "openai")
    stream = model.stream("Hi", config(telemetry))
    next(stream)
    stream.close()
    astream = model.astream("Hi", config(telemetry))
    await anext(astream)
    await astream.aclose()
    assert [call.status.status_code for call in telemetry.calls] == [StatusCode.UNSET] * 2
    assert [call.attributes["error.type"] for call in telemetry.calls] == ["cancelled"] * 2
    assert len(telemetry.attempts) == 2


async def test_a_cancelled_call_ends_its_span_though_core_reports_no_end(
    emulator, telemetry
) -> None:
    """The task that calls the model goes on: only the call in it is cancelled."""
    emulator.script("openai", [Hang()])
    with pytest.raises(TimeoutError):
        async with timeout_when(lambda: len(emulator.log)):
            await route(emulator, "openai").ainvoke("Hi", config(telemetry))
    (call,), (attempt,) = telemetry.calls, telemetry.attempts
    assert call.attributes["error.type"] == "cancelled"
    assert attempt.attributes["scout.attempt.outcome"] == "cancelled"
    assert attempt.parent.span_id == call.context.span_id


async def test_a_cancelled_call_of_another_package_ends_its_span(telemetry) -> None:
    model = NeverEnding(messages=iter(()))
    task = asyncio.ensure_future(model.ainvoke("Hi", config(telemetry)))
    await model.reached()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)  # for the task's callbacks
    assert [call.attributes["error.type"] for call in telemetry.calls] == ["cancelled"]


def test_messages_are_recorded_only_if_asked_for(emulator, telemetry) -> None:
    model = route(emulator, "openai")
    model.invoke("a secret question", config(telemetry))
    assert "question" not in str([span.to_json() for span in telemetry.spans])
    model.invoke("a secret question", config(telemetry, content=lambda t: t.replace("secret", "…")))
    attributes = telemetry.calls[-1].attributes
    (question,) = json.loads(attributes["gen_ai.input.messages"])
    (answer,) = json.loads(attributes["gen_ai.output.messages"])
    assert question == {"role": "user", "parts": [{"type": "text", "content": "a … question"}]}
    assert (answer["role"], answer["finish_reason"]) == ("assistant", "stop")
    assert answer["parts"][0]["content"].startswith("This is the emulator")


@pytest.mark.parametrize("odd", ["half \ud83d of a character", {"n": 10**30}])
def test_messages_that_orjson_refuses_are_recorded(emulator, telemetry, odd) -> None:
    call = {"name": "f", "args": {"odd": odd}, "id": "call_1"}
    messages = [
        HumanMessage("Hi"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("1", tool_call_id="call_1"),
    ]
    route(emulator, "openai").invoke(messages, config(telemetry, content=str))
    recorded = json.loads(telemetry.calls[0].attributes["gen_ai.input.messages"])
    assert recorded[1]["parts"][0]["arguments"] == {"odd": odd}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("u" * 1_000_000, "u" * 299 + "…"),
        ("a\x1b[31m\nFORGED", "a\ufffd[31m FORGED"),
        ("\ud800", "\ufffd"),
        (10**30, "1" + "0" * 30),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    ],
)
def test_names_from_requests_are_short_printable_texts(emulator, telemetry, given, shown) -> None:
    about = {"thread_id": given, "user_id": given}
    route(emulator, "openai").invoke("Hi", {**config(telemetry), "metadata": about})
    attributes = telemetry.calls[0].attributes
    assert (attributes["user.id"], attributes["gen_ai.conversation.id"]) == (shown, shown)


def test_a_redactor_that_fails_fails_no_call(emulator, telemetry) -> None:
    def broken(_: str) -> str:
        raise ValueError

    assert route(emulator, "openai").invoke("Hi", config(telemetry, content=broken)).text
    assert "gen_ai.input.messages" not in telemetry.calls[-1].attributes


def test_no_key_is_in_a_span_or_a_metric(emulator, telemetry) -> None:
    emulator.script("anthropic", [Revoked(), RateLimited()])
    route(emulator, "anthropic", "openai").invoke("Hi", config(telemetry, content=str))
    shown = [span.to_json() for span in telemetry.spans]
    assert "-key-" not in str(shown) + str(telemetry.metrics)
    assert telemetry.attempts[0].attributes["scout.key.id"]


def test_options_user_and_conversation_are_attributes(emulator, telemetry) -> None:
    model = route(emulator, "openai", max_tokens=50, seed=7)
    about = {"thread_id": "t-1", "user_id": "u-1"}
    model.invoke("Hi", {**config(telemetry), "metadata": about})
    expected = {
        "gen_ai.request.max_tokens": 50,
        "gen_ai.request.seed": 7,
        "gen_ai.conversation.id": "t-1",
        "user.id": "u-1",
    }
    assert expected.items() <= dict(telemetry.calls[0].attributes).items()


def test_a_model_of_another_package_has_a_span_of_its_own(telemetry) -> None:
    FakeListChatModel(responses=["Hello"]).invoke("Hi", config(telemetry))
    (call,) = telemetry.calls
    assert call.attributes["gen_ai.operation.name"] == "chat"
    assert telemetry.attempts == []


def test_a_broken_stream_of_another_package_has_the_cost_of_its_part(telemetry) -> None:
    PRICING["openai"] = {"small": {"input": 1.0, "output": 1.0}}
    costs = ScoutCostCallbackHandler()
    callbacks = [telemetry.handler(), costs]
    with pytest.raises(ModelAPIError):
        list(BrokenStream(messages=iter(())).stream("Hi", {"callbacks": callbacks}))
    (call,) = telemetry.calls
    assert call.attributes["gen_ai.usage.cost"] == costs.total_cost > 0
    assert call.attributes["gen_ai.usage.output_tokens"] == costs.total.output_tokens
    assert call.attributes["error.type"] == "ModelAPIError"


async def test_requests_for_embeddings_have_spans(emulator, telemetry) -> None:
    embeddings = ScoutEmbeddings(
        model="openai/text-embedding-3-small",
        api_key="e-key",
        transport=emulator.transport(),
        callbacks=[telemetry.handler()],
    )
    embeddings.embed_query("Hello")
    await embeddings.aembed_query("Hello")
    assert [span.name for span in telemetry.spans] == ["embeddings text-embedding-3-small"] * 2
    assert {span.attributes["gen_ai.operation.name"] for span in telemetry.spans} == {"embeddings"}
    assert all(span.attributes["gen_ai.usage.input_tokens"] for span in telemetry.spans)


async def test_calls_at_the_same_time_have_their_own_spans(emulator, telemetry) -> None:
    emulator.script("anthropic", [Overloaded()] * 10)
    model = route(emulator, "anthropic", "openai", max_retries=0)
    config_of_all = config(telemetry)
    await asyncio.gather(*(model.ainvoke(f"Hi {number}", config_of_all) for number in range(20)))
    assert len(telemetry.calls) == 20
    by_call = Counter(span.parent.span_id for span in telemetry.attempts)
    assert by_call == {
        call.context.span_id: call.attributes["scout.attempts"] for call in telemetry.calls
    }
    assert len(telemetry.attempts) == len(emulator.log)


@pytest.mark.parametrize("verb", VERBS)
async def test_a_handler_of_the_model_itself_reports_an_agents_calls(
    verb, emulator, telemetry
) -> None:
    model = route(emulator, "openai", callbacks=[telemetry.handler()])
    tracer = telemetry.tracers.get_tracer("test")
    question = {"messages": [("user", "What is the weather in Paris?")]}
    with tracer.start_as_current_span("agent") as mine:
        await call_model(create_agent(model, [get_weather]), verb, question)
    assert len(emulator.log) == 2
    parents = [call.parent.span_id for call in telemetry.calls]
    assert parents == [mine.get_span_context().span_id] * 2
    assert len(telemetry.attempts) == 2

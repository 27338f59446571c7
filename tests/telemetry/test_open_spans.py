"""No span stays open: calls that a handler breaks, and calls that share a run."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import FakeListChatModel

from scout_adapters.testing import Overloaded
from tests.chat_models.test_raising_handlers import raising
from tests.chat_models.unfinished import Enough
from tests.support.verbs import SYNC, VERBS, call_model
from tests.telemetry.routes import route

BROKEN = {
    "on_chat_model_start": ["Enough"],
    "on_llm_end": [None, "Enough"],
    "on_llm_error": ["Enough", "ProviderUnavailable"],
}
"""A handler's callback that raises, and the errors of the spans if it comes after ours or before.

In tasks core calls all handlers, whatever one of them raises."""


@pytest.mark.parametrize("hook", BROKEN)
@pytest.mark.parametrize("verb", VERBS)
async def test_a_handler_that_raises_leaves_no_span_open(verb, hook, emulator, telemetry) -> None:
    """The thread and the task that call the model go on."""
    if hook == "on_llm_error":
        emulator.script("openai", [Overloaded()] * 9)
    strict, own = raising(hook, BaseCallbackHandler), telemetry.handler()
    for handlers in ([own, strict], [strict, own]):
        model = route(emulator, "openai", max_retries=0)
        with pytest.raises(Enough, match=hook):
            await call_model(model, verb, "Hi", {"callbacks": handlers})
        assert not own._calls
    errors = [call.attributes.get("error.type") for call in telemetry.calls]
    never_started = hook == "on_chat_model_start" and verb in SYNC
    assert len(errors) == (1 if never_started else 2)
    assert set(errors) <= set(BROKEN[hook])
    assert len(telemetry.attempts) == len(emulator.log)


def test_each_call_of_a_batch_that_a_handler_breaks_ends_its_span(emulator, telemetry) -> None:
    callbacks = [telemetry.handler(), raising("on_chat_model_start", BaseCallbackHandler)]
    answers = route(emulator, "openai").batch(
        ["Hi"] * 3, {"callbacks": callbacks}, return_exceptions=True
    )
    assert [type(each) for each in answers] == [Enough] * 3
    assert [call.attributes["error.type"] for call in telemetry.calls] == ["Enough"] * 3


@pytest.mark.parametrize("way", ["threads", "ainvoke", "astream"])
@pytest.mark.parametrize("kind", ["route", "other"])
async def test_calls_with_one_run_id_have_their_own_spans(way, kind, emulator, telemetry) -> None:
    emulator.script("openai", [Overloaded()] * 3)
    model: Any = route(emulator, "openai", "anthropic", max_retries=0)
    if kind == "other":
        model = FakeListChatModel(responses=["Hello"])
    names = [f"thread {number}" for number in range(5)]
    shared = {"callbacks": [telemetry.handler()], "run_id": UUID(int=7)}
    configs = [{**shared, "metadata": {"thread_id": name}} for name in names]
    if way == "threads":
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(lambda config: model.invoke("Hi", config), configs))
    else:
        await asyncio.gather(*(call_model(model, way, "Hi", config) for config in configs))
    assert sorted(call.attributes["gen_ai.conversation.id"] for call in telemetry.calls) == names
    by_call = Counter(span.parent.span_id for span in telemetry.attempts)
    if kind == "route":
        assert by_call == {
            call.context.span_id: call.attributes["scout.attempts"] for call in telemetry.calls
        }


async def test_one_of_the_calls_with_one_run_id_that_fails_ends_its_own_span(
    emulator, telemetry
) -> None:
    emulator.script("openai", [Overloaded()])
    model = route(emulator, "openai", max_retries=0)
    config = {"callbacks": [telemetry.handler()], "run_id": UUID(int=7)}
    calls = (model.ainvoke("Hi", config) for _ in range(5))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    failed = [type(each).__name__ for each in answers if isinstance(each, Exception)]
    spans = [call.attributes.get("error.type") for call in telemetry.calls]
    assert sorted(filter(None, spans)) == sorted(failed)
    assert len(spans) == 5

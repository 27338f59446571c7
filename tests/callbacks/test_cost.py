"""The cost handler's sums by provider, model, key, tag and run, for every observed model."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.runnables import RunnableLambda, RunnableParallel

from scout_adapters import ScoutCostCallbackHandler, ScoutGroqChatModel, ScoutRouterChatModel
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import Emulator, Overloaded
from tests.support.other_models import NeverEnding

MODEL = "gpt-4o-mini"


def groq(emulator: Emulator, **options: Any) -> ScoutGroqChatModel:
    return ScoutGroqChatModel(
        api_keys=["gsk_a", "gsk_b"], transport=emulator.transport(), **options
    )


@pytest.fixture
def costs() -> ScoutCostCallbackHandler:
    return ScoutCostCallbackHandler()


def answer(text: str = "x", **metadata: Any) -> AIMessage:
    usage = {"input_tokens": 1000, "output_tokens": 1000, "total_tokens": 2000}
    about = {"model_name": MODEL, "model_provider": "openai", **metadata}
    return AIMessage(text, usage_metadata=usage, response_metadata=about)


def other(*answers: AIMessage) -> GenericFakeChatModel:
    """Make a model of another package."""
    return GenericFakeChatModel(messages=iter(answers or [answer()]))


class Halting(GenericFakeChatModel):
    """A model of another package whose stream reports no usage."""

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for word in ("one ", "two ", "three "):
            yield ChatGenerationChunk(message=AIMessageChunk(word))


def test_a_call_counts_for_each_of_its_tags_and_for_no_framework_s(
    emulator: Emulator, costs: ScoutCostCallbackHandler
) -> None:
    chain = RunnableLambda(lambda text: text) | groq(emulator, tags=["model"])
    chain.invoke("hi", {"callbacks": [costs], "tags": ["team-a", "nightly"]})
    chain.invoke("hi", {"callbacks": [costs], "tags": ["team-a"]})
    nightly, total = costs.breakdown("tag")["nightly"].cost, costs.total.cost
    assert set(costs.by_tag) == {"team-a", "nightly", "model"}
    assert 0 < nightly < total
    assert costs.breakdown("tag")["team-a"].cost == costs.breakdown("tag")["model"].cost == total


def test_calls_within_one_run_are_summed_together(
    emulator: Emulator, costs: ScoutCostCallbackHandler
) -> None:
    model = groq(emulator)
    both = RunnableParallel(a=model, b=RunnableLambda(model.invoke))
    for _ in range(2):
        (RunnableLambda(lambda text: text) | both).invoke("hi", {"callbacks": [costs]})
    model.invoke("hi", {"callbacks": [costs]})
    assert sorted(totals.calls for totals in costs.breakdown("run").values()) == [1, 2, 2]
    assert sum(totals.cost for totals in costs.breakdown("run").values()) == costs.total.cost


def test_every_breakdown_adds_up_to_the_same(
    emulator: Emulator, costs: ScoutCostCallbackHandler
) -> None:
    model = groq(emulator)
    with ThreadPoolExecutor(8) as threads:
        config: Any = {"callbacks": [costs], "tags": ["all"]}
        list(threads.map(lambda n: model.invoke(f"say {n}", config), range(64)))
    assert costs.calls == 64
    for by in ("provider", "model", "key", "tag", "run"):
        rows = costs.breakdown(by).values()  # type: ignore[arg-type]  # a literal
        assert sum((row.cost for row in rows), Decimal(0)) == costs.total.cost
        assert sum(row.input_tokens for row in rows) == costs.total.input_tokens
    assert len(costs.by_key) == 2


def test_langchain_s_own_count_of_tokens_is_ours(
    emulator: Emulator, costs: ScoutCostCallbackHandler
) -> None:
    model = groq(emulator)
    with get_usage_metadata_callback() as usage:
        model.batch(["a", "b", "c"], {"callbacks": [costs]})
        list(model.stream("d", {"callbacks": [costs]}))
    (counted,) = usage.usage_metadata.values()
    assert counted["input_tokens"] == costs.total.input_tokens
    assert counted["output_tokens"] == costs.total.output_tokens


def test_models_of_others_are_priced_once_whatever_lies_around_them(
    costs: ScoutCostCallbackHandler,
) -> None:
    chain = RunnableLambda(lambda text: text) | other(answer(), answer())
    config: Any = {"callbacks": [costs, costs], "tags": ["theirs"]}
    chain.invoke("hi", config)
    chain.invoke("hi", config)
    (row,) = costs.rows
    assert (row.provider, row.model, row.calls) == ("openai", MODEL, 2)
    assert costs.by_tag["theirs"] == costs.total_cost == pytest.approx(0.0015)


def test_several_choices_of_one_answer_are_billed_once(costs: ScoutCostCallbackHandler) -> None:
    class Twice(GenericFakeChatModel):
        def _generate(self, *args: Any, **kwargs: Any) -> Any:
            result = super()._generate(*args, **kwargs)
            result.generations *= 2
            return result

    Twice(messages=iter([answer()])).invoke("hi", {"callbacks": [costs]})
    assert (costs.calls, costs.total.input_tokens) == (1, 1000)


async def test_a_cancelled_call_of_another_model_is_counted_as_uncertain(
    costs: ScoutCostCallbackHandler,
) -> None:
    other_model = NeverEnding(messages=iter([]))
    task = asyncio.create_task(other_model.ainvoke("hi", {"callbacks": [costs]}))
    await other_model.reached()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (costs.calls, costs.uncertain_attempts, costs.total_cost) == (0, 1, 0.0)


async def test_ended_calls_are_reported_once_by_the_task_that_made_them(
    costs: ScoutCostCallbackHandler,
) -> None:
    async def twice() -> None:
        for _ in range(2):
            await other().ainvoke("hi", {"callbacks": [costs]})

    await asyncio.create_task(twice())
    assert (costs.calls, costs.uncertain_attempts) == (2, 0)


def test_a_stream_of_another_model_that_is_left_is_estimated_and_flagged(
    costs: ScoutCostCallbackHandler,
) -> None:
    PRICING["halting"] = {"halting": {"input": 1.0, "output": 1.0}}
    model = Halting(messages=iter([]), metadata={"ls_provider": "halting"})
    stream = model.stream(
        "12345678", {"callbacks": [costs], "metadata": {"ls_model_name": "halting"}}
    )
    next(stream)
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # a generator
    gc.collect()
    assert (costs.calls, costs.uncertain_attempts) == (0, 1)
    assert (costs.total.input_tokens, costs.total.output_tokens) == (2, 2)
    assert costs.total.uncertain_cost == costs.total.cost


def test_what_the_cache_answers_costs_nothing_and_is_counted_apart(
    emulator: Emulator, costs: ScoutCostCallbackHandler
) -> None:
    model = groq(emulator, cache=InMemoryCache())
    model.invoke("hi", {"callbacks": [costs]})
    once = costs.total_cost
    model.invoke("hi", {"callbacks": [costs]})
    assert (costs.calls, costs.cached, len(emulator.log)) == (1, 1, 1)
    assert costs.total_cost == once > 0


def test_a_route_s_costs_are_listed_by_the_provider_that_answered(
    emulator: Emulator, costs: ScoutCostCallbackHandler
) -> None:
    emulator.down["groq"] = Overloaded()
    models = [
        groq(emulator, max_retries=0),
        {"model": f"openai/{MODEL}", "api_key": "sk-a", "transport": emulator.transport()},
    ]
    ScoutRouterChatModel(models=models, max_retries=0).invoke("hi", {"callbacks": [costs]})
    assert list(costs.by_provider) == ["openai"]
    assert costs.by_model == {f"openai/{MODEL}": costs.total_cost}

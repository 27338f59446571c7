"""Chat models of other packages as candidates: timeouts, the commit gate, tokens, budgets."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from langchain_core.exceptions import ModelTimeoutError
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI

from scout_adapters import ScoutBudgetCallbackHandler, ScoutRouterChatModel
from scout_adapters.errors import (
    BudgetExceeded,
    MalformedResponse,
    ProviderTimeout,
    StreamInterrupted,
)
from scout_adapters.llm.pricing import PRICING
from scout_adapters.llm.timeouts import Timeouts
from scout_adapters.testing import Emulator, Hang
from tests.support.clock import FakeTime
from tests.support.verbs import STREAMS, VERBS, run_model
from tests.support.waiting import HANG

SHORT = 0.02
"""Seconds that a test waits for a timeout of the event loop or of a socket."""


class Whole(BaseChatModel):
    """Answers at once, in one piece."""

    text: str = "whole"

    @property
    def _llm_type(self) -> str:
        return "whole"

    def _generate(
        self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self.text))])


class Never(Whole):
    """Never answers an asynchronous call."""

    async def _agenerate(self, messages: Any, stop: Any = None, **kwargs: Any) -> ChatResult:
        await asyncio.Event().wait()
        raise AssertionError

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        await asyncio.Event().wait()
        yield chunk("late")


class Scripted(Whole):
    """Streams what it is given: chunks, pauses in seconds of a clock that stands still, errors."""

    steps: list[Any]
    time: Any = None

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for step in self.steps:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, float):
                self.time.go_by(step)
            else:
                yield step


def chunk(text: str, **more: Any) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(text, **more))


def router(*models: Any, **options: Any) -> ScoutRouterChatModel:
    return ScoutRouterChatModel(models=list(models), **{"max_retries": 0, **options})


@pytest.mark.parametrize("verb", ["ainvoke", "astream"])
@pytest.mark.parametrize("options", [{"timeout": SHORT}, {"deadline": SHORT}], ids=str)
def test_an_asynchronous_call_is_cancelled_in_time(verb: str, options: dict[str, Any]) -> None:
    with pytest.raises(ModelTimeoutError):  # on a slow machine before the request could leave
        run_model(router(Never(), **options), verb)


@pytest.mark.parametrize("verb", ["ainvoke", "astream"])
def test_the_next_candidate_answers_after_a_timeout(verb: str) -> None:
    model = router({"model": Never(), "timeout": SHORT}, Whole())
    assert run_model(model, verb).text == "whole"


async def test_a_cancelled_call_stays_cancelled() -> None:
    task = asyncio.ensure_future(router(Never(), Whole()).ainvoke("hi"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("verb", VERBS)
def test_a_client_that_takes_a_timeout_gets_the_seconds_that_are_left(verb: str) -> None:
    emulator = Emulator()
    with emulator.serve():
        inner = ChatOpenAI(model="gpt-4o-mini", api_key="k", base_url=emulator.url("openai"))
        inner.invoke("hi")  # the first call of a client takes long: it imports
        emulator.script("openai", [Hang()])
        model = router({"model": inner, "timeout": 4.0}, Whole())
        assert run_model(model, verb).text == "whole"
        assert [exchange.provider for exchange in emulator.log] == ["openai"] * 2


def test_a_thread_that_goes_on_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    class Blocking(Whole):
        def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
            ended.wait(HANG)
            return super()._generate(*args, **kwargs)

    ended = threading.Event()

    async def call() -> None:
        with pytest.raises(ProviderTimeout):
            await router(Blocking(), timeout=SHORT).ainvoke("hi")
        ended.set()

    with caplog.at_level(logging.WARNING):
        asyncio.run(call())
    assert "Blocking has no async client: its thread goes on" in caplog.text


@pytest.mark.parametrize(
    ("steps", "timeouts", "error"),
    [
        ([chunk(""), 8.0, chunk(""), chunk("late")], Timeouts(first_token=5), ProviderTimeout),
        ([chunk("a"), 30.0, chunk("b"), chunk("c")], Timeouts(total=20), StreamInterrupted),
    ],
    ids=["first token", "total"],
)
def test_a_stream_keeps_to_its_timeouts_between_chunks(
    steps: list[Any], timeouts: Timeouts, error: type[Exception]
) -> None:
    time = FakeTime()
    model = router(Scripted(steps=steps, time=time), timeout=timeouts, clock=time.clock)
    with pytest.raises(error):
        list(model.stream("hi"))


@pytest.mark.parametrize("verb", STREAMS)
def test_chunks_without_content_commit_to_no_candidate(verb: str) -> None:
    broken = Scripted(steps=[chunk(""), chunk("", id="1"), ConnectionResetError("gone")])
    assert run_model(router(broken, Whole()), verb).text == "whole"


@pytest.mark.parametrize("verb", STREAMS)
def test_metadata_and_tokens_of_a_stream_go_out_once(verb: str) -> None:
    usage = {"input_tokens": 2, "output_tokens": 1, "total_tokens": 3}
    ending = {"finish_reason": "stop", "model_name": "a-model-2026", "model_provider": "p"}
    steps = [
        chunk("a", response_metadata={"model_provider": "p"}, usage_metadata=usage),
        chunk("b", response_metadata={"model_provider": "p"}, chunk_position="last"),
        chunk("", response_metadata=ending, usage_metadata={**usage, "input_tokens": 0}),
    ]
    answer = run_model(router(Scripted(steps=steps)), verb)
    assert answer.text == "ab"
    metadata = answer.response_metadata
    assert (metadata["model_provider"], metadata["finish_reason"]) == ("p", "stop")
    assert metadata["model_name"] == "Scripted"  # known too late for the first chunk
    counts = [answer.usage_metadata[f"{kind}_tokens"] for kind in ("input", "output", "total")]
    assert counts == [2, 2, 6]


@pytest.mark.parametrize("verb", VERBS)
def test_an_answer_without_a_generation_is_malformed(verb: str) -> None:
    class Empty(Whole):
        def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
            return ChatResult(generations=[])

    with pytest.raises(MalformedResponse):
        run_model(router(Empty()), verb)


@pytest.mark.parametrize("verb", VERBS)
def test_a_budget_stops_the_call_before_it_leaves(verb: str) -> None:
    emulator = Emulator()
    with emulator.serve():
        inner = ChatOpenAI(model="gpt-4o-mini", api_key="k", base_url=emulator.url("openai"))
        budget = ScoutBudgetCallbackHandler(1e-9)
        with pytest.raises(BudgetExceeded):
            run_model(router(inner), verb, config={"callbacks": [budget]})
        assert emulator.log == []


def test_prices_of_the_user_apply_to_any_chat_model() -> None:
    PRICING["scripted"] = {"Scripted": {"input": 1.0, "output": 2.0}}
    usage = {"input_tokens": 1000, "output_tokens": 500, "total_tokens": 1500}
    model = router(Scripted(steps=[chunk("a", usage_metadata=usage)]))
    answer = run_model(model, "stream")
    assert answer.response_metadata["scout"]["cost_usd"] == 2.0

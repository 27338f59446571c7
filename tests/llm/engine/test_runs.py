"""One call is one run: which handlers receive its attempts and its cost, on every path."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage

from scout_adapters import ScoutCostCallbackHandler, get_scout_cost_callback
from scout_adapters.errors import ProviderUnavailable
from scout_adapters.llm.health.key_texts import fingerprint
from tests.llm.engine.runs import ROUTE, call
from tests.support.fake_http import GROQ, OPENAI


class Ear(BaseCallbackHandler):
    """Record the callbacks of a run's handlers."""

    def __init__(self) -> None:
        self.starts: list[Any] = []
        self.ends: list[Any] = []
        self.errors: list[Any] = []
        self.retries: list[Any] = []
        self.events: list[Any] = []
        self.tokens: list[str] = []

    def on_chat_model_start(self, *args: Any, run_id: Any, **kwargs: Any) -> None:
        self.starts.append(run_id)

    def on_llm_new_token(self, token: str, **kwargs: Any) -> None:
        self.tokens.append(token)

    def on_llm_end(self, response: Any, *, run_id: Any, **kwargs: Any) -> None:
        self.ends.append(run_id)

    def on_llm_error(self, error: BaseException, *, run_id: Any, **kwargs: Any) -> None:
        self.errors.append(run_id)

    def on_retry(self, retry_state: Any, *, run_id: Any, **kwargs: Any) -> None:
        self.retries.append((run_id, retry_state.attempt_number, retry_state.outcome.exception()))

    def on_custom_event(self, name: str, data: Any, *, run_id: Any, **kwargs: Any) -> None:
        self.events.append((run_id, name, data))


PATHS = [
    "invoke",
    "ainvoke",
    "stream",
    "astream",
    "invoke(stream=True)",
    "ainvoke(stream=True)",
    "batch",
    "astream_events v2",
    "stream_events v3",
]


@pytest.mark.parametrize("path", PATHS)
async def test_attempts_reach_the_handlers_of_the_one_run_of_the_call(
    path, providers, wire, router
) -> None:
    ear = Ear()
    providers.on(GROQ, wire.refuse(500))
    providers.on(OPENAI, wire.say("hello"))
    await call(path, router(*ROUTE, max_retries=1), {"callbacks": [ear]})
    (run,) = ear.starts
    assert (ear.ends, ear.errors) == ([run], [])
    assert [(r, number) for r, number, _ in ear.retries] == [(run, 1), (run, 2)]
    assert all(isinstance(error, ProviderUnavailable) for *_, error in ear.retries)
    assert [(r, name) for r, name, _ in ear.events] == [(run, "scout.attempt")] * 3
    assert [data["outcome"] for *_, data in ear.events] == ["server_error", "server_error", "ok"]
    assert [data["number"] for *_, data in ear.events] == [1, 2, 3]


@pytest.mark.parametrize("path", [p for p in PATHS if "v3" not in p])
async def test_tokens_are_reported_once(path, providers, wire, groq) -> None:
    ear = Ear()
    providers.on(GROQ, wire.say("hello"))
    await call(path, groq(), {"callbacks": [ear]})
    streams = "stream" in path
    assert "".join(ear.tokens) == ("hello" if streams else "")


async def test_an_async_handler_receives_attempts_too(providers, wire, groq, ask) -> None:
    events: list[str] = []

    class AsyncEar(AsyncCallbackHandler):
        async def on_retry(self, *args: Any, **kwargs: Any) -> None:
            events.append("retry")

        async def on_custom_event(self, name: str, data: Any, **kwargs: Any) -> None:
            events.append(data["outcome"])

    providers.on(GROQ, wire.refuse(500), wire.say())
    if ask.verb.startswith("a"):
        await ask(groq(), config={"callbacks": [AsyncEar()]})
        assert events == ["retry", "server_error", "ok"]


async def test_custom_events_show_in_astream_events(providers, wire, groq) -> None:
    providers.on(GROQ, wire.refuse(500), wire.say())
    events = [e async for e in groq().astream_events("hi", version="v2")]
    attempts = [e["data"]["outcome"] for e in events if e["event"] == "on_custom_event"]
    assert attempts == ["server_error", "ok"]
    assert [e["event"] for e in events].count("on_chat_model_start") == 1


async def test_a_call_that_fails_is_one_failed_run_whose_last_attempt_is_no_retry(
    providers, wire, groq, ask
) -> None:
    ear = Ear()
    providers.on(GROQ, wire.refuse(500))
    with pytest.raises(ProviderUnavailable):
        await ask(groq(max_retries=1), config={"callbacks": [ear]})
    assert (len(ear.starts), len(ear.errors), len(ear.ends)) == (1, 1, 0)
    assert len(ear.retries) == 1
    assert len(ear.events) == 2


async def test_runs_of_calls_in_a_chain_are_its_children(providers, wire, groq, ask) -> None:
    from langchain_core.runnables import RunnableLambda

    ear = Ear()
    providers.on(GROQ, wire.refuse(500), wire.say())
    chain = RunnableLambda(lambda text: text) | groq()
    await ask(chain, config={"callbacks": [ear]})
    assert len(ear.starts) == 1
    assert {run for run, *_ in ear.retries + ear.events} == set(ear.starts)


async def test_handlers_of_one_call_do_not_hear_of_the_next(providers, wire, groq, ask) -> None:
    ear = Ear()
    providers.on(GROQ, wire.say())
    await ask(groq(), config={"callbacks": [ear]})
    await ask(groq())
    assert len(ear.events) == 1


@pytest.mark.parametrize("path", PATHS)
async def test_a_call_is_counted_once_whatever_the_path(path, providers, wire, groq) -> None:
    providers.on(GROQ, wire.say())
    handler = ScoutCostCallbackHandler()
    model = groq("gsk_a")
    model.callbacks = [handler]
    with get_scout_cost_callback() as around:
        await call(path, model, {"callbacks": [handler]})
    for counter in (handler, around):
        assert (counter.calls, counter.unpriced_calls) == (1, 0)
        (row,) = counter.rows
        assert (row.provider, row.key_id) == ("groq", fingerprint("gsk_a"))
        assert (row.input_tokens, row.output_tokens) == (10, 5)
        assert counter.total_cost == pytest.approx(10 * 0.59e-6 + 5 * 0.79e-6)


def test_a_run_that_is_reported_twice_to_a_handler_is_counted_once(providers, wire, groq) -> None:
    providers.on(GROQ, wire.say())
    result = groq().generate([[HumanMessage("hi")]])
    costs, run = ScoutCostCallbackHandler(), uuid4()
    costs.on_llm_end(result, run_id=run)
    costs.on_llm_end(result, run_id=run)
    assert costs.calls == 1
    costs.on_llm_end(result, run_id=uuid4())
    assert costs.calls == 2


def test_every_answer_of_a_run_with_several_is_counted(providers, wire, groq) -> None:
    providers.on(GROQ, wire.say())
    providers.on(GROQ, wire.say())
    result = groq().generate([[HumanMessage("hi")], [HumanMessage("ho")]])
    costs = ScoutCostCallbackHandler()
    costs.on_llm_end(result, run_id=uuid4())
    assert costs.calls == 2


def test_calls_of_one_run_id_are_counted_each(providers, wire, groq) -> None:
    providers.on(GROQ, wire.say())
    providers.on(GROQ, wire.say())
    costs, config = ScoutCostCallbackHandler(), {"run_id": uuid4()}
    model = groq()
    model.callbacks = [costs]
    for _ in range(2):
        model.invoke("hi", config)
    assert costs.calls == 2


async def test_a_call_without_a_price_is_counted_as_unpriced(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.say())
    with get_scout_cost_callback() as costs:
        await ask(groq(model="made-up"))
    assert (costs.calls, costs.unpriced_calls, costs.total_cost) == (1, 1, 0.0)


async def test_cached_answers_are_free(providers, wire, groq) -> None:
    providers.on(GROQ, wire.say())
    model = groq(cache=InMemoryCache())
    with get_scout_cost_callback() as costs:
        model.invoke("hi")
        once = costs.total_cost
        model.invoke("hi")
        await model.ainvoke("hi")
    assert len(providers.requests) == 1
    assert (costs.calls, costs.total_cost) == (1, once)


def test_calls_of_other_peoples_models_are_priced_too() -> None:
    usage = {"input_tokens": 1000, "output_tokens": 1000, "total_tokens": 2000}
    about = {"model_name": "gemini-2.5-flash", "model_provider": "google_genai"}
    message = AIMessage("x", usage_metadata=usage, response_metadata=about)
    with get_scout_cost_callback() as costs:
        GenericFakeChatModel(messages=iter([message])).invoke("hi")
    assert costs.total_cost == pytest.approx(0.0028)

"""One call is one run: who hears of its attempts, its cost and its audit rows, on every path."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage

from scout_adapters import (
    ScoutAuditCallbackHandler,
    ScoutCostCallbackHandler,
    get_scout_cost_callback,
)
from scout_adapters.errors import ProviderUnavailable, StreamInterrupted
from scout_adapters.llm.health.key_state import fingerprint
from scout_adapters.llm.providers import registry

GROQ, OPENAI = "api.groq.com", "api.openai.com"
ROUTE = ("groq/llama-3.3-70b-versatile", "openai/gpt-4o-mini")


class Ear(BaseCallbackHandler):
    """Writes down what a run's handlers hear."""

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


async def call(path: str, model: Any, config: Any) -> None:
    match path:
        case "invoke":
            model.invoke("hi", config)
        case "ainvoke":
            await model.ainvoke("hi", config)
        case "stream":
            list(model.stream("hi", config))
        case "astream":
            [chunk async for chunk in model.astream("hi", config)]
        case "invoke(stream=True)":
            model.invoke("hi", config, stream=True)
        case "ainvoke(stream=True)":
            await model.ainvoke("hi", config, stream=True)
        case "batch":
            model.batch(["hi"], config)
        case "astream_events v2":
            [event async for event in model.astream_events("hi", config, version="v2")]
        case "stream_events v3":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _ = model.stream_events("hi", config, version="v3").output


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
    path, house, wire, router
) -> None:
    ear = Ear()
    house.on(GROQ, wire.refuse(500))
    house.on(OPENAI, wire.say("hello"))
    await call(path, router(*ROUTE, max_retries=1), {"callbacks": [ear]})
    (run,) = ear.starts
    assert (ear.ends, ear.errors) == ([run], [])
    assert [(r, number) for r, number, _ in ear.retries] == [(run, 1), (run, 2)]
    assert all(isinstance(error, ProviderUnavailable) for *_, error in ear.retries)
    assert [(r, name) for r, name, _ in ear.events] == [(run, "scout.attempt")] * 3
    assert [data["outcome"] for *_, data in ear.events] == ["server_error", "server_error", "ok"]
    assert [data["number"] for *_, data in ear.events] == [1, 2, 3]


@pytest.mark.parametrize("path", [p for p in PATHS if "v3" not in p])
async def test_tokens_are_told_once(path, house, wire, groq) -> None:
    ear = Ear()
    house.on(GROQ, wire.say("hello"))
    await call(path, groq(), {"callbacks": [ear]})
    streams = "stream" in path
    assert "".join(ear.tokens) == ("hello" if streams else "")


async def test_an_async_handler_hears_attempts_too(house, wire, groq, ask) -> None:
    heard: list[str] = []

    class AsyncEar(AsyncCallbackHandler):
        async def on_retry(self, *args: Any, **kwargs: Any) -> None:
            heard.append("retry")

        async def on_custom_event(self, name: str, data: Any, **kwargs: Any) -> None:
            heard.append(data["outcome"])

    house.on(GROQ, wire.refuse(500), wire.say())
    if ask.verb.startswith("a"):
        await ask(groq(), config={"callbacks": [AsyncEar()]})
        assert heard == ["retry", "server_error", "ok"]


async def test_custom_events_show_in_astream_events(house, wire, groq) -> None:
    house.on(GROQ, wire.refuse(500), wire.say())
    events = [e async for e in groq().astream_events("hi", version="v2")]
    attempts = [e["data"]["outcome"] for e in events if e["event"] == "on_custom_event"]
    assert attempts == ["server_error", "ok"]
    assert [e["event"] for e in events].count("on_chat_model_start") == 1


async def test_a_call_that_fails_is_one_failed_run_whose_last_attempt_is_no_retry(
    house, wire, groq, ask
) -> None:
    ear = Ear()
    house.on(GROQ, wire.refuse(500))
    with pytest.raises(ProviderUnavailable):
        await ask(groq(max_retries=1), config={"callbacks": [ear]})
    assert (len(ear.starts), len(ear.errors), len(ear.ends)) == (1, 1, 0)
    assert len(ear.retries) == 1
    assert len(ear.events) == 2


async def test_runs_of_calls_in_a_chain_are_its_children(house, wire, groq, ask) -> None:
    from langchain_core.runnables import RunnableLambda

    ear = Ear()
    house.on(GROQ, wire.refuse(500), wire.say())
    chain = RunnableLambda(lambda text: text) | groq()
    await ask(chain, config={"callbacks": [ear]})
    assert len(ear.starts) == 1
    assert {run for run, *_ in ear.retries + ear.events} == set(ear.starts)


async def test_handlers_of_one_call_do_not_hear_of_the_next(house, wire, groq, ask) -> None:
    ear = Ear()
    house.on(GROQ, wire.say())
    await ask(groq(), config={"callbacks": [ear]})
    await ask(groq())
    assert len(ear.events) == 1


@pytest.mark.parametrize("path", PATHS)
async def test_a_call_is_counted_once_whatever_the_path(path, house, wire, groq) -> None:
    house.on(GROQ, wire.say())
    handler = ScoutCostCallbackHandler()
    model = groq("gsk_a")
    model.callbacks = [handler]
    with get_scout_cost_callback() as around:
        await call(path, model, {"callbacks": [handler]})
    for heard in (handler, around):
        assert (heard.calls, heard.unpriced_calls) == (1, 0)
        (row,) = heard.rows
        assert (row.provider, row.key_id) == ("groq", fingerprint("gsk_a"))
        assert (row.input_tokens, row.output_tokens) == (10, 5)
        assert heard.total_cost == pytest.approx(10 * 0.59e-6 + 5 * 0.79e-6)


def test_a_run_that_a_handler_hears_of_twice_is_counted_once(house, wire, groq) -> None:
    house.on(GROQ, wire.say())
    result = groq().generate([[HumanMessage("hi")]])
    costs, run = ScoutCostCallbackHandler(), uuid4()
    costs.on_llm_end(result, run_id=run)
    costs.on_llm_end(result, run_id=run)
    assert costs.calls == 1
    costs.on_llm_end(result, run_id=uuid4())
    assert costs.calls == 2


def test_every_answer_of_a_run_with_several_is_counted(house, wire, groq) -> None:
    house.on(GROQ, wire.say())
    house.on(GROQ, wire.say())
    result = groq().generate([[HumanMessage("hi")], [HumanMessage("ho")]])
    costs = ScoutCostCallbackHandler()
    costs.on_llm_end(result, run_id=uuid4())
    assert costs.calls == 2


def test_calls_of_one_run_id_are_counted_each(house, wire, groq) -> None:
    house.on(GROQ, wire.say())
    house.on(GROQ, wire.say())
    costs, config = ScoutCostCallbackHandler(), {"run_id": uuid4()}
    model = groq()
    model.callbacks = [costs]
    for _ in range(2):
        model.invoke("hi", config)
    assert costs.calls == 2


async def test_a_call_without_a_price_is_counted_as_unpriced(house, wire, groq, ask) -> None:
    house.on(GROQ, wire.say())
    with get_scout_cost_callback() as costs:
        await ask(groq(model="made-up"))
    assert (costs.calls, costs.unpriced_calls, costs.total_cost) == (1, 1, 0.0)


async def test_cached_answers_are_free(house, wire, groq) -> None:
    house.on(GROQ, wire.say())
    model = groq(cache=InMemoryCache())
    with get_scout_cost_callback() as costs:
        model.invoke("hi")
        once = costs.total_cost
        model.invoke("hi")
        await model.ainvoke("hi")
    assert len(house.requests) == 1
    assert (costs.calls, costs.total_cost) == (1, once)


def test_calls_of_other_peoples_models_are_priced_too() -> None:
    usage = {"input_tokens": 1000, "output_tokens": 1000, "total_tokens": 2000}
    about = {"model_name": "gemini-2.5-flash", "model_provider": "google_genai"}
    message = AIMessage("x", usage_metadata=usage, response_metadata=about)
    with get_scout_cost_callback() as costs:
        GenericFakeChatModel(messages=iter([message])).invoke("hi")
    assert costs.total_cost == pytest.approx(0.0028)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the environment ask for an audit log, in a folder that is not there yet."""
    path = tmp_path / "deep" / "audit.jsonl"
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(path))
    return path


def rows(path: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("by", ["handler", "environment", "both"])
@pytest.mark.parametrize("path", ["invoke", "ainvoke", "stream", "astream", "invoke(stream=True)"])
async def test_every_attempt_is_an_intent_and_an_outcome(
    path, by, house, wire, router, log
) -> None:
    if by == "handler":
        del os.environ["SCOUT_AUDIT_PATH"]
    config = {"callbacks": [ScoutAuditCallbackHandler(str(log))]} if by != "environment" else {}
    house.on(GROQ, wire.refuse(500))
    house.on(OPENAI, wire.say())
    await call(path, router(*ROUTE, max_retries=0), config)
    written = rows(log)
    assert [(r["event"], r["provider"]) for r in written] == [
        ("llm_intent", "groq"),
        ("llm_attempt", "groq"),
        ("llm_intent", "openai"),
        ("llm_attempt", "openai"),
    ]
    assert [written[1]["outcome"], written[3]["outcome"]] == ["server_error", "ok"]
    assert (written[3]["input_t"], written[3]["output_t"]) == (10, 5)
    assert written[3]["cost"] > 0
    assert len({r["run_id"] for r in written}) == 1
    text = log.read_text()
    assert "key-of-openai" not in text
    assert fingerprint("key-of-openai") in text


async def test_the_intent_is_written_before_the_request_leaves(house, wire, groq, ask, log) -> None:
    before: list[list[str]] = []

    def reply(request: Any) -> Any:
        before.append([row["event"] for row in rows(log)])
        return wire.say()(request)

    house.on(GROQ, reply)
    await ask(groq())
    assert before == [["llm_intent"]]


def test_a_stream_that_is_left_early_has_an_outcome(house, wire, groq, log) -> None:
    house.on(GROQ, wire.say("hello"))
    stream = groq().stream("hi")
    next(stream)
    stream.close()
    assert [r.get("outcome") for r in rows(log)] == [None, "cancelled"]


def test_a_broken_stream_has_an_outcome_with_what_is_known(house, wire, groq, log) -> None:
    house.on(GROQ, wire.sse(wire.delta("to", usage=wire.USAGE)))
    with pytest.raises(StreamInterrupted):
        list(groq().stream("hi"))
    outcome = rows(log)[1]
    assert (outcome["outcome"], outcome["input_t"]) == ("stream_interrupted", 10)


async def test_calls_without_langchain_are_audited_too(
    house, wire, log, monkeypatch, respx_mock
) -> None:
    from scout_adapters.llm import call_llm

    monkeypatch.setenv("GROQ_API_KEY", "gsk_a")
    respx_mock.post("https://api.groq.com/openai/v1/chat/completions").mock(side_effect=wire.say())
    await call_llm("hi", provider="groq")
    assert [r["event"] for r in rows(log)] == ["llm_intent", "llm_attempt"]
    await registry.get("groq").call(model="m", prompt="hi")
    assert [r["event"] for r in rows(log)] == ["llm_intent", "llm_attempt"] * 2


async def test_other_peoples_models_are_logged_by_call(tmp_path) -> None:
    log = tmp_path / "audit.jsonl"
    usage = {"input_tokens": 1000, "output_tokens": 1000, "total_tokens": 2000}
    about = {"model_name": "gpt-4o-mini", "model_provider": "openai"}
    message = AIMessage("x", usage_metadata=usage, response_metadata=about)
    model = GenericFakeChatModel(messages=iter([message]))
    model.invoke("hi", {"callbacks": [ScoutAuditCallbackHandler(str(log))]})
    intent, outcome = rows(log)
    assert (intent["event"], intent["run_id"]) == ("llm_intent", outcome["run_id"])
    assert (outcome["outcome"], outcome["provider"], outcome["input_t"]) == ("ok", "openai", 1000)


def test_rows_of_many_threads_do_not_mix(tmp_path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from scout_adapters.audit.process_log import get_audit

    log = tmp_path / "audit.jsonl"
    with ThreadPoolExecutor(8) as threads:
        for number in range(400):
            threads.submit(get_audit(log).log, "e", reason="x" * 500, number=number)
    assert sorted(row["number"] for row in rows(log)) == list(range(400))

"""Loggers of LiteLLM receive calls of LangChain's chat models as they receive LiteLLM's own."""

from __future__ import annotations

import asyncio
import json
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import UUID

import litellm
import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI
from litellm.integrations.custom_logger import CustomLogger
from litellm.integrations.generic_api.generic_api_callback import GenericAPILogger
from litellm.types.utils import StandardLoggingMetadata, StandardLoggingPayload
from pydantic import TypeAdapter

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import KeyRejected, RateLimited, StreamInterrupted
from scout_adapters.litellm import LiteLLMLoggerHandler, ScoutLiteLLM
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import CutMidStream, Emulator, Fault, Overloaded, Revoked
from scout_adapters.testing import RateLimited as RateLimit
from tests.chat_models.test_raising_handlers import raising
from tests.chat_models.unfinished import Enough
from tests.support.verbs import VERBS, call_model
from tests.support.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore")  # LiteLLM's own

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of read-only items, which pydantic does not protect
    SCHEMA = TypeAdapter(StandardLoggingPayload)
SECRET_TEXT = "my secret question"


class Sink(CustomLogger):
    """Keeps what it receives, with the name of the method."""

    def __init__(self, *, is_checked: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.is_checked = is_checked
        self.received: list[tuple[str, dict[str, Any], Any]] = []

    def _keep(self, name: str, event: Any, response: Any, start_time: Any, end_time: Any) -> None:
        assert start_time <= end_time
        if self.is_checked:
            SCHEMA.validate_python(event["standard_logging_object"])
        self.received.append((name, event, response))

    def log_success_event(self, kwargs: Any, response_obj: Any, **times: Any) -> None:
        self._keep("success", kwargs, response_obj, **times)

    def log_failure_event(self, kwargs: Any, response_obj: Any, **times: Any) -> None:
        self._keep("failure", kwargs, response_obj, **times)

    async def async_log_success_event(self, kwargs: Any, response_obj: Any, **times: Any) -> None:
        self._keep("async success", kwargs, response_obj, **times)

    async def async_log_failure_event(self, kwargs: Any, response_obj: Any, **times: Any) -> None:
        self._keep("async failure", kwargs, response_obj, **times)

    @property
    def payload(self) -> dict[str, Any]:
        ((_, event, _),) = self.received
        payload: dict[str, Any] = event["standard_logging_object"]
        return payload


class Broken(CustomLogger):
    """Fails in every method."""

    def log_success_event(self, **_: Any) -> None:  # type: ignore[override]  # as it is called
        raise RuntimeError("disk full")

    async def async_log_success_event(self, **_: Any) -> None:  # type: ignore[override]  # as above
        raise RuntimeError("disk full")


class OnlyAsync(Sink):
    """Has no method for synchronous calls, as most of LiteLLM's own loggers."""

    log_success_event = CustomLogger.log_success_event


def route(emulator: Emulator, *, retries: int = 0) -> ScoutRouterChatModel:
    entries = [
        {"model": "groq/a", "api_key": "k", "base_url": emulator.url("groq")},
        {"model": "openai/b", "api_key": "k", "base_url": emulator.url("openai")},
    ]
    PRICING["groq"] = {"a": {"input": 1.0, "output": 2.0}}
    PRICING["openai"] = {"b": {"input": 3.0, "output": 4.0}}
    return ScoutRouterChatModel(models=entries, max_retries=retries, temperature=0.5)


async def logged(model: Any, verb: str, handler: LiteLLMLoggerHandler, **config: Any) -> Any:
    """Call a model by a verb, and wait for the loggers."""
    try:
        return await call_model(
            model.with_config({"callbacks": [handler], **config}), verb, SECRET_TEXT
        )
    finally:
        await handler.aflush()


@pytest.mark.parametrize("verb", VERBS)
async def test_a_call_is_one_payload(emulator: Emulator, verb: str) -> None:
    sink = Sink()
    details = {"tags": ["team-a"], "metadata": {"user_id": "ada", "thread_id": "t-1"}}
    answer = await logged(route(emulator), verb, LiteLLMLoggerHandler(sink), **details)
    ((name, event, response),) = sink.received
    payload = sink.payload
    assert name == ("async success" if verb.startswith("a") else "success")
    assert payload.keys() >= StandardLoggingPayload.__required_keys__
    assert payload["metadata"].keys() == StandardLoggingMetadata.__required_keys__
    exchange = emulator.log[-1]
    assert payload["prompt_tokens"] == exchange.spent.input
    assert payload["completion_tokens"] == exchange.output_tokens
    cost = exchange.spent.input * 1e-3 + exchange.output_tokens * 2e-3
    assert payload["response_cost"] == event["response_cost"] == pytest.approx(cost)
    assert (payload["status"], payload["custom_llm_provider"], payload["model"]) == (
        "success",
        "groq",
        "a",
    )
    assert payload["stream"] == ("stream" in verb)
    assert (payload["request_tags"], payload["end_user"]) == (["team-a"], "ada")
    assert payload["session_id"] == "t-1"
    assert payload["model_parameters"]["temperature"] == 0.5
    assert payload["messages"] == [{"role": "user", "content": SECRET_TEXT}]
    assert payload["response"]["choices"][0]["message"]["content"] == answer.text
    assert response.choices[0].message.content == answer.text
    assert payload["startTime"] <= payload["completionStartTime"] <= payload["endTime"]
    json.dumps(payload)


@pytest.mark.parametrize("verb", VERBS)
async def test_attempts_are_in_the_metadata_of_their_call(emulator: Emulator, verb: str) -> None:
    emulator.down = {"groq": Overloaded()}
    sink = Sink()
    await logged(route(emulator), verb, LiteLLMLoggerHandler(sink))
    attempts = sink.payload["metadata"]["requester_metadata"]["scout_attempts"]
    assert [attempt["outcome"] for attempt in attempts] == ["capacity", "ok"]
    assert (sink.payload["custom_llm_provider"], sink.payload["model"]) == ("openai", "b")
    assert sink.payload["model_group"] == "groq/a"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [(Revoked(), KeyRejected, "401"), (RateLimit(60), RateLimited, "429")],
)
async def test_a_failure_has_its_class_and_status(
    emulator: Emulator, verb: str, fault: Fault, error: type[Exception], code: str
) -> None:
    emulator.down = {"groq": fault, "openai": fault}
    sink = Sink()
    with pytest.raises(Exception) as raised:  # several classes
        await logged(route(emulator), verb, LiteLLMLoggerHandler(sink))
    ((name, event, response),) = sink.received
    assert name == ("async failure" if verb.startswith("a") else "failure")
    information = sink.payload["error_information"]
    assert information["error_class"] == type(raised.value).__name__
    assert information["error_code"] == code
    assert response is event["exception"] is raised.value
    assert sink.payload["status"] == "failure"


@pytest.mark.parametrize("verb", ["stream", "astream"])
async def test_a_broken_stream_is_a_failure_with_its_cost(emulator: Emulator, verb: str) -> None:
    emulator.script("groq", [CutMidStream(after=4)])
    sink = Sink()
    with suppress(StreamInterrupted):
        await logged(route(emulator), verb, LiteLLMLoggerHandler(sink))
    assert sink.payload["status"] == "failure"
    assert sink.payload["error_information"]["error_class"] == "StreamInterrupted"
    assert sink.payload["response_cost"] > 0


async def test_a_cancelled_call_is_a_failure(emulator: Emulator) -> None:
    sink = Sink()
    handler = LiteLLMLoggerHandler(sink)
    stream = route(emulator).astream("Hello", {"callbacks": [handler]})
    await anext(stream)
    await stream.aclose()
    await handler.aflush()
    assert sink.payload["status"] == "failure"
    assert sink.payload["error_information"]["error_class"] in {"CancelledError", "GeneratorExit"}


@pytest.mark.parametrize("verb", VERBS)
async def test_a_call_that_another_handler_breaks_is_a_failure(
    emulator: Emulator, verb: str
) -> None:
    sink = Sink()
    handler, strict = LiteLLMLoggerHandler(sink), raising("on_llm_end", BaseCallbackHandler)
    with pytest.raises(Enough):
        await call_model(route(emulator), verb, "Hello", {"callbacks": [strict, handler]})
    await handler.aflush()
    assert sink.payload["response_cost"] > 0
    assert not handler._calls


async def test_calls_with_one_run_id_are_a_payload_each(emulator: Emulator) -> None:
    sink = Sink()
    handler = LiteLLMLoggerHandler(sink)
    model, config = route(emulator), {"callbacks": [handler], "run_id": UUID(int=7)}
    texts = [f"Hello {number}" for number in range(5)]
    await asyncio.gather(*(model.ainvoke(text, config) for text in texts))
    await handler.aflush()
    payloads = [event["standard_logging_object"] for _, event, _ in sink.received]
    assert sorted(each["messages"][0]["content"] for each in payloads) == texts


@pytest.mark.parametrize("verb", VERBS)
async def test_a_failing_logger_fails_no_call_and_no_other_logger(
    emulator: Emulator, verb: str, caplog: pytest.LogCaptureFixture
) -> None:
    sink = Sink()
    await logged(route(emulator), verb, LiteLLMLoggerHandler(Broken(), sink))
    assert sink.payload["status"] == "success"
    messages = [record.message for record in caplog.records if "scout" in record.name]
    assert messages == ["Broken does not log a call: RuntimeError: disk full"]


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
async def test_a_logger_with_one_method_gets_all_calls(emulator: Emulator, verb: str) -> None:
    sink = OnlyAsync()
    await logged(route(emulator), verb, LiteLLMLoggerHandler(sink))
    assert [name for name, _, _ in sink.received] == ["async success"]


@pytest.mark.parametrize("way", ["content", "logger", "litellm"])
async def test_texts_are_left_out(
    emulator: Emulator, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "litellm":
        monkeypatch.setattr(litellm, "turn_off_message_logging", True)
    sink = Sink(turn_off_message_logging=way == "logger")
    handler = LiteLLMLoggerHandler(sink, content=way != "content")
    answer = await logged(route(emulator), "invoke", handler)
    ((_, event, response),) = sink.received
    shown = repr(event) + repr(response)
    assert SECRET_TEXT not in shown
    assert answer.text not in shown
    assert sink.payload["prompt_tokens"] > 0


async def test_calls_within_a_chain_have_its_run_as_trace(emulator: Emulator) -> None:
    sink = Sink()
    handler = LiteLLMLoggerHandler(sink)
    model = route(emulator)
    chain = RunnableLambda(lambda text: [model.invoke(text).text, model.invoke(text).text])
    chain.invoke("Hello", {"callbacks": [handler]})
    handler.flush()
    first, second = (event["standard_logging_object"] for _, event, _ in sink.received)
    assert first["trace_id"] == second["trace_id"]
    assert first["litellm_call_id"] != second["litellm_call_id"] != first["trace_id"]


@pytest.mark.parametrize("verb", VERBS)
async def test_models_of_other_packages_are_logged_too(emulator: Emulator, verb: str) -> None:
    sink = Sink()
    model = ChatOpenAI(model="gpt-4.1", api_key="k", base_url=emulator.url("openai"))
    await logged(model, verb, LiteLLMLoggerHandler(sink))
    assert sink.payload["custom_llm_provider"] == "openai"
    assert sink.payload["prompt_tokens"] == emulator.log[-1].spent.input
    assert sink.payload["response_cost"] > 0


@pytest.mark.usefixtures("handler")
def test_litellms_own_call_has_the_same_payload(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = Sink(), Sink(is_checked=False)
    logger = LiteLLMLoggerHandler(ours)
    model = route(emulator)
    model.invoke(SECRET_TEXT, {"callbacks": [logger]})
    logger.flush()
    routes = ScoutLiteLLM(routes={"fast": model})
    provider = {"provider": "scout", "custom_handler": routes}
    monkeypatch.setattr(litellm, "custom_provider_map", [provider])
    monkeypatch.setattr(litellm, "callbacks", [theirs])
    monkeypatch.setattr(litellm, "success_callback", [])
    litellm.completion("scout/fast", [{"role": "user", "content": SECRET_TEXT}])

    def logged_by_litellm() -> list[dict[str, Any]]:
        """List the payloads of this call: those of earlier tests may come late, from threads."""
        events = [event for _, event, _ in theirs.received if SECRET_TEXT in str(event["messages"])]
        return [event["standard_logging_object"] for event in events]

    until(logged_by_litellm)
    (payload,) = logged_by_litellm()
    same = ("status", "prompt_tokens", "completion_tokens", "total_tokens", "response_cost")
    same += ("messages", "call_type", "cache_hit", "status_fields")
    assert {name: ours.payload[name] for name in same} == {name: payload[name] for name in same}
    assert ours.payload.keys() >= payload.keys() & StandardLoggingPayload.__required_keys__


@pytest.fixture
def collector() -> Iterator[tuple[str, list[Any]]]:
    """Serve an endpoint that keeps what is posted to it."""
    posted: list[Any] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.extend(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/logs", posted
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_logger_of_litellm_itself_posts_the_calls(
    emulator: Emulator, collector: tuple[str, list[Any]]
) -> None:
    address, posted = collector
    sink = GenericAPILogger(endpoint=address)
    await logged(route(emulator), "ainvoke", LiteLLMLoggerHandler(sink))
    await sink.async_send_batch()
    assert [payload["model"] for payload in posted] == ["a"]
    assert posted[0]["response_cost"] > 0
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()  # the logger flushes for ever

"""Refusals: the transport and the wires raise them as they came, the adapter classifies them."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from langchain_core.messages import HumanMessage

from scout_adapters.errors import ErrorKind, ProviderError, ProviderRefusal
from scout_adapters.llm.adapters.adapter import AttemptRequest
from scout_adapters.llm.adapters.http_adapter import HttpAdapter
from scout_adapters.llm.adapters.refusal import error_from_refusal
from scout_adapters.llm.adapters.streamed_answer import StreamedAnswer
from scout_adapters.llm.timeouts import AttemptContext, Timeouts
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.http_transport import Transport
from scout_adapters.llm.types import ChatRequest

GROQ = "api.groq.com"
KEY = "gsk_CANARY7f3Zq9LmPx"
BODY = {"error": {"message": f"{KEY} is out of tokens", "code": "rate_limit_exceeded"}}
IN_BAND = {"error": {"message": "overloaded", "type": "server_error", "code": 503}}


def context() -> AttemptContext:
    return AttemptContext(
        provider="groq",
        model="m",
        key_id="fp",
        timeouts=Timeouts(),
        redact=lambda text: text.replace(KEY, "<key>"),
    )


def attempt_request(adapter: Any, *, stream: bool = False) -> AttemptRequest:
    request = ChatRequest(model="m", messages=[HumanMessage("hi")], stream=stream)
    return AttemptRequest(prepared=adapter.prepare(request), key=KEY, context=context())


@pytest.fixture
def adapter(groq: Any) -> HttpAdapter:
    http_adapter: HttpAdapter = groq().client.endpoint.adapter
    return http_adapter


@pytest.mark.parametrize("verb", ["send", "asend", "stream", "astream"])
async def test_the_transport_raises_a_refusal_as_it_came(
    verb: str, adapter: Any, providers: Any, wire: Any
) -> None:
    providers.on(GROQ, lambda _: httpx.Response(429, json=BODY, headers={"Retry-After": "7"}))
    transport, exchange = (
        Transport(providers.transport),
        adapter.exchange(attempt_request(adapter)),
    )
    with pytest.raises(ProviderRefusal) as caught:
        await sent(verb, transport, exchange)
    refusal = caught.value
    assert (refusal.status, json.loads(refusal.payload)) == (429, BODY)
    assert refusal.headers["retry-after"] == "7"
    assert KEY not in f"{refusal!r} {refusal}"


async def sent(verb: str, transport: Transport, exchange: HttpExchange) -> None:
    match verb:
        case "send":
            transport.send(exchange)
        case "asend":
            await transport.asend(exchange)
        case "stream":
            list(transport.stream(exchange))
        case _:
            [_ async for _ in transport.astream(exchange)]


async def test_the_adapter_passes_its_context_on_and_classifies_what_it_gets(
    adapter: Any, providers: Any
) -> None:
    request = attempt_request(adapter)
    assert adapter.exchange(request).context is request.context
    providers.on(GROQ, lambda _: httpx.Response(429, json=BODY, headers={"retry-after": "7"}))
    for error in (caught_in(adapter), await acaught_in(adapter)):
        assert (error.kind, error.retry_after) == (ErrorKind.RATE_LIMIT, 7)
        assert (error.provider, error.model, error.key_id) == ("groq", "m", "fp")
        assert error.phase == "headers"
        assert error.message == "<key> is out of tokens"
        assert error.__context__ is None
        assert error.__cause__ is None


async def test_an_error_inside_a_whole_answer_is_classified_with_the_answers_headers(
    adapter: Any, providers: Any
) -> None:
    headers = {"x-request-id": "req_1"}
    providers.on(GROQ, lambda _: httpx.Response(200, json=IN_BAND, headers=headers))
    for error in (caught_in(adapter), await acaught_in(adapter)):
        assert (error.kind, error.status, error.phase) == (ErrorKind.CAPACITY, 200, "first_token")
        assert error.request_id == "req_1"
        assert error.__context__ is None


def caught_in(adapter: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        adapter.send(attempt_request(adapter))
    return caught.value


async def acaught_in(adapter: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await adapter.asend(attempt_request(adapter))
    return caught.value


def answer(adapter: Any) -> StreamedAnswer:
    return StreamedAnswer(adapter, attempt_request(adapter, stream=True))


def delta(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"role": "assistant", "content": text}}]}


def test_a_streamed_answer_ends_quietly_at_a_refusal_and_raises_it_at_its_end(adapter: Any) -> None:
    streamed = answer(adapter)
    with streamed:
        raise ProviderRefusal(json.dumps(BODY).encode(), status=429, headers={})
    with pytest.raises(ProviderError) as caught:
        streamed.end()
    assert (caught.value.kind, caught.value.phase) == (ErrorKind.RATE_LIMIT, "headers")
    assert caught.value.__context__ is None
    assert KEY not in repr(vars(caught.value))


@pytest.mark.parametrize(("text", "phase"), [("", "first_token"), ("some", "mid_stream")])
def test_a_streamed_answer_names_the_phase_of_a_refusal(
    text: str, phase: str, adapter: Any
) -> None:
    streamed, event = answer(adapter), json.loads(json.dumps(IN_BAND))
    streamed.read(delta(text))
    with pytest.raises(ProviderError) as caught:
        streamed.read(event)
    assert (caught.value.kind, caught.value.phase) == (ErrorKind.CAPACITY, phase)
    assert caught.value.__context__ is None
    assert event == {}  # frames hold it, and crash reports show frames


def test_other_errors_leave_a_streamed_answer_as_they_are(adapter: Any) -> None:
    with pytest.raises(KeyError), answer(adapter):
        raise KeyError


def test_the_headers_of_a_refusal_win_over_those_of_the_answer() -> None:
    attempt = context()
    attempt.progress.headers = {"x-request-id": "of the answer"}
    ids = [
        error_from_refusal(ProviderRefusal(BODY, headers=headers), attempt).request_id
        for headers in (None, {}, {"x-request-id": "own"})
    ]
    assert ids == ["of the answer", None, "own"]

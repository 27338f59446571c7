"""The one place that touches the network: named errors, no redirects, caps, no leaks."""

from __future__ import annotations

import asyncio
import base64
import gc
import gzip
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from scout_adapters import ScoutOpenAICompatibleChatModel
from scout_adapters.errors import (
    ConfigurationError,
    ErrorKind,
    MalformedResponse,
    ProviderError,
    ProviderRefusal,
)
from scout_adapters.llm.engine.candidate import RetryBudget
from scout_adapters.llm.health.circuit_breaker import circuit
from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.timeouts import AttemptContext, Timeouts
from scout_adapters.llm.transport.body import MAX_ERROR_BYTES
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.http_transport import Transport

pytestmark = pytest.mark.usefixtures("carried")
GROQ = "api.groq.com"
CANARY = "gsk_CANARY7f3Zq9LmPx"


def exchange(url: str = "https://api.groq.com/x", timeouts: Timeouts | None = None) -> HttpExchange:
    context = AttemptContext(
        provider="groq",
        model="m",
        key_id="fp",
        timeouts=timeouts or Timeouts(),
        redact=lambda text: text.replace(CANARY, "<key>"),
    )
    return HttpExchange(
        url=url,
        headers={"Authorization": f"Bearer {CANARY}"},
        content=b"{}",
        context=context,
    )


async def run(verb: str, transport: Transport, sent: HttpExchange) -> Any:
    match verb:
        case "send":
            return transport.send(sent)
        case "asend":
            return await transport.asend(sent)
        case "stream":
            return list(transport.stream(sent))
        case _:
            return [batch async for batch in transport.astream(sent)]


@pytest.fixture(params=["send", "asend", "stream", "astream"])
def verb(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize(
    ("error", "kind", "phase"),
    [
        (httpx.ConnectError, ErrorKind.CONNECT, "pre_send"),
        (httpx.ConnectTimeout, ErrorKind.CONNECT, "pre_send"),
        (httpx.ProxyError, ErrorKind.CONNECT, "pre_send"),
        (httpx.ReadTimeout, ErrorKind.TIMEOUT_RESPONSE, "sent"),
        (httpx.WriteTimeout, ErrorKind.TIMEOUT_RESPONSE, "sent"),
        (httpx.ReadError, ErrorKind.PROTOCOL, "sent"),
        (httpx.WriteError, ErrorKind.PROTOCOL, "sent"),
        (httpx.RemoteProtocolError, ErrorKind.PROTOCOL, "sent"),
        (httpx.DecodingError, ErrorKind.PROTOCOL, "headers"),
    ],
)
async def test_httpxs_errors_become_ours_of_the_right_kind_and_phase(
    error, kind, phase, house, wire, verb
) -> None:
    house.on(GROQ, wire.fail(error))
    with pytest.raises(ProviderError) as caught:
        await run(verb, Transport(house.transport), exchange())
    assert (caught.value.kind, caught.value.phase) == (kind, phase)
    assert (caught.value.provider, caught.value.model, caught.value.key_id) == ("groq", "m", "fp")


async def test_an_address_that_is_none_is_a_configuration_error(house, verb) -> None:
    for url in ("ftp://api.groq.com/x", "https://[::1/x"):
        with pytest.raises(ConfigurationError):
            await run(verb, Transport(), exchange(url))


async def test_redirects_are_never_followed(house, wire, verb) -> None:
    house.on("evil.example", wire.say())
    moved = httpx.Response(307, headers={"location": "https://evil.example/x"})
    house.on(GROQ, lambda request: moved)
    with pytest.raises(MalformedResponse) as caught:
        await run(verb, Transport(house.transport), exchange())
    assert caught.value.status == 307
    assert house.hosts == [GROQ]


async def test_a_bomb_is_refused_before_it_has_unfolded(house, wire, verb) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    pieces = [bomb[i : i + 1000] for i in range(0, len(bomb), 1000)]
    body = wire.Pieces(pieces)
    headers = {"content-encoding": "gzip"}
    house.on(GROQ, lambda request: httpx.Response(200, headers=headers, stream=body))
    with pytest.raises(MalformedResponse):
        await run(verb, Transport(house.transport), exchange())
    assert body.given < len(pieces)
    assert body.closed


async def test_of_an_endless_error_body_only_the_beginning_is_read(house, wire, verb) -> None:
    body = wire.Pieces(b"x" * 10_000 for _ in range(1000))
    house.on(GROQ, lambda request: httpx.Response(500, stream=body))
    with pytest.raises(ProviderRefusal) as caught:
        await run(verb, Transport(house.transport), exchange())
    assert (caught.value.status, len(caught.value.payload)) == (500, MAX_ERROR_BYTES)
    assert body.given < 20
    assert body.closed


async def test_a_response_is_closed_whatever_happens(house, wire, verb) -> None:
    for status, pieces in ((200, [b"{}"]), (400, [b"{}"]), (200, [b"{rubbish"]), (204, [b""])):
        body = wire.Pieces(pieces)
        house.on(GROQ, lambda request, s=status, b=body: httpx.Response(s, stream=b))
        with suppress(ProviderError, ProviderRefusal):
            await run(verb, Transport(house.transport), exchange())
        assert body.closed, (status, pieces)


async def test_a_place_is_given_back_however_an_exchange_ends(house, wire, verb) -> None:
    zstd = {"content-encoding": "zstd"}
    ends = [
        wire.fail(httpx.ConnectError),
        lambda request: httpx.Response(200, headers=zstd, stream=wire.Pieces([b"?"])),
        lambda request: httpx.Response(400, json={}),
        lambda request: httpx.Response(200, content=b"{rubbish"),
    ]
    one = Transport(house.transport, most=1)
    sent = exchange(timeouts=Timeouts(total=0.5, first_token=0.5))
    bad_address = replace(sent, url="ftp://api.groq.com/x")
    for end in ends:
        house.on(GROQ, end)
        with suppress(ProviderError, ProviderRefusal):
            await run(verb, one, sent)
        with pytest.raises(ConfigurationError):
            await run(verb, one, bad_address)
    good = httpx.Response(200, json={"choices": []})
    house.on(GROQ, lambda request: good)
    assert await run(verb, one, sent)


def graph(error: BaseException) -> Iterator[Any]:
    """Walk all that hangs on an exception: causes, contexts, notes, arguments, attributes."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, type | int | float | bool | None):
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, BaseException):
            waiting += [found.__cause__, found.__context__, found.args]
        if isinstance(found, dict):
            waiting += [*found, *found.values()]
        elif isinstance(found, list | tuple | set | frozenset):
            waiting += found
        elif hasattr(found, "__dict__"):
            waiting += vars(found).values()
        elif hasattr(found, "__slots__"):
            waiting += [getattr(found, name, None) for name in found.__slots__]


def disguises(key: str) -> set[str]:
    coded = base64.b64encode(key.encode()).decode().rstrip("=")
    return {key[i : i + 8] for i in range(4, len(key) - 7)} | {key, quote(key), coded}


def echo(status: int) -> Any:
    """Answer with the key in the message, a header, a detail and outside of JSON."""

    def reply(request: httpx.Request) -> httpx.Response:
        error = {"message": f"Consumer 'api_key:{CANARY}' suspended", "code": CANARY}
        body = {"error": error | {"details": [{"metadata": {"consumer": CANARY}}]}}
        headers = {"x-request-id": CANARY, "retry-after": "99"}
        return httpx.Response(status, json=body, headers=headers)

    return reply


def leaks(error: BaseException) -> list[str]:
    texts = [f"{x!r} {x}" if not isinstance(x, str | bytes) else repr(x) for x in graph(error)]
    texts += traceback.format_exception(error)
    return [text[:200] for text in texts if any(part in text for part in disguises(CANARY))]


@pytest.mark.parametrize(
    "failure",
    [
        "401",
        "403",
        "429",
        "500",
        "network",
        "timeout",
        "rubbish that echoes",
        "page",
        "interrupted",
    ],
)
async def test_an_error_holds_neither_the_request_nor_the_key(
    failure, house, wire, groq, ask
) -> None:
    replies = {
        "network": wire.fail(httpx.ConnectError),
        "timeout": wire.fail(httpx.ReadTimeout),
        "rubbish that echoes": lambda request: httpx.Response(200, text=f"{{{CANARY}"),
        "page": lambda request: httpx.Response(502, html=f"<html>{CANARY}</html>"),
        "interrupted": wire.sse(wire.delta("to"), httpx.ReadError("cut")),
    }
    house.on(GROQ, replies.get(failure) or echo(int(failure)))
    with pytest.raises(ProviderError) as caught:
        await ask(groq(CANARY, max_retries=0))
    assert not [x for x in graph(caught.value) if isinstance(x, httpx.Request | httpx.Response)]
    assert leaks(caught.value) == []
    assert CANARY.encode() not in pickle.dumps(caught.value)


async def test_neither_model_nor_logs_show_a_key(house, wire, groq, ask, caplog) -> None:
    from langchain_core.load import dumps

    caplog.set_level(0)
    house.on(GROQ, echo(401))
    model = groq(CANARY, default_headers={"x-secret": CANARY})
    with pytest.raises(ProviderError):
        await ask(model)
    shown = [
        repr(model),
        str(model),
        dumps(model),
        str(model.model_dump()),
        model.model_dump_json(),
    ]
    shown += [repr(model.client), repr(model.client.keys), repr(model.client.endpoint), caplog.text]
    shown += [repr(model._identifying_params), repr(model._get_llm_string())]
    shown += [pickle.dumps(model).decode("latin1")] if not model.client._given else []
    assert [text for text in shown if any(part in text for part in disguises(CANARY))] == []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}]}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    """A real server on the loopback: real sockets are what this is about."""
    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.daemon_threads = True
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.mark.filterwarnings("error")
def test_one_model_works_in_one_event_loop_after_another_and_leaves_no_socket_open(
    server: str,
) -> None:
    transport = Transport()
    model = ScoutOpenAICompatibleChatModel(model="m", base_url=server, transport=transport)

    async def twice() -> list[str]:
        answers = await asyncio.gather(model.ainvoke("hi"), model.ainvoke("hi"))
        return [answer.text for answer in answers]

    for _ in range(4):
        assert asyncio.run(twice()) == ["hello"] * 2
    assert model.invoke("hi").text == "hello"
    transport.close()
    assert model.invoke("hi").text == "hello"
    transport.close()
    gc.collect()  # an unclosed socket would warn here, and the warning is an error
    assert len(transport._loops) == 0


def test_one_model_serves_many_threads_with_loops_of_their_own(server: str) -> None:
    transport = Transport()
    model = ScoutOpenAICompatibleChatModel(model="m", base_url=server, transport=transport)
    answers: list[str] = []

    def work() -> None:
        async def asked() -> None:
            answers.append((await model.ainvoke("hi")).text)

        asyncio.run(asked())
        answers.append(model.invoke("hi").text)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    transport.close()
    assert answers == ["hello"] * 16


def in_a_child(work: Any) -> int:
    """Fork, work in the child, and return its exit status; a child that hangs is ended."""
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def test_a_model_works_in_a_forked_child_and_still_in_the_parent(server: str) -> None:
    transport = Transport()
    model = ScoutOpenAICompatibleChatModel(model="m", base_url=server, transport=transport)
    assert model.invoke("hi").text == "hello"

    def child() -> None:
        assert model.invoke("hi").text == "hello"

    assert in_a_child(child) == 0
    assert model.invoke("hi").text == "hello"
    transport.close()


def test_a_fork_while_a_thread_holds_a_lock_does_not_hang_the_child(tmp_path: Any) -> None:
    from scout_adapters.audit import AuditLog
    from scout_adapters.llm.health import key_state

    breaker, budget = circuit("groq"), RetryBudget()
    audit = AuditLog(tmp_path / "audit.jsonl")
    pool = KeyPool("groq", [KeyState("k")])
    held = {
        "keys": key_state.health_lock,
        "circuit": breaker._lock,
        "budget": budget._lock,
        "audit": audit._lock,
    }
    used = {
        "keys": lambda: pool.lease(None, 0.0),
        "circuit": lambda: breaker.trip(0.0),
        "budget": budget.spend,
        "audit": lambda: audit.log("event"),
    }
    hung = []
    for name, lock in held.items():
        with lock:
            if in_a_child(used[name]) != 0:
                hung.append(name)
    assert hung == []

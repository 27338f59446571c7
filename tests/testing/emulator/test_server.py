"""The loopback server: many clients, clients that leave, and a clean end."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from scout_adapters.testing import Emulator, Hang, Revoked, Slow, Stall, run
from tests.support.waiting import HANG

BODY = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


def spell(path: str = "/groq/openai/v1/chat/completions", **headers: str) -> bytes:
    """Spell a request as it goes over the line."""
    body = json.dumps(BODY).encode()
    named = {"host": "x", "authorization": "Bearer k", "content-length": str(len(body)), **headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def connect(base: str) -> socket.socket:
    host, port = base.removeprefix("http://").rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=HANG)


def receive(line: socket.socket, answers: int) -> bytes:
    """Read until so many bodies have come."""
    received = b""
    while received.count(b'"x_groq"') < answers:
        piece = line.recv(65536)
        if not piece:
            break
        received += piece
    return received


def test_fifty_threads_get_their_own_answers(emulator: Emulator) -> None:
    def ask(number: int) -> str:
        body = {**BODY, "messages": [{"role": "user", "content": f"number {number}."}]}
        url = f"{emulator.url('groq')}/chat/completions"
        headers = {"authorization": f"Bearer k{number}"}
        answer = http.post(url, json=body, headers=headers).json()
        return str(answer["choices"][0]["message"]["content"])

    # With fewer keepalive connections, httpcore may close one that another thread has just got.
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=50)
    with emulator.serve(), httpx.Client(limits=limits) as http, ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(ask, range(200)))
    assert all(f"number {at}." in text for at, text in enumerate(answers))
    assert len(emulator.log) == 200
    assert len({request.number for request in emulator.log}) == 200
    assert [len(emulator.requests("groq", f"k{at}")) for at in range(200)] == [1] * 200


class Crowd:
    """A sleep that ends when so many callers sleep at once; it hangs where calls are serialized."""

    def __init__(self, size: int) -> None:
        self._size, self._here, self._full = size, 0, asyncio.Event()

    async def asleep(self, _seconds: float) -> None:
        self._here += 1
        if self._here == self._size:
            self._full.set()
        await asyncio.wait_for(self._full.wait(), HANG)


async def test_a_hundred_streams_run_at_once() -> None:
    emulator = Emulator(asleep=Crowd(100).asleep)
    emulator.script("groq", [Slow(first=0.005)] * 100)
    body = {**BODY, "stream": True}
    with emulator.serve():
        url = f"{emulator.url('groq')}/chat/completions"
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(limits=limits, timeout=HANG) as http:
            headers = {"authorization": "Bearer k"}
            requests = (http.post(url, json=body, headers=headers) for _ in range(100))
            answers = await asyncio.gather(*requests)
    assert all(answer.text.endswith("data: [DONE]\n\n") for answer in answers)
    assert all(request.finished for request in emulator.log)


def test_one_line_serves_many_requests(emulator: Emulator) -> None:
    with emulator.serve() as base, connect(base) as line:
        for _ in range(3):
            line.sendall(spell())
            assert receive(line, 1).startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(emulator.log) == 3


def test_requests_sent_ahead_are_answered_in_order(emulator: Emulator) -> None:
    emulator.script("groq", [Slow(first=0.02), None])
    with emulator.serve() as base, connect(base) as line:
        line.sendall(spell() + spell())
        assert receive(line, 2).count(b"HTTP/1.1 200 OK") == 2
    assert [request.fault for request in emulator.log] == ["Slow", None]


def test_a_request_may_come_in_drops_and_in_chunks(emulator: Emulator) -> None:
    whole = spell()
    head, body = whole.split(b"\r\n\r\n")
    length = f"content-length: {len(body)}".encode()
    head = head.replace(length, b"transfer-encoding: chunked")
    chunks = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (5, body[:5], len(body) - 5, body[5:])
    with emulator.serve() as base, connect(base) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(whole), 40):
            line.sendall(whole[at : at + 40])
            time.sleep(0.0005)
        assert b" 200 OK" in receive(line, 1)
        line.sendall(head + b"\r\n\r\n" + chunks)
        assert b" 200 OK" in receive(line, 1)
    assert [request.body for request in emulator.log] == [BODY, BODY]


def test_a_client_may_ask_to_go_on_and_to_close(emulator: Emulator) -> None:
    with emulator.serve() as base, connect(base) as line:
        line.sendall(spell(expect="100-continue", connection="close"))
        received = receive(line, 1)
        assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
        assert line.recv(1) == b""


def test_a_head_without_an_end_is_hung_up_on(emulator: Emulator) -> None:
    with emulator.serve() as base, connect(base) as line:
        with pytest.raises(ConnectionError):
            line.sendall(b"x" * 100_000_000)
        assert emulator.log == []


def test_a_client_that_leaves_in_the_middle_is_noticed(emulator: Emulator) -> None:
    emulator.script("groq", [Stall(4)])  # however late this thread leaves, more is to come
    with emulator.serve(), httpx.Client() as http:
        url = f"{emulator.url('groq')}/chat/completions"
        headers = {"authorization": "Bearer k"}
        body = {**BODY, "stream": True}
        with http.stream("POST", url, json=body, headers=headers) as answer:
            pieces = answer.iter_lines()
            received = [next(pieces) for _ in range(5)]
        assert emulator.settle(HANG)
        logged = emulator.log[0]
    assert any(received)
    assert not logged.finished
    assert logged.billed
    assert 0 < logged.output_tokens < 15


def test_a_client_that_leaves_before_the_answer_is_billed_for_it(emulator: Emulator) -> None:
    emulator.script("groq", [Slow(first=HANG)])
    with emulator.serve() as base:
        with connect(base) as line:
            line.sendall(spell())
            while not emulator.log:
                time.sleep(0.001)
        assert emulator.settle(HANG)
    logged = emulator.log[0]
    assert (logged.finished, logged.billed, logged.output_tokens) == (False, True, 15)


def test_the_end_leaves_no_thread_and_no_socket(emulator: Emulator) -> None:
    before = {*threading.enumerate()}
    emulator.script("groq", [None, Hang(), Slow(first=10 * HANG)])
    lines = []
    with emulator.serve() as base:
        lines = [connect(base) for _ in range(3)]
        for line in lines:
            line.sendall(spell())
        while len(emulator.log) < 3:
            time.sleep(0.001)
        start = time.perf_counter()
    assert time.perf_counter() - start < HANG  # and not the time of the slow answer
    assert {*threading.enumerate()} <= before  # one of an earlier test may end meanwhile
    for line in lines:
        try:
            while line.recv(65536):
                pass
        except ConnectionResetError:
            pass
        line.close()
    assert emulator.settle(0)
    with pytest.raises(ConnectionRefusedError):
        connect(base)
    gc.collect()


def test_a_server_can_be_started_again_elsewhere(emulator: Emulator) -> None:
    with emulator.serve() as first:
        assert emulator.url("groq").startswith(first)
    with emulator.serve():
        url = f"{emulator.url('groq')}/chat/completions"
        assert httpx.post(url, json=BODY, headers={"authorization": "Bearer k"}).status_code == 200
    assert emulator.url("groq") == "http://emulator.test/groq/openai/v1"


def test_a_port_that_is_taken_is_an_error(emulator: Emulator) -> None:
    with emulator.serve() as base:
        port = int(base.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="address already in use"), Emulator().serve(port=port):
            pass
        assert sum(thread.name == "emulator" for thread in threading.enumerate()) == 1


def test_run_serves_until_it_is_interrupted() -> None:
    seen = []

    def start(base: str) -> None:
        url = f"{base}/groq/openai/v1/chat/completions"
        seen.append(httpx.post(url, json=BODY, headers={"authorization": "Bearer bad"}).status_code)
        raise KeyboardInterrupt

    run(port=0, on_start=start, emulator=Emulator({"groq": {"bad": Revoked()}}))
    assert seen == [401]


def test_run_ends_well_at_an_interrupt() -> None:
    seen = []

    def start(base: str) -> None:
        seen.append(base)
        main = threading.main_thread().ident
        assert main is not None
        threading.Timer(0.05, signal.pthread_kill, (main, signal.SIGINT)).start()

    # A process that was started in the background of a shell ignores the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run(port=0, on_start=start)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen
    with pytest.raises(ConnectionRefusedError):
        connect(seen[0])


def test_a_plain_answer_waits_for_no_acknowledgement(emulator: Emulator) -> None:
    with emulator.serve() as base, connect(base) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request, seconds = spell(), []
        for _ in range(200):
            start = time.perf_counter()
            line.sendall(request)
            receive(line, 1)
            seconds.append(time.perf_counter() - start)
    # A delayed acknowledgement costs 40 ms each time; the best tenth, as the machine may be busy.
    assert sorted(seconds)[20] < 0.02


@pytest.mark.parametrize("provider", ["groq", "anthropic", "google"])
def test_each_event_travels_alone(served: Any, provider: str) -> None:
    served.emulator.script(provider, [Slow(between=0.003)])
    kinds = {"groq": "/chat/completions", "anthropic": "/v1/messages"}
    verb = "/v1beta/models/gemini-x:streamGenerateContent?alt=sse"
    url = served.emulator.url(provider) + kinds.get(provider, verb)
    headers = {"authorization": "Bearer k", "x-api-key": "k", "x-goog-api-key": "k"}
    headers["anthropic-version"] = "2023-06-01"
    contents = [{"role": "user", "parts": [{"text": "Hello"}]}]
    body = {**BODY, "stream": True, "max_tokens": 99}
    if provider == "google":
        body = {"contents": contents}
    with served.http.stream("POST", url, json=body, headers=headers) as answer:
        pieces = list(answer.iter_raw())
    assert len(pieces) == sum(piece.count(b"\n\n") + piece.count(b"\r\n\r\n") for piece in pieces)

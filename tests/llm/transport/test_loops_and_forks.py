"""One model in event loops, threads and forked processes, over real sockets."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scout_adapters import ScoutGroqChatModel, ScoutOpenAICompatibleChatModel
from scout_adapters.llm.engine.candidate import RetryBudget
from scout_adapters.llm.health.circuit_breaker import circuit
from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.transport.http_transport import Transport
from scout_adapters.testing import Emulator
from tests.support.waiting import HANG, until

pytestmark = pytest.mark.usefixtures("carried")


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


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    """With the usual 5, the kernel makes some of many callers wait a second or more."""


@pytest.fixture
def server() -> Iterator[str]:
    """A real server on the loopback: real sockets are what this is about."""
    served = Server(("127.0.0.1", 0), Handler)
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
        async def call_all() -> None:
            answers.append((await model.ainvoke("hi")).text)

        asyncio.run(call_all())
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
        signal.setitimer(signal.ITIMER_REAL, HANG)
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
    locked = {
        "keys": key_state.health_lock,
        "circuit": breaker.lock,
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
    for name, lock in locked.items():
        with lock:
            if in_a_child(used[name]) != 0:
                hung.append(name)
    assert hung == []


def descriptors() -> int:
    for _ in range(3):
        gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors in /proc")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_models_with_transports_of_their_own_leave_nothing_when_they_go(server: str) -> None:
    async def ask(model: Any) -> None:
        await model.ainvoke("hi")

    def use() -> None:
        model = ScoutOpenAICompatibleChatModel(
            model="m", base_url=server, transport=Transport(trust_env=False)
        )
        model.invoke("hi")
        asyncio.run(ask(model))

    use()
    before = descriptors()
    for _ in range(100):
        use()
    # The server's threads may still be closing theirs.
    until(lambda: descriptors() - before <= 2)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors in /proc")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_event_loops_that_are_abandoned_leave_nothing(
    server: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    transport = Transport(trust_env=False)
    model = ScoutOpenAICompatibleChatModel(model="m", base_url=server, transport=transport)

    def abandon() -> None:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(model.ainvoke("hi"))

    def in_thread() -> None:
        thread = threading.Thread(target=abandon)
        thread.start()
        thread.join()

    in_thread()
    before = descriptors()
    capsys.readouterr(), caplog.clear()  # what other tests had left was collected as well
    for _ in range(50):
        in_thread()
    until(lambda: descriptors() - before <= 2)  # as above
    assert "Unclosed" not in capsys.readouterr().err + caplog.text


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_half_read_stream_of_an_abandoned_loop_leaves_no_message(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    emulator = Emulator()
    gc.collect()
    capsys.readouterr(), caplog.clear()  # of what other tests had left

    def abandon() -> None:
        async def begin() -> Any:
            stream = model.astream("Tell a long story")
            await anext(stream)
            return stream

        asyncio.new_event_loop().run_until_complete(begin())

    with emulator.serve():
        model = ScoutGroqChatModel(api_key="k", base_url=emulator.url("groq"))
        for _ in range(30):
            thread = threading.Thread(target=abandon)
            thread.start()
            thread.join()
        gc.collect()
    assert "Unclosed" not in capsys.readouterr().err + caplog.text

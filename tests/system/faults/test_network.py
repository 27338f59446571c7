"""Faults below HTTP: names, connections, certificates, proxies, pools. Rows 1 to 9."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing
from typing import Any

import pytest

from scout_adapters._internal.clock import Clock
from scout_adapters.errors import CannotConnect, MalformedResponse, ProviderTimeout, ScoutError
from scout_adapters.llm.transport.http_transport import Transport
from scout_adapters.llm.transport.network_options import load_tls_context, tls_context
from scout_adapters.testing import Slow
from tests.support.waiting import HANG, until
from tests.system.faults.play import Case, Play
from tests.system.faults.sockets import (
    CERTIFICATES,
    accepting,
    answering,
    blackhole,
    certified,
    ignore,
    refusing,
    reset,
    slam,
)
from tests.system.faults.witness import spent

pytestmark = pytest.mark.usefixtures("carried")
Stage = Callable[..., Play]
PASSWORD = "pw-of-the-proxy-7"


async def nothing(seconds: float) -> None:
    await asyncio.sleep(0)


REAL = Clock(now=time.monotonic, sleep=lambda _: None, asleep=nothing, random=lambda: 0.5)


@pytest.fixture
def network() -> Transport:
    return Transport()


@pytest.fixture
def groq_at(play: Stage, network: Transport) -> Callable[..., Play]:
    """Put Groq at some address, and another provider behind it that answers."""

    def make(verb: str, url: str, **more: Any) -> Play:
        case = Case(route=more.pop("route", ("groq:a", "openai:a")))
        more.setdefault("network", network)
        return play(verb, case=case, base={"groq": url}, **more)

    return make


@pytest.mark.fault(1)
async def test_an_unknown_host_name_is_tried_again_and_then_passed_over(
    verb: str, groq_at: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    stage = await groq_at(verb, "https://nowhere.invalid").ask()
    assert stage.outcomes == ["groq:a connect"] * 3 + ["openai:a ok"]
    assert (stage.asked, stage.time.slept, spent()) == (["openai:a"], [0.375, 0.75], 2)
    assert [one["billed"] for one in stage.attempts] == ["no", "no", "no", "yes"]
    assert (stage.state("groq:a").failures, stage.circuit("groq").faults) == (0, 3)
    await stage.clean()
    assert (await stage.ask()).outcomes == ["groq:a connect"] * 2 + ["openai:a ok"]
    assert (await stage.ask()).skipped == ["groq: circuit open"]
    await stage.clean()


@pytest.mark.fault(2)
async def test_a_refused_connection_takes_no_time(verb: str, groq_at: Stage) -> None:
    tls_context()
    with refusing() as port:
        stage = groq_at(verb, f"http://127.0.0.1:{port}", clock=REAL)
        await stage.ask(timeout=(2 * HANG, 2 * HANG))
    assert stage.outcomes == ["groq:a connect"] * 3 + ["openai:a ok"]
    assert max(one["latency_s"] for one in stage.attempts[:3]) < HANG
    assert (stage.state("groq:a").failures, stage.circuit("groq").faults) == (0, 3)
    assert stage.asked == ["openai:a"]
    await stage.clean()


@pytest.mark.fault(3)
async def test_a_connection_that_is_never_accepted_ends_in_time_and_is_not_the_keys_fault(
    verb: str, groq_at: Stage
) -> None:
    with blackhole() as port:
        stage = groq_at(verb, f"http://127.0.0.1:{port}", clock=REAL)
        await stage.ask(timeout=(0.2, 2 * HANG), max_retries=0)
    assert stage.outcomes == ["groq:a connect", "openai:a ok"]
    assert 0.15 < stage.attempts[0]["latency_s"] < HANG
    assert "ConnectTimeout" in stage.attempts[0]["reason"]
    assert stage.state("groq:a").failures == 0
    await stage.clean()


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trust the authority behind the test's certificates."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "ca.pem"))
    load_tls_context.cache_clear()
    yield
    load_tls_context.cache_clear()


@pytest.mark.fault(4)
@pytest.mark.parametrize(
    ("name", "message"), [("expired", "certificate has expired"), ("elsewhere", "mismatch")]
)
async def test_a_bad_certificate_is_named_and_not_asked_twice(
    verb: str, name: str, message: str, groq_at: Stage, trusted: None
) -> None:
    with accepting(answering(b""), certified(name)) as server:
        url = f"https://localhost:{server.port}"
        stage = await groq_at(verb, url, route=("groq:a",)).ask()
        assert server.accepted == 1
    assert type(stage.error) is CannotConnect
    assert message in str(stage.error)
    assert (stage.outcomes, stage.attempts[0]["code"]) == (["groq:a connect"], "certificate")
    assert (stage.time.slept, spent(), stage.state("groq:a").failures) == ([], 0, 0)
    await stage.clean()


@pytest.mark.fault(4)
async def test_a_server_that_speaks_no_tls_is_no_connection(verb: str, groq_at: Stage) -> None:
    def speak(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.close()

    with accepting(speak) as server:
        stage = groq_at(verb, f"https://localhost:{server.port}")
        await stage.ask(max_retries=0)
        assert server.accepted == 1
    assert stage.outcomes == ["groq:a connect", "openai:a ok"]
    assert stage.attempts[0]["billed"] == "no"
    await stage.clean()


@pytest.mark.fault(5)
async def test_a_reset_before_the_answer_may_have_been_paid_for(verb: str, groq_at: Stage) -> None:
    with accepting(reset) as server:
        stage = groq_at(verb, f"http://127.0.0.1:{server.port}", route=("groq:a",))
        await stage.ask(max_retries=1)
        assert server.accepted == 2
    assert type(stage.error) is MalformedResponse
    assert stage.outcomes == ["groq:a protocol"] * 2
    assert {one["billed"] for one in stage.attempts} == {"unknown"}
    assert (stage.time.slept, spent(), stage.state("groq:a").failures) == ([0.375], 1, 0)
    await stage.clean()


@pytest.mark.fault(5)
async def test_a_reset_is_free_only_where_nothing_was_sent(verb: str, groq_at: Stage) -> None:
    """The order of the reset and the first byte is not defined."""
    with accepting(slam) as server:
        stage = groq_at(verb, f"http://127.0.0.1:{server.port}", route=("groq:a",))
        await stage.ask(max_retries=0)
        assert server.accepted == 1
    (only,) = stage.attempts
    assert (only["outcome"], only["billed"]) in {("connect", "no"), ("protocol", "unknown")}
    await stage.clean()


@pytest.mark.fault(6)
async def test_a_request_that_is_never_read_may_have_been_paid_for(
    verb: str, groq_at: Stage
) -> None:
    with accepting(ignore) as server:
        stage = groq_at(verb, f"http://127.0.0.1:{server.port}", route=("groq:a",))
        await stage.ask("x" * 12_000_000, timeout=(HANG, 0.5))
        until(lambda: server.accepted)  # the kernel had accepted it, its thread may come later
        assert server.accepted == 1
    assert type(stage.error) is ProviderTimeout
    assert stage.error.phase == "sent"
    assert [(one["outcome"], one["billed"]) for one in stage.attempts] == [
        ("timeout_response", "unknown")
    ]
    assert stage.time.slept == []
    await stage.clean()


@pytest.fixture
def dead_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Set a proxy that is not there; return it as it may be named."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with refusing() as port:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://user:{PASSWORD}@127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"


@pytest.mark.fault(7)
async def test_a_dead_proxy_is_named_without_its_password(
    verb: str, groq_at: Stage, dead_proxy: str
) -> None:
    stage = groq_at(verb, "https://api.groq.com/openai/v1", route=("groq:a",))
    await stage.ask(max_retries=0)
    assert type(stage.error) is CannotConnect
    assert f"through the proxy {dead_proxy}" in str(stage.error)
    shown = [repr(stage.error), str(stage.error), *stage.heard.lines, str(stage.heard.audited)]
    assert not any(PASSWORD in text or "user:" in text for text in shown)
    await stage.clean()


@pytest.mark.fault(7)
async def test_a_proxy_is_passed_by_where_the_environment_is_not_trusted(
    verb: str, play: Stage, dead_proxy: str
) -> None:
    stage = play(verb, base={"groq": ""}, network=Transport(trust_env=False))
    with stage.emulator.serve():
        stage = moved(stage)
        await stage.ask()
        assert stage.outcomes == ["groq:a ok"]
        assert stage.asked == ["groq:a"]
        await stage.clean()


def moved(stage: Play) -> Play:
    """Point the model at the emulator's new address."""
    stage.serve_at({"groq": stage.emulator.url("groq")})
    return stage


async def ask_while_one_is_open(stage: Play, **options: Any) -> None:
    """Make a call while an unfinished answer keeps its connection."""
    if stage.verb in {"invoke", "stream"}:
        with closing(stage.model.stream("hi")) as stream:
            next(stream)
            await stage.ask(**options)
        return
    async with aclosing(stage.model.astream("hi")) as async_stream:
        await anext(async_stream)
        await stage.ask(**options)


@pytest.mark.fault(8)
async def test_our_own_full_pool_is_no_fault_of_the_provider(verb: str, play: Stage) -> None:
    one = Transport(max_concurrent=1)
    stage = play(verb, base={"groq": ""}, network=one)
    with stage.emulator.serve():
        await ask_while_one_is_open(moved(stage), timeout=0.2)
        assert stage.outcomes == ["groq:a queue_full"] * 3
        assert {row["billed"] for row in stage.attempts} == {"no"}
        assert isinstance(stage.error, ProviderTimeout)
        assert len(stage.emulator.log) == 1
        assert (stage.circuit("groq").faults, stage.state("groq:a").failures) == (0, 0)
        assert (await stage.ask()).outcomes == ["groq:a ok"]
        await stage.clean()


@pytest.mark.fault(9)
async def test_a_thousand_calls_over_ten_connections_end_by_their_deadline(
    verb: str, play: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "httpcore")  # or the test would measure what logging costs
    ten = Transport(max_concurrent=10)
    options = {"deadline": 2.5, "max_retries": 0}
    stage = play(verb, base={"groq": ""}, network=ten, options=options, clock=REAL)
    stage.emulator.script("groq", [Slow(first=0.1)] * 1000)
    with stage.emulator.serve():
        moved(stage)
        async with asyncio.timeout(HANG):
            ends = await asyncio.gather(*(ended(stage) for _ in range(1000)))
        assert ends.count("ok") <= len(stage.emulator.log) < 1000
        # Which of these ends a call has depends on where it was when its time was over.
        late = {"queue_full", "connect", "timeout_response", "stream_interrupted", "none"}
        assert set(ends) <= {"ok", *late}
        assert (stage.circuit("groq").faults, stage.state("groq:a").failures) == (0, 0)
        assert (await stage.ask(deadline=None)).outcomes == ["groq:a ok"]
        await stage.clean()


async def ended(stage: Play) -> str:
    """Make one call of many; return how it ended."""
    try:
        if stage.verb == "ainvoke":
            await stage.model.ainvoke("hi")
        else:
            assert [chunk async for chunk in stage.model.astream("hi")]
    except ScoutError as error:
        return error.attempts[-1]["outcome"] if error.attempts else "none"
    return "ok"

"""Processes that fork, die, or have no room to write: rows 72 and 85 to 88."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from langchain_core.callbacks import BaseCallbackHandler

from scout_adapters import ScoutGroqChatModel
from scout_adapters.llm.pricing import price_list
from scout_adapters.llm.transport.http_transport import Transport
from scout_adapters.testing import Hang, RateLimited, Revoked, ServerError, Slow, Stall
from tests.support.processes import environment
from tests.support.verbs import call_model
from tests.support.waiting import HANG, until
from tests.support.warm_process import Child, WarmProcess
from tests.system.faults.play import Case, Play, key_named
from tests.system.faults.witness import held_resources

Stage = Callable[..., Play]
MODEL = "openai/gpt-oss-120b"
FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
SCRIPT = """
import asyncio, pickle, sys
model, verb = pickle.loads(sys.stdin.buffer.read())
async def astream():
    return [chunk async for chunk in model.astream("hi")]
match verb:
    case "invoke": answer = model.invoke("hi")
    case "ainvoke": answer = asyncio.run(model.ainvoke("hi"))
    case "stream": *_, answer = model.stream("hi")
    case _: *_, answer = asyncio.run(astream())
print("answered", bool(answer.response_metadata["scout"]["key_id"]))
"""


def in_a_child(work: Callable[[], None], seconds: float = HANG) -> int:
    """Fork, work in the child, and return how it ended; one that hangs is ended."""
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


@pytest.fixture
def serving(play: Stage) -> Iterator[Callable[..., Play]]:
    """Return a model at the loopback emulator, for calls from other processes too."""
    stages: list[Play] = []

    def make(verb: str, **more: Any) -> Play:
        stage = play(verb, base={"groq": ""}, network=Transport(), **more)
        server = stage.emulator.serve()
        server.__enter__()
        stages.append(stage)
        closers.append(server)
        stage.serve_at({"groq": stage.emulator.url("groq")})
        return stage

    closers: list[Any] = []
    yield make
    for server in closers:
        server.__exit__(None, None, None)


@FORKS
@pytest.mark.fault(72)
def test_children_of_a_busy_process_ask_on_their_own(verb: str, serving: Stage) -> None:
    """Another thread makes calls all the time, so that a lock may be held at the fork."""
    logging.disable()  # pytest's own log file is not to be forked in the middle of a line
    stage = serving(verb)
    over = threading.Event()

    def hammer() -> None:
        while not over.is_set():
            asyncio.run(call_model(stage.model, verb, "from the parent"))

    busy = threading.Thread(target=hammer)
    busy.start()
    # CPython leaves modules locked in a child that is forked while another thread imports them.
    until(lambda: len(stage.emulator.log) > 1)
    try:
        ends = [in_a_child(lambda: asking(stage, "from a child")) for _ in range(5)]
    finally:
        over.set()
        busy.join()
        logging.disable(logging.NOTSET)
    assert ends == [0] * 5
    sent = [one.body["messages"][-1]["content"] for one in stage.emulator.log]
    assert sent.count("from a child") == 5
    asyncio.run(stage.clean())


def asking(stage: Play, text: str) -> None:
    assert asyncio.run(call_model(stage.model, stage.verb, text)).text.endswith(text)


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmProcess]:
    """Start a process that has imported the package, and made nothing of it."""
    with WarmProcess("asyncio", "pickle", "scout_adapters.chat_models.providers") as process:
        yield process


@contextmanager
def spawned(warm: WarmProcess, stage: Play) -> Iterator[Child]:
    """Start a process that loads the pickled model and makes a call."""
    model = ScoutGroqChatModel(model=MODEL, base_url=stage.emulator.url("groq"))
    env = environment(GROQ_API_KEYS=key_named("groq:a"))
    with warm.start(SCRIPT, env=env) as process:
        process.stdin.write(pickle.dumps((model, stage.verb)))
        process.stdin.close()
        yield process


@pytest.mark.fault(72)
def test_a_model_that_is_pickled_to_a_new_process_makes_calls_there(
    verb: str, serving: Stage, warm: WarmProcess
) -> None:
    stage = serving(verb)
    with spawned(warm, stage) as process:
        assert process.stdout.read() == b"answered True\n", process.errors
    assert stage.asked == ["groq:a"]
    asyncio.run(stage.clean())


def killed(warm: WarmProcess, stage: Play) -> None:
    """Start a process, kill it when its request has come and its answer hangs."""
    with spawned(warm, stage) as process:
        until(lambda: stage.emulator.log or process.poll() is not None)
        time.sleep(0.1)
        process.kill()
        process.wait()


@pytest.mark.fault(85)
def test_after_kill_9_every_request_has_its_intent(
    verb: str, serving: Stage, warm: WarmProcess
) -> None:
    stage = serving(verb)
    streams = verb in {"stream", "astream"}
    stage.emulator.script("groq", [Stall(after=4, seconds=HANG) if streams else Hang(HANG)])
    killed(warm, stage)
    assert stage.asked == ["groq:a"]
    assert stage.heard.audited.endswith(b"\n")
    assert [row["event"] for row in stage.heard.rows] == ["llm_intent"]
    assert key_named("groq:a").encode() not in stage.heard.audited


@pytest.mark.fault(86)
async def test_what_cannot_be_audited_is_not_sent(
    verb: str, play: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCOUT_AUDIT_PATH", "/dev/full")
    stage = play(verb)
    assert isinstance((await stage.ask()).error, OSError)
    assert stage.emulator.log == []
    assert held_resources() == []


@FORKS
@pytest.mark.fault(86)
def test_a_disk_that_fills_up_tears_no_row_that_counts(
    verb: str, serving: Stage, tmp_path: Path
) -> None:
    stage = serving(verb)

    def fill() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
        for _ in range(100):
            try:
                asyncio.run(call_model(stage.model, verb, "hi"))
            except OSError:
                return
        raise AssertionError

    assert in_a_child(fill) == 0
    lines = stage.heard.audited.split(b"\n")
    rows = []
    for line in lines:
        with suppress(orjson.JSONDecodeError):
            rows.append(orjson.loads(line))
    assert len(lines) - len(rows) <= 2  # what is torn stands on a line of its own, the last
    intents = [row for row in rows if row["event"] == "llm_intent"]
    assert len(stage.emulator.log) <= len(intents)


class Raises(BaseCallbackHandler):
    """A listener that cannot hold anything."""

    def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        raise ValueError("listener")

    def on_llm_new_token(self, *args: Any, **kwargs: Any) -> None:
        raise ValueError("listener")

    def on_llm_end(self, *args: Any, **kwargs: Any) -> None:
        raise ValueError("listener")

    def on_retry(self, *args: Any, **kwargs: Any) -> None:
        raise ValueError("listener")

    def on_custom_event(self, *args: Any, **kwargs: Any) -> None:
        raise ValueError("listener")


@pytest.mark.fault(87)
async def test_a_callback_that_raises_changes_nothing(verb: str, play: Stage) -> None:
    case = Case(
        script={"groq:a": (ServerError(),)},
        outcomes=("groq:a server_error", "groq:a ok"),
    )
    stage = play(verb, case=case)
    await stage.ask(config={"callbacks": [Raises()]})
    assert stage.outcomes == list(case.outcomes)
    await stage.clean()


class Auditor(BaseCallbackHandler):
    """An audit that fails at the start or at the end of an attempt."""

    def __init__(self, at: str) -> None:
        self.at = at

    def on_scout_attempt_start(self, run: Any, attempt: Any) -> None:
        if self.at == "start":
            raise OSError("the audit's disk is full")

    def on_scout_attempt_end(self, run: Any, record: Any) -> None:
        if self.at == "end":
            raise OSError("the audit's disk is full")


@pytest.mark.fault(87)
@pytest.mark.parametrize("at", ["start", "end"])
async def test_an_audit_that_raises_stops_the_call_and_holds_nothing(
    verb: str, at: str, play: Stage
) -> None:
    stage = play(verb)
    await stage.ask(config={"callbacks": [Auditor(at)]})
    assert isinstance(stage.error, OSError)
    assert len(stage.emulator.log) == (0 if at == "start" else 1)
    assert held_resources() == []
    assert stage.transport.open_answers == 0


class Broken(logging.Handler):
    """A log handler that raises."""

    def emit(self, record: logging.LogRecord) -> None:
        raise ValueError("log handler")


@pytest.fixture
def broken_log() -> Iterator[None]:
    handler, logger = Broken(), logging.getLogger("scout_adapters")
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)


@pytest.mark.fault(87)
async def test_a_log_handler_that_raises_changes_nothing(
    verb: str, play: Stage, broken_log: None
) -> None:
    case = Case(
        route=("groq:abc", "openai:a"),
        script={"groq:a": (Revoked(),), "groq:b": (RateLimited(5),), "groq:c": (ServerError(),)},
        outcomes=("groq:a auth_invalid", "groq:b rate_limit", "groq:c server_error", "groq:c ok"),
    )
    stage = play(verb, case=case)
    await stage.ask()
    assert stage.outcomes == list(case.outcomes)
    await stage.clean()


@pytest.mark.fault(88)
async def test_a_model_without_a_price_has_an_unknown_cost(verb: str, play: Stage) -> None:
    stage = play(verb)
    await stage.ask(model="groq/made-up")
    assert (stage.scout["cost_usd"], stage.scout["cost_source"]) == (None, None)
    (row,) = [one for one in stage.heard.rows if one["event"] == "llm_attempt"]
    assert "cost" not in row
    assert row["output_t"] > 0
    await stage.clean()


@pytest.mark.fault(88)
async def test_a_price_that_changes_meanwhile_counts_as_it_is_at_the_end(
    verb: str, play: Stage
) -> None:
    def dearer(seconds: float = 0) -> None:
        price_list.PRICING["groq"] = {MODEL: {"input": 0.0, "output": 1000.0}}

    async def adearer(seconds: float) -> None:
        dearer()

    price_list.PRICING["groq"] = {MODEL: {"input": 0.0, "output": 1.0}}
    stage = play(verb, emulator={"sleep": dearer, "asleep": adearer})
    stage.emulator.script("groq", [Slow(first=1)])
    await stage.ask()
    assert stage.answer is not None
    tokens = stage.answer.usage_metadata["output_tokens"]  # type: ignore[index]  # it is counted
    assert stage.scout["cost_usd"] == pytest.approx(tokens)
    (row,) = [one for one in stage.heard.rows if one["event"] == "llm_attempt"]
    assert row["cost"] == stage.scout["cost_usd"]
    await stage.clean()

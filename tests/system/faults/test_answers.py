"""Faults that only a socket shows: informational answers, headers, lines that stay open.

Rows 39 to 41, 46, 47, 55, 62 and 63.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, closing, suppress
from typing import Any

import pytest

from scout_adapters.errors import StreamInterrupted
from scout_adapters.llm.timeouts import Timeouts
from scout_adapters.llm.transport.http_transport import Transport
from scout_adapters.testing import Fault, Raw, Redirect, Slow, Stall
from scout_adapters.testing.http_messages import dumps
from tests.support.waiting import HANG
from tests.system.faults.cases.bodies import answer
from tests.system.faults.play import Case, Play
from tests.system.faults.sockets import accepting, answering
from tests.system.faults.witness import held_resources, idle

Stage = Callable[..., Play]
BODY = dumps(answer())
GOOD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n"
LONG = "word " * 1000
"""A question whose answer, which repeats it, takes minutes with a pause after each word."""


@pytest.fixture
def served(play: Stage) -> Callable[..., Any]:
    """Return a model at the loopback emulator, whose next answers are faults."""

    def make(verb: str, *faults: Fault, **more: Any) -> Play:
        stage = play(verb, base={"groq": ""}, network=Transport(), **more)
        stage.emulator.script("groq", faults)
        return stage

    return make


@pytest.mark.fault(39)
async def test_a_redirect_brings_nothing_to_the_other_server(
    verb: str, served: Stage, play: Stage
) -> None:
    other = play(verb).emulator
    with other.serve():
        stage = served(verb, Redirect(f"{other.url('groq')}/chat/completions"))
        with stage.emulator.serve():
            stage.serve_at({"groq": stage.emulator.url("groq")})
            await stage.ask()
            assert stage.outcomes == ["groq:a protocol"]
            assert (len(stage.emulator.log), other.log) == (1, [])
            await stage.clean()


@pytest.mark.fault(40)
@pytest.mark.parametrize(
    "before",
    [(CONTINUE,), (HINTS,) * 3, (CONTINUE, HINTS, CONTINUE), (HINTS * 100,) * 50],
    ids=["continue", "hints", "both", "flood"],
)
async def test_answers_before_the_answer_are_passed_over(
    verb: str, before: tuple[bytes, ...], play: Stage
) -> None:
    with accepting(answering(*before, GOOD)) as server:
        base = {"groq": f"http://127.0.0.1:{server.port}"}
        stage = play(verb, base=base, network=Transport())
        await stage.ask()
        assert stage.outcomes == ["groq:a ok"]
        assert server.accepted == 1
        await stage.clean()


@pytest.mark.fault(41)
async def test_headers_without_measure_are_a_broken_answer(verb: str, play: Stage) -> None:
    head = b"HTTP/1.1 200 OK\r\nx-long: " + b"x" * 2**20
    with accepting(answering(head, b"\r\n\r\n")) as server:
        base = {"groq": f"http://127.0.0.1:{server.port}"}
        stage = play(verb, base=base, network=Transport())
        await stage.ask(max_retries=0)
    assert stage.outcomes == ["groq:a protocol"]
    assert len(str(stage.error)) < 1000
    await stage.clean()


@pytest.mark.fault(41)
async def test_ten_thousand_small_headers_are_read(verb: str, served: Stage) -> None:
    many = tuple((f"x{at}", "y") for at in range(8000))
    kind = {"content-type": "application/json"}
    stage = served(verb, Raw(body=BODY, headers=kind, besides=many))
    with stage.emulator.serve():
        stage.serve_at({"groq": stage.emulator.url("groq")})
        assert (await stage.ask()).outcomes == ["groq:a ok"]
        await stage.clean()


async def timed(stage: Play) -> float:
    with stage.emulator.serve():
        stage.serve_at({"groq": stage.emulator.url("groq")})
        began = time.monotonic()
        await stage.ask(max_retries=0)
        took = time.monotonic() - began
        await stage.clean()
    return took


@pytest.mark.fault(46)
async def test_a_first_token_that_does_not_come_ends_in_its_own_time(
    verb: str, served: Stage
) -> None:
    options = {"timeout": Timeouts(first_token=0.3, idle=HANG)}
    stage = served(verb, Slow(lull=HANG), options=options)
    assert await timed(stage) < HANG / 2
    assert stage.outcomes == ["groq:a timeout_response"]


@pytest.mark.fault(47)
async def test_a_silence_between_words_ends_in_its_own_time(verb: str, served: Stage) -> None:
    options = {"timeout": Timeouts(first_token=HANG, idle=1.0)}
    stage = served(verb, Stall(after=4, seconds=HANG), options=options)
    assert await timed(stage) < HANG / 2
    assert stage.outcomes == ["groq:a stream_interrupted"]
    assert isinstance(stage.error, StreamInterrupted)
    assert stage.error.partial.text == "This is the "


@pytest.mark.fault(55)
async def test_a_stream_ends_at_its_last_event_though_the_line_stays_open(
    verb: str, served: Stage
) -> None:
    stage = served(verb, Stall(after=None, seconds=HANG))
    assert await timed(stage) < HANG / 2
    assert stage.outcomes == ["groq:a ok"]
    assert not stage.emulator.log[0].finished  # we hung up


@pytest.mark.fault(63)
async def test_a_slow_reader_is_no_silence_of_the_server(verb: str, served: Stage) -> None:
    options = {"timeout": Timeouts(first_token=HANG, idle=1.0)}
    stage = served(verb, options=options)  # all that is read after a pause has come by then
    with stage.emulator.serve():
        stage.serve_at({"groq": stage.emulator.url("groq")})
        assert len([one async for one in slowly(stage, 1.2, 1)]) > 5
        await stage.clean()


@pytest.mark.fault(63)
async def test_a_stream_of_a_word_in_ten_seconds_is_not_cut(verb: str, play: Stage) -> None:
    stage = play(verb)
    chunks = chunks_of(stage)
    texts = []
    async for chunk in chunks:
        texts.append(chunk)
        stage.time.go_by(100.0)
    assert "You asked: hi" in "".join(texts)
    await stage.clean()


async def chunks_of(stage: Play) -> AsyncGenerator[str]:
    """Read the texts of a stream in either verb."""
    if stage.verb == "stream":
        for chunk in stage.model.stream("hi"):
            yield chunk.text
        return
    async for chunk in stage.model.astream("hi"):
        yield chunk.text


async def slowly(stage: Play, seconds: float, times: int) -> AsyncGenerator[str]:
    """Read a stream, with pauses after its first chunks."""
    async for text in chunks_of(stage):
        yield text
        if times:
            times -= 1
            if stage.verb == "stream":
                time.sleep(seconds)  # noqa: ASYNC251  # a caller of the sync verb would
            else:
                await asyncio.sleep(seconds)


def leave_sync(chunks: Generator[Any], how: str) -> None:
    """Stop reading in one of the ways in which readers stop."""
    if how == "break":
        for _ in chunks:
            break
        chunks.close()
    elif how == "raise":
        with suppress(ZeroDivisionError), closing(chunks):
            for _ in chunks:
                raise ZeroDivisionError
    else:
        next(chunks)


async def leave_async(chunks: AsyncGenerator[Any], how: str) -> None:
    """Twin of `leave_sync`."""
    if how == "break":
        async with aclosing(chunks):
            async for _ in chunks:
                break
    elif how == "raise":
        with suppress(ZeroDivisionError):
            async with aclosing(chunks):
                async for _ in chunks:
                    raise ZeroDivisionError
    else:
        await anext(chunks)


async def left(stage: Play, how: str, text: str = "hi") -> None:
    """Begin to read a stream, and let go of it."""
    if stage.verb == "stream":
        leave_sync(stage.model.stream(text), how)  # type: ignore[arg-type]  # a generator
    else:
        await leave_async(stage.model.astream(text), how)  # type: ignore[arg-type]  # a generator
    gc.collect()
    await idle()


@pytest.mark.fault(62)
@pytest.mark.parametrize("how", ["break", "raise", "collected"])
async def test_a_reader_that_leaves_frees_all_and_is_written_down(
    verb: str, how: str, play: Stage
) -> None:
    stage = play(verb, case=Case(script={"groq": (Slow(between=1),)}))
    await left(stage, how)
    assert held_resources() == []
    await stage.clean()
    (row,) = [one for one in stage.heard.rows if one["event"] == "llm_attempt"]
    assert (row["outcome"], row["billed"]) == ("cancelled", "unknown")
    assert (stage.state("groq:a").failures, stage.circuit("groq").faults) == (0, 0)
    assert [one.finished for one in stage.emulator.log] == [False]
    assert (await stage.ask()).outcomes == ["groq:a ok"]


@pytest.mark.fault(62)
@pytest.mark.parametrize("how", ["break", "raise", "collected"])
async def test_a_reader_that_leaves_hangs_up(verb: str, how: str, served: Stage) -> None:
    stage = served(verb, Slow(between=0.2))
    with stage.emulator.serve():
        stage.serve_at({"groq": stage.emulator.url("groq")})
        await left(stage, how, LONG)
        await asyncio.to_thread(stage.emulator.settle, HANG)  # while our side stays as it is
        assert [one.finished for one in stage.emulator.log] == [False]
        await stage.clean()

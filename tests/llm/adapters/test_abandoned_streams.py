"""Streams that are closed, cancelled or interrupted: nothing stays booked or in flight."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler

from scout_adapters.errors import ScoutError
from scout_adapters.llm.health.circuit_breaker import circuit
from tests.support.fake_http import GROQ, key_state
from tests.support.held import nothing_held
from tests.support.waiting import auntil


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_consumer_that_leaves_a_stream_books_nothing_and_leaves_nothing(
    providers, wire, groq
) -> None:
    bodies: list[Any] = []

    def reply(request: httpx.Request) -> httpx.Response:
        bodies.append(wire.Pieces([wire.delta("a"), wire.delta("b"), wire.DONE]))
        return httpx.Response(200, stream=bodies[-1])

    providers.on(GROQ, reply)
    state = key_state("gsk_only")
    state.failures = 2
    stream = groq().stream("hi")
    assert next(stream).text == "a"
    assert state.in_flight == 1
    stream.close()
    assert nothing_held()
    assert (state.failures, circuit("groq").faults) == (2, 0)
    assert bodies[0].closed


async def test_an_async_consumer_that_leaves_books_nothing_and_leaves_nothing(
    providers, wire, groq
) -> None:
    bodies: list[Any] = []

    def reply(request: httpx.Request) -> httpx.Response:
        bodies.append(wire.Pieces([wire.delta("a"), wire.delta("b"), wire.DONE]))
        return httpx.Response(200, stream=bodies[-1])

    providers.on(GROQ, reply)
    stream = groq().astream("hi")
    assert (await anext(stream)).text == "a"
    await stream.aclose()
    await settle()
    assert nothing_held()
    assert circuit("groq").faults == 0
    assert bodies[0].closed


@pytest.mark.parametrize("verb", ["ainvoke", "astream"])
async def test_cancelling_at_any_await_leaves_nothing_in_flight(
    verb, providers, wire, groq, asks
) -> None:
    model = groq("gsk_a", "gsk_b")
    model._route()
    circuit("groq").threshold = 10**9
    cancelled = 0
    for steps in range(40):
        providers.on_key("gsk_a", wire.refuse(429, headers={"retry-after": "0.1"}), wire.say())
        providers.on_key("gsk_b", wire.refuse(500), wire.say())
        task = asyncio.create_task(asks(verb)(model))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            cancelled += 1
        except ScoutError:
            pass
        await settle()
        assert nothing_held(), steps
    assert cancelled >= 8


async def test_a_cancelled_probe_of_an_open_circuit_lets_the_next_one_through(
    providers, wire, groq, time
) -> None:
    circuit("groq").trip(time.now)
    time.now += 30
    forever = asyncio.Event()

    class Silent(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            await forever.wait()
            yield b""

    providers.on(GROQ, lambda request: httpx.Response(200, stream=Silent()), wire.say())
    model = groq()
    task = asyncio.create_task(model.ainvoke("hi"))
    await auntil(lambda: providers.requests)
    await settle()  # it waits for the answer
    assert len(providers.requests) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await model.ainvoke("hi")).text == "hello"
    assert time.slept == []


@pytest.mark.parametrize("verb", ["ainvoke", "astream"])
async def test_cancelling_during_a_retry_callback_leaves_nothing_in_flight(
    verb, providers, wire, groq, asks
) -> None:
    hears = asyncio.Event()

    class Slow(AsyncCallbackHandler):
        async def on_retry(self, *args: Any, **kwargs: Any) -> None:
            hears.set()
            await asyncio.Event().wait()

    providers.on_key("gsk_a", wire.refuse(401))
    providers.on_key("gsk_b", wire.say())
    task = asyncio.create_task(asks(verb)(groq("gsk_a", "gsk_b"), config={"callbacks": [Slow()]}))
    await hears.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await settle()
    assert nothing_held()


def test_a_listener_that_raises_before_the_request_leaves_nothing_in_flight(
    providers, wire, groq
) -> None:
    class Strict(BaseCallbackHandler):
        def on_scout_attempt_start(self, run: Any, attempt: Any) -> None:
            raise OSError("the disk is full")

        def on_scout_attempt_end(self, run: Any, record: Any) -> None:
            pass

    providers.on(GROQ, wire.say())
    with pytest.raises(OSError, match="disk"):
        groq().invoke("hi", {"callbacks": [Strict()]})
    assert providers.requests == []
    assert nothing_held()


def test_a_keyboard_interrupt_leaves_nothing_in_flight(providers, wire, groq) -> None:
    def interrupt(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    providers.on(GROQ, interrupt)
    with pytest.raises(KeyboardInterrupt):
        groq().invoke("hi")
    assert nothing_held()

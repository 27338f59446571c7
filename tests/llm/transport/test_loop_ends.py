"""Streams that are half read when their event loop ends, and event loops that are not asyncio's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from typing import Any

import pytest

from scout_adapters import ScoutGroqChatModel
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.transport.http_transport import Transport
from scout_adapters.testing import Emulator

pytestmark = pytest.mark.usefixtures("carried")


async def hold(model: Any) -> AsyncIterator[Any]:
    """Return a stream after its first chunk."""
    stream: AsyncIterator[Any] = model.astream("hi")
    await anext(stream)
    return stream


async def leave(model: Any) -> None:
    async for _ in model.astream("hi"):
        break


async def read_slowly(model: Any) -> None:
    """Leave tasks that wait between two chunks."""

    async def read() -> None:
        async for _ in model.astream("hi"):
            begun.release()
            await asyncio.sleep(100)

    begun = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(read()) for _ in range(3)]
    for _ in tasks:
        await begun.acquire()


async def read_events(model: Any) -> None:
    async for event in model.astream_events("hi", version="v2"):
        if event["event"] == "on_chat_model_stream":
            break


@pytest.mark.parametrize("abandon", [hold, leave, read_slowly, read_events])
def test_a_half_read_stream_leaves_no_message_when_the_loop_ends(
    emulator: Emulator, abandon: Any
) -> None:
    messages: list[str] = []
    with emulator.serve():
        model = ScoutGroqChatModel(
            model="openai/gpt-oss-20b", api_key="k" * 20, base_url=emulator.url("groq")
        )
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            loop.set_exception_handler(lambda _, context: messages.append(str(context)))
            stream = runner.run(abandon(model))
        del stream
    assert messages == []


def first_step(call: Coroutine[Any, Any, Any]) -> None:
    """Run a call up to its first wait, as another library's event loop does."""
    with suppress(StopIteration):
        call.send(None)


@pytest.mark.parametrize("verb", ["ainvoke", "astream", "apool"])
def test_another_event_loop_than_asyncios_is_a_configuration_error(verb: str) -> None:
    model = ScoutGroqChatModel(model="m", api_key="k" * 20)
    calls: dict[str, Any] = {
        "ainvoke": lambda: model.ainvoke("hi"),
        "astream": lambda: anext(model.astream("hi")),
        "apool": lambda: Transport().apool(),
    }
    with pytest.raises(ConfigurationError, match="under trio or curio, call invoke"):
        first_step(calls[verb]())

"""Idle connections that a server has closed, which the system keeps until they are closed here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from scout_adapters.llm.transport import pool
from scout_adapters.llm.transport.http_transport import Transport
from tests.llm.transport.test_pool import Server, model_at
from tests.support.waiting import auntil


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def idle_connections(pool: Any) -> int:
    return sum(len(idle._stack) for idle in pool._idle.values())


async def hang_up(server: Server, pool: Any) -> None:
    """Close the server's side of all connections, and wait until the client's side knows."""
    server.hang_up()
    unused = [each for idle in pool._idle.values() for _, each in idle._stack]
    await auntil(lambda: all(each.is_stale() for each in unused))


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
async def test_connections_that_the_server_has_closed_are_closed_by_the_next_call_anywhere(
    server: Server, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr(pool, "has_aiohttp", lambda: False)
    monkeypatch.setattr(pool, "TIDY_SECONDS", 0.0)
    transport, left = Transport(), Server()
    model, left_model = model_at(server.url, transport), model_at(left.url, transport)
    http_pool: Any = transport.pool() if verb == "invoke" else await transport.apool()
    left.together = 5
    if verb == "invoke":
        await asyncio.to_thread(left_model.batch, ["hi"] * 5)
    else:
        await asyncio.gather(*(left_model.ainvoke("hi") for _ in range(5)))
    assert idle_connections(http_pool) == 5
    await hang_up(left, http_pool)
    other = Transport() if verb == "invoke" else transport  # an event loop's own calls tidy it
    if verb == "invoke":
        await asyncio.to_thread(model_at(server.url, other).invoke, "hi")
        assert idle_connections(http_pool) == 0
    else:
        await model.ainvoke("hi")
        assert idle_connections(http_pool) == 1
    left.close()
    for each in {transport, other}:
        each.close()
        await each.aclose()


@pytest.mark.parametrize("over", ["h11", "aiohttp"])
async def test_a_call_of_an_event_loop_closes_connections_of_threads(
    server: Server, monkeypatch: pytest.MonkeyPatch, over: str
) -> None:
    monkeypatch.setattr(pool, "has_aiohttp", lambda: over == "aiohttp")
    monkeypatch.setattr(pool, "TIDY_SECONDS", 0.0)
    transport, left = Transport(), Server()
    left.together = 3
    await asyncio.to_thread(model_at(left.url, transport).batch, ["hi"] * 3)
    assert idle_connections(transport.pool()) == 3
    await hang_up(left, transport.pool())
    other = Transport()
    await model_at(server.url, other).ainvoke("hi")
    assert idle_connections(transport.pool()) == 0
    left.close()
    for each in (transport, other):
        each.close()
        await each.aclose()

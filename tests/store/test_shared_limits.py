"""Limits that two processes share through a server, and what happens without it."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scout_adapters import Limits, ScoutGroqChatModel
from scout_adapters.errors import LimitReached
from scout_adapters.llm.limits.redis_limits import limits_of_store
from scout_adapters.store.redis_server import RedisServer
from scout_adapters.store.redis_store import RedisStore
from scout_adapters.store.redis_url import parse_redis_url
from scout_adapters.testing import Emulator
from tests.support.redis_server import LocalRedis
from tests.support.verbs import VERBS, call_model
from tests.support.waiting import HANG

SLOW = 0.01
"""Requests per minute: no machine is so busy that a second one may leave before a test ends."""


@pytest.fixture
def stores(redis: LocalRedis) -> Iterator[list[RedisStore]]:
    """Return two stores at one server, as two processes have them."""
    url = parse_redis_url(redis.url)
    stores = [RedisStore(url) for _ in range(2)]
    yield stores
    for store in stores:
        store.close()


def model_of(store: RedisStore | str, emulator: Emulator, limits: Limits, **options: Any) -> Any:
    return ScoutGroqChatModel(
        model="m",
        api_key="key",
        transport=emulator.transport(),
        limits=limits,
        store=store,
        **options,
    )


@pytest.mark.parametrize("verb", VERBS)
async def test_a_limit_that_another_process_has_reached_stops_a_call(
    stores: list[RedisStore], verb: str
) -> None:
    emulator, limits = Emulator(), Limits(rpm=SLOW)
    first, second = (model_of(store, emulator, limits, max_wait=5) for store in stores)
    await call_model(first, verb)
    with pytest.raises(
        LimitReached, match=r"rpm=0\.01 of groq/m \(per key\) is reached: ready in (5\d|60)\d\d"
    ):
        await call_model(second, verb)
    assert len(emulator.log) == 1


def test_places_that_another_process_gives_back_are_taken(stores: list[RedisStore]) -> None:
    emulator, limits = Emulator(), Limits(concurrency=1)
    first, second = (model_of(store, emulator, limits) for store in stores)
    stream = first.stream("Hello")
    next(stream)
    waiting = threading.Thread(target=second.invoke, args=("Hello",))
    waiting.start()
    waiting.join(0.15)
    assert waiting.is_alive()
    assert len(emulator.log) == 1
    stream.close()
    waiting.join(HANG)
    assert len(emulator.log) == 2


async def test_tasks_of_two_processes_share_a_rate(stores: list[RedisStore]) -> None:
    emulator, limits = Emulator(), Limits(rpm=1200, burst_seconds=0)
    models = [model_of(store, emulator, limits) for store in stores]
    began = time.monotonic()
    await asyncio.gather(*(model.ainvoke("Hello") for model in models for _ in range(4)))
    assert time.monotonic() - began >= 7 * 0.05 - 0.01
    assert len(emulator.log) == 8


PROGRAM = f"""
import sys
from scout_adapters import Limits, ScoutGroqChatModel
from scout_adapters.errors import LimitReached
from scout_adapters.testing import Emulator

model = ScoutGroqChatModel(
    model="m", api_key="key", transport=Emulator().transport(), max_wait=0.1,
    limits=Limits(rpm={SLOW}), store="sqlite://" + sys.argv[1],
)
try:
    model.invoke("Hello")
except LimitReached:
    print("reached")
"""


def test_processes_of_one_machine_share_limits_in_a_file(tmp_path: Path) -> None:
    path, emulator = str(tmp_path / "limits.db"), Emulator()
    model = model_of(f"sqlite://{path}", emulator, Limits(rpm=SLOW), max_wait=0.1)

    def run_another() -> str:
        command = [sys.executable, "-c", PROGRAM, path]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert run_another() == ""
    with pytest.raises(LimitReached):
        model.invoke("Hello")
    assert run_another() == "reached\n"
    assert emulator.log == []


def test_without_the_server_each_process_keeps_to_the_limit_alone(
    stores: list[RedisStore], redis: LocalRedis
) -> None:
    emulator, limits = Emulator(), Limits(rpm=SLOW)
    first, second = (model_of(store, emulator, limits, max_wait=1) for store in stores)
    for store in stores:
        server: RedisServer = limits_of_store(store).books.server  # type: ignore[attr-defined]  # of Redis
        server.record_failure(OSError("gone"))
        server._next_try = math.inf  # not after a second, which a busy machine may need
    first.invoke("Hello"), second.invoke("Hello")
    for model in (first, second):
        with pytest.raises(LimitReached):
            model.invoke("Hello")
    assert len(emulator.log) == 2

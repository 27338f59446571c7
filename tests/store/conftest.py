"""Stores of each kind as two processes see them, and a redis-server that tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import KeyState, health_lock
from scout_adapters.llm.health.shared_health import SharedHealth
from scout_adapters.store import MemoryStore, StateStore
from scout_adapters.store.redis_store import RedisStore
from scout_adapters.store.redis_url import parse_redis_url
from tests.support.redis_server import LocalRedis, redis, shared_server
from tests.support.waiting import HANG, until

__all__ = ["redis", "shared_server"]

KEYS = ("key-1", "key-2", "key-3")


@dataclass
class Side:
    """One process: a store, its shared health, and a pool of the same keys as the other's."""

    store: StateStore
    health: SharedHealth
    pool: KeyPool

    @classmethod
    def of(cls, store: StateStore, keys: tuple[str, ...] = KEYS) -> Side:
        pool = KeyPool("groq", [KeyState(key) for key in keys])
        side = cls(store, SharedHealth(store), pool)
        for state in pool:
            side.health.add_key("groq", "https://api.groq.com", state)
        return side

    def key(self, number: int = 0) -> KeyState:
        return self.pool.states[number]


def until_known(reached: Callable[[], object]) -> None:
    """Wait until something is known of a key: a store's thread sets several values in one step."""

    def in_one_step() -> object:
        with health_lock:
            return reached()

    until(in_one_step)


def redis_side(server: LocalRedis) -> Side:
    """Return another process at a server, once it receives what the others publish."""
    return Side.of(RedisStore(parse_redis_url(server.url)))


@pytest.fixture(params=["memory", "redis"])
def sides(request: pytest.FixtureRequest) -> Iterator[tuple[Side, Side]]:
    if request.param == "memory":
        store = MemoryStore()
        yield Side.of(store), Side.of(store)
        return
    server = request.getfixturevalue("redis")
    pair = redis_side(server), redis_side(server)
    for side in pair:
        assert isinstance(side.store, RedisStore)
        assert side.store.wait_until_connected(HANG)
    yield pair
    for side in pair:
        side.store.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalRedis]:
    server = LocalRedis(tmp_path)
    yield server
    server.kill()


@pytest.fixture
def pair(own: LocalRedis) -> Iterator[tuple[Side, Side]]:
    sides = redis_side(own), redis_side(own)
    for side in sides:
        until(lambda side=side: side.store.wait_until_connected(1))
    yield sides
    for side in sides:
        side.store.close()

"""Facts that a server has not answered yet: what is read meanwhile does not replace them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from typing_extensions import override

from scout_adapters.errors import KeyEffect
from scout_adapters.store.facts import STATE, Fact
from scout_adapters.store.news_channel import NewsChannel
from scout_adapters.store.redis_server import LuaCall, StoreUnavailableError
from scout_adapters.store.redis_store import RedisStore
from scout_adapters.store.redis_url import parse_redis_url
from tests.store.conftest import Side
from tests.store.test_shared_health import fail


class HeldStore(RedisStore):
    """Sends and reads only when a test says so; the server has what the test sets."""

    def __init__(self) -> None:
        super().__init__(parse_redis_url("redis://127.0.0.1:1"))
        self.stored: list[Fact] = []

    @override
    def facts(self) -> list[Fact]:
        return self.stored

    @override
    def _listen(self) -> None:
        self._news = NewsChannel(self.server, self._channel, self._read_all, self._receive)

    @override
    def _start_sender(self) -> None:
        """Leave facts in the outbox."""

    def send(self) -> list[Fact]:
        """Send what is in the outbox, and return it."""
        batch = []
        while not self._outbox.empty():
            batch.append(self._outbox.get_nowait())
        sent = [each for each in batch if each is not None]
        self._send(sent)
        return [fact for fact, _ in sent]


@pytest.fixture
def side() -> Side:
    return Side.of(HeldStore())


def held_store(side: Side) -> HeldStore:
    assert isinstance(side.store, HeldStore)
    return side.store


def revival(side: Side) -> Fact:
    """Return a revival of the first key; it seems to have happened when it is received."""
    assert side.key().shared is not None
    return Fact(side.key().shared.subject, STATE, "revival", 60.0)


def is_down(side: Side) -> bool:
    return bool(side.key().permanently_failed or side.key().model_cooldowns)


def refuse(calls: Sequence[LuaCall]) -> Any:
    raise StoreUnavailableError("no answer")


@pytest.mark.parametrize("effect", ["refuse", "cooldown"])
def test_what_is_read_ends_nothing_that_was_published_meanwhile(
    side: Side, effect: KeyEffect
) -> None:
    store = held_store(side)
    fail(side, effect, retry_after=3000)
    store.stored = [revival(side)]
    store._read_all()
    assert is_down(side)
    store.server.run = refuse  # type: ignore[method-assign]  # a fault
    store.send()
    store._read_all()
    assert is_down(side)
    assert {"quarantine", "rest"} & {fact.kind for fact in store.send()}


@pytest.mark.parametrize("effect", ["refuse", "cooldown"])
def test_what_is_read_counts_once_the_server_has_answered(side: Side, effect: KeyEffect) -> None:
    store = held_store(side)
    fail(side, effect, retry_after=3000)
    store.server.run = lambda calls: [1] * len(calls)  # type: ignore[method-assign]  # takes all
    store.send()
    store.stored = [revival(side)]
    store._read_all()
    assert not is_down(side)


class ClosedStore(HeldStore):
    """Is closed by another thread as soon as its channel has been looked at."""

    @property
    def _news(self) -> NewsChannel | None:  # type: ignore[override]  # an attribute
        news, self._next_news = self._next_news, None
        return news

    @_news.setter
    def _news(self, news: NewsChannel | None) -> None:
        self._next_news = news


@pytest.mark.parametrize("answers", [True, False])
def test_a_store_that_is_closed_while_it_sends_ends_quietly(answers: bool) -> None:
    side = Side.of(ClosedStore())
    store = held_store(side)
    newer_counts = lambda calls: [-1] * len(calls)  # noqa: E731  # as a value
    store.server.run = newer_counts if answers else refuse  # type: ignore[method-assign]  # a fault
    fail(side, "refuse")
    assert store.send()


def test_a_store_that_is_closed_is_not_connected() -> None:
    side = Side.of(ClosedStore())
    assert not held_store(side).wait_until_connected(0)


def test_facts_are_read_once_when_a_process_begins_to_listen() -> None:
    store = RedisStore(parse_redis_url("redis://127.0.0.1:1"))
    Side.of(store)
    assert store._news is not None
    assert not store._news._read_due.is_set()
    Side.of(store)  # another listener
    assert store._news._read_due.is_set()
    store.close()

"""Facts around outages: what could not be sent, was missed or was lost by the server comes back."""

from __future__ import annotations

import time
from itertools import count

from scout_adapters.store.facts import STATE, Fact
from scout_adapters.store.redis_store import RedisStore
from scout_adapters.store.redis_url import parse_redis_url
from tests.store.conftest import Side, redis_side
from tests.store.test_shared_health import fail
from tests.support.clock import FakeTime
from tests.support.redis_server import LocalRedis, needs_redis
from tests.support.waiting import HANG, until


@needs_redis
def test_a_message_that_was_missed_is_read_after_the_connection(
    own: LocalRedis, pair: tuple[Side, Side]
) -> None:
    here, there = pair
    own.command("CLIENT", "KILL", "TYPE", "pubsub")
    fail(here, "refuse")
    until(lambda: there.key().permanently_failed)


@needs_redis
def test_a_process_receives_its_own_facts_in_the_order_of_the_store(
    pair: tuple[Side, Side],
) -> None:
    here, _ = pair
    here.health.receive([Fact(_subject(here), STATE, "quarantine", 60.0, age=1.0)])
    assert here.key().permanently_failed
    here.store.publish(Fact(_subject(here), STATE, "revival", 60.0))  # comes back from the store
    until(lambda: not here.key().permanently_failed)


@needs_redis
def test_a_server_that_comes_back_empty_learns_what_processes_know(
    own: LocalRedis, pair: tuple[Side, Side]
) -> None:
    here, there = pair
    fail(here, "refuse")
    until(lambda: there.key().permanently_failed)
    own.kill()
    there.key(1).shared.rest("m", 60)  # type: ignore[union-attr]  # shared by the fixture
    own.start()
    until(lambda: here.key(1).model_cooldowns)
    later = redis_side(own)
    until(lambda: later.key().permanently_failed and later.key(1).model_cooldowns)
    later.store.close()


@needs_redis
def test_a_server_that_was_flushed_gets_its_facts_back(
    own: LocalRedis, pair: tuple[Side, Side]
) -> None:
    here, there = pair
    fail(here, "refuse")
    until(lambda: there.key().permanently_failed)
    own.command("FLUSHALL")
    store = there.store
    assert isinstance(store, RedisStore)
    assert store._news is not None
    store._news.read_all_soon()  # each minute, by itself
    until(lambda: b"quarantine" in own.command("KEYS", "*") or store.facts())
    assert {fact.kind for fact in store.facts()} == {"quarantine"}


@needs_redis
def test_the_facts_of_a_flushed_server_are_back_within_a_minute_of_many_messages(
    own: LocalRedis, pair: tuple[Side, Side]
) -> None:
    here, there = pair
    time, rests = FakeTime(), count(1)
    side = Side.of(RedisStore(parse_redis_url(own.url), time.clock))
    store = side.store
    assert isinstance(store, RedisStore)
    until(lambda: store.wait_until_connected(1))
    fail(here, "refuse")
    until(lambda: side.key().permanently_failed)
    here.store.close()  # it would send the fact, too
    own.command("FLUSHALL")

    def is_back() -> bool:
        time.go_by(1.0)
        side.key(1).shared.rest("m", next(rests) * 60.0)  # type: ignore[union-attr]  # shared by the fixture
        there.key(1).shared.rest("m", next(rests) * 60.0)  # type: ignore[union-attr]  # as before
        return "quarantine" in {fact.kind for fact in store.facts()}

    until(is_back)
    store.close()


@needs_redis
def test_what_could_not_be_sent_replaces_what_the_server_has(
    own: LocalRedis, pair: tuple[Side, Side]
) -> None:
    here, there = pair
    here.pool.reset()
    server = here.store.server  # type: ignore[attr-defined]  # a Redis store
    until(lambda: b"revival" in own.command("HGETALL", server.key("health", "of", _subject(here))))
    own.command("CONFIG", "SET", "maxmemory", "1")
    fail(here, "refuse")
    until(lambda: server.fault)
    own.command("CONFIG", "SET", "maxmemory", "0")
    until(lambda: there.key().permanently_failed)


@needs_redis
def test_what_could_not_be_sent_does_not_replace_what_is_newer(
    own: LocalRedis, pair: tuple[Side, Side]
) -> None:
    here, there = pair
    here.pool.reset()
    server = here.store.server  # type: ignore[attr-defined]  # a Redis store
    until(lambda: b"revival" in own.command("HGETALL", server.key("health", "of", _subject(here))))
    own.command("CONFIG", "SET", "maxmemory", "1")
    fail(here, "refuse")
    until(lambda: server.fault)
    own.command("CONFIG", "SET", "maxmemory", "0")
    # The one that could not be sent is ten minutes old, however long it takes to send it.
    here.health._now = lambda: time.monotonic() + 600
    own.command("CLIENT", "KILL", "TYPE", "pubsub")  # no message tells of what is newer
    there.pool.reset()
    until(lambda: not here.key().permanently_failed)
    until(lambda: not there.key().permanently_failed)


class SlowReads(RedisStore):
    """Reads facts over a line on which answers take long."""

    def facts(self) -> list[Fact]:
        facts = super().facts()
        time.sleep(0.5)
        return facts


@needs_redis
def test_a_rest_that_could_not_be_sent_is_not_ended_by_an_older_revival(
    own: LocalRedis, pair: tuple[Side, Side]
) -> None:
    """The revival seems to be newer by the time that its way takes."""
    _, there = pair
    side = Side.of(SlowReads(parse_redis_url(own.url)))
    assert isinstance(side.store, RedisStore)
    assert side.store.wait_until_connected(HANG)
    there.pool.reset()
    until(lambda: "revival" in {fact.kind for fact in side.health.live_facts()})
    own.command("CONFIG", "SET", "maxmemory", "1")
    fail(side, "cooldown", retry_after=3000)
    until(lambda: side.store.server.fault)  # type: ignore[attr-defined]  # a Redis store
    own.command("CONFIG", "SET", "maxmemory", "0")
    until(lambda: there.key().model_cooldowns)
    until(lambda: side.key().model_cooldowns)
    side.store.close()


def _subject(side: Side) -> str:
    shared = side.key().shared
    assert shared is not None
    return shared.subject


@needs_redis
def test_a_stopped_server_delays_no_publication_and_loses_none(
    own: LocalRedis, pair: tuple[Side, Side]
) -> None:
    here, there = pair
    own.pause()
    fail(here, "refuse")  # returns at once
    assert here.key().permanently_failed
    assert not there.key().permanently_failed
    own.resume()
    until(lambda: there.key().permanently_failed)


@needs_redis
def test_what_follows_while_the_server_takes_its_time_is_not_older(
    own: LocalRedis, pair: tuple[Side, Side]
) -> None:
    here, there = pair
    assert isinstance(here.store, RedisStore)
    own.pause()
    fail(here, "refuse")
    until(here.store._outbox.empty)  # on its way
    here.pool.reset()
    here.key(1).shared.rest("m", 60)  # type: ignore[union-attr]  # shared by the fixture
    time.sleep(0.05)  # seconds that the revival waits for the answer to the refusal
    own.resume()
    until(lambda: there.key(1).model_cooldowns)  # sent last
    until(lambda: not there.key().permanently_failed)

"""The Lua functions merge facts as `FactTable` does, in every order."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scout_adapters.store.facts import Fact, FactKind, FactTable
from scout_adapters.store.redis_store import RedisStore
from scout_adapters.store.redis_url import parse_redis_url
from tests.support.redis_server import LocalRedis

RANDOM_FACTS = st.lists(
    st.builds(
        lambda subject, kind, model, seconds, age: Fact(
            subject,
            f"rest {model}" if kind == "rest" else "state",
            kind,
            seconds * 100.0,
            age * 100.0,
            {"count": seconds},
        ),
        st.sampled_from(["key a", "key b"]),
        st.sampled_from(FactKind.__args__),
        st.sampled_from(["m", "n"]),
        st.integers(1, 9),
        st.integers(0, 30),
    ),
    max_size=12,
    unique_by=lambda fact: fact.age,  # of two that happened at once, the later one counts
)


def rounded(facts: list[Fact]) -> set[tuple[object, ...]]:
    """Return facts as values that do not depend on the milliseconds that a test takes."""
    return {(f.subject, f.place, f.kind, round(f.seconds / 100), round(f.age / 100)) for f in facts}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RANDOM_FACTS)
def test_the_server_keeps_what_a_table_keeps(redis: LocalRedis, facts: list[Fact]) -> None:
    redis.command("FLUSHALL")
    store, table = RedisStore(parse_redis_url(redis.url)), FactTable()
    for fact in facts:
        table.merge(fact, 0.0)
        store._send([(fact, store._clock.now())])
    assert rounded(store.facts()) == rounded(table.live(0.0))
    store.close()


def test_facts_of_one_moment_count_in_the_order_of_arrival(redis: LocalRedis) -> None:
    """A revival and the rest that goes on after it are published at once; ages are rounded."""
    revival, rest = Fact("k", "state", "revival", 60.0), Fact("k", "rest m", "rest", 60.0)
    store, table = RedisStore(parse_redis_url(redis.url)), FactTable()
    rounded_up = [fact._replace(age=0.001) for fact in (rest, revival)]
    store.server.run([store._call_of(fact, 0.0, 0.0) for fact in (revival, rounded_up[0])])
    assert table.merge(revival, 0.0)
    assert table.merge(rounded_up[0], 0.0)
    assert {fact.kind for fact in store.facts()} == {"revival", "rest"}
    store.server.run([store._call_of(rounded_up[1], 0.0, 0.0)])
    assert table.merge(rounded_up[1], 0.0)
    assert [fact.kind for fact in store.facts()] == [fact.kind for fact in table.live(0.0)]
    assert [fact.kind for fact in table.live(0.0)] == ["revival"]
    store.close()


def test_a_fact_of_this_process_that_a_store_repeats_is_no_news() -> None:
    table, rest = FactTable(), Fact("k", "rest", "rest", 60.0)
    assert table.merge(rest, 0.0, is_own=True)
    assert table.merge(rest._replace(seconds=50.01, age=9.99), 10.0) is None
    assert table.merge(rest._replace(seconds=70.0), 10.0)


def test_a_fact_that_a_store_passes_on_counts_though_it_seems_older() -> None:
    """It waited in its process for longer than the message before it was on its way."""
    table = FactTable()
    assert table.merge(Fact("k", "state", "quarantine", 60.0), 10.0, in_order=True)
    revival = Fact("k", "state", "revival", 60.0, age=0.5)
    assert table.merge(revival, 10.0) is None
    merged = table.merge(revival, 10.0, in_order=True)
    assert merged is not None
    assert merged.age == 0.0
    assert table.merge(Fact("k", "rest", "rest", 60.0, age=0.5), 10.0, in_order=True)

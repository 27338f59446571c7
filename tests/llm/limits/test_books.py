"""Counts that processes share, in every kind of books: what is admitted, and for how long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scout_adapters.llm.limits.limit_books import (
    LEASE_SECONDS,
    BooksUnavailableError,
    LimitBooks,
)
from scout_adapters.llm.limits.limit_meter import LimitReservation
from scout_adapters.llm.limits.limit_rule import LimitRule
from scout_adapters.llm.limits.redis_limits import RedisLimitBooks
from scout_adapters.llm.limits.sqlite_limits import SqliteLimitBooks
from scout_adapters.llm.limits.usage_limits import Limits
from scout_adapters.store.redis_url import parse_redis_url
from tests.support.clock import Wall
from tests.support.redis_server import BINARY, LocalRedis

Pair = tuple[LimitBooks, LimitBooks]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRedis]:
    if BINARY is None:
        pytest.skip("no redis-server on this machine")
    server = LocalRedis(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture(params=["sqlite", "redis"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """Return the same books as two processes have them open."""
    if request.param == "sqlite":
        first, second = (SqliteLimitBooks(tmp_path / "limits.db") for _ in range(2))
        yield first, second
        first.close(), second.close()
        return
    server: LocalRedis = request.getfixturevalue("server")
    server.command("FLUSHALL")
    pair = tuple(RedisLimitBooks(parse_redis_url(server.url)) for _ in range(2))
    yield pair
    for each in pair:
        each.close()


def reservation(*rules: tuple[str, Limits], tokens: int = 0, name: str = "a") -> LimitReservation:
    scopes = [(scope, LimitRule(scope, limits)) for scope, limits in rules]
    return LimitReservation(scopes, tokens, id=name)


def test_requests_of_two_processes_are_counted_together(
    books: Pair,
) -> None:
    limits = ("groq", Limits(rpm=2, burst_seconds=60))
    first, second = books
    began = time.monotonic()
    assert first.admit(reservation(limits, name="a")) is None
    assert second.admit(reservation(limits, name="b")) is None
    refusal = first.admit(reservation(limits, name="c"))
    assert refusal is not None
    assert (refusal.number, refusal.limit) == (0, "rpm")
    assert 29 - (time.monotonic() - began) < refusal.wait <= 30


def test_a_refused_request_is_counted_in_no_scope(books: Pair) -> None:
    one, many = ("one", Limits(rpm=1)), ("many", Limits(rpm=2, burst_seconds=60, concurrency=9))
    first, second = books
    assert first.admit(reservation(many, one, name="a")) is None
    refusal = second.admit(reservation(many, one, name="b"))
    assert refusal is not None
    assert (refusal.number, refusal.limit) == (1, "rpm")
    assert second.admit(reservation(many, name="c")) is None
    assert second.admit(reservation(many, name="d")) is not None


def test_the_longest_wait_is_returned(books: Pair) -> None:
    limits = ("groq", Limits(rpm=60, tpm=60, burst_seconds=0))
    began = time.monotonic()
    assert books[0].admit(reservation(limits, tokens=30, name="a")) is None
    refusal = books[1].admit(reservation(limits, tokens=5, name="b"))
    assert refusal is not None
    assert refusal.limit == "tpm"
    assert 29 - (time.monotonic() - began) < refusal.wait <= 30


def settle_both(books: Pair) -> None:
    for each in books:
        if isinstance(each, RedisLimitBooks):
            each._unsent.send()


def test_places_are_given_back_once(books: Pair) -> None:
    limits = ("groq", Limits(concurrency=2))
    first, second = books
    held = [reservation(limits, name=name) for name in "ab"]
    assert [first.admit(each) for each in held] == [None, None]
    refusal = second.admit(reservation(limits, name="c"))
    assert refusal is not None
    assert (refusal.limit, refusal.wait) == ("concurrency", 0)
    for _ in range(2):
        first.settle(held[0], 0, sent=True)
    settle_both(books)
    assert second.admit(reservation(limits, name="c")) is None
    assert second.admit(reservation(limits, name="d")) is not None


def test_real_tokens_replace_the_reserved_ones_once(books: Pair) -> None:
    limits = ("groq", Limits(tpm=10, burst_seconds=0))  # so slow that it does not end meanwhile
    first, second = books
    held = reservation(limits, tokens=500, name="a")
    assert first.admit(held) is None
    for _ in range(2):
        first.settle(held, 20, sent=True)
    settle_both(books)
    refusal = second.admit(reservation(limits, tokens=1, name="b"))
    assert refusal is not None
    assert 0 < refusal.wait <= 120


def test_a_request_that_was_not_sent_counts_nothing(books: Pair) -> None:
    limits = ("groq", Limits(rpm=1, tpm=10, concurrency=1))
    held = reservation(limits, tokens=10, name="a")
    assert books[0].admit(held) is None
    books[0].settle(held, 0, sent=False)
    settle_both(books)
    assert books[1].admit(reservation(limits, tokens=10, name="b")) is None


def test_an_end_without_an_admission_changes_nothing(books: Pair) -> None:
    limits = ("groq", Limits(rpm=1, concurrency=1))
    books[0].settle(reservation(limits, name="never"), 0, sent=False)
    settle_both(books)
    assert books[0].admit(reservation(limits, name="a")) is None
    assert books[0].admit(reservation(limits, name="b")) is not None


def test_everything_in_a_server_ends_by_itself_and_names_nothing(server: LocalRedis) -> None:
    server.command("FLUSHALL")
    books = RedisLimitBooks(parse_redis_url(server.url))
    limits = ("groq/llama|https://secret.example|key-id", Limits(rpm=6, concurrency=3))
    assert books.admit(reservation(limits)) is None
    client = books.server.client
    keys = client.keys("*")
    assert len(keys) == 2
    assert all(client.pttl(key) > 0 for key in keys)
    assert not any("secret" in key or "llama" in key for key in keys)
    books.close()


def test_a_clock_that_is_set_back_does_not_stop_requests(tmp_path: Path) -> None:
    wall = Wall()
    books = SqliteLimitBooks(tmp_path / "limits.db", wall)
    limits = ("groq", Limits(rpm=1))
    assert books.admit(reservation(limits, name="a")) is None
    wall.now -= 7200
    refusal = books.admit(reservation(limits, name="b"))
    assert refusal is not None
    wall.now += 61
    assert books.admit(reservation(limits, name="b")) is None
    books.close()


def test_the_requests_of_a_dead_process_end_by_themselves(tmp_path: Path) -> None:
    wall = Wall()
    books = SqliteLimitBooks(tmp_path / "limits.db", wall)
    limits = ("groq", Limits(concurrency=1))
    assert books.admit(reservation(limits, name="a")) is None
    assert books.admit(reservation(limits, name="b")) is not None
    wall.now += LEASE_SECONDS + 1
    assert books.admit(reservation(limits, name="b")) is None
    books.close()


def test_a_file_that_cannot_be_used_is_a_named_error(tmp_path: Path) -> None:
    books = SqliteLimitBooks(tmp_path)
    with pytest.raises(BooksUnavailableError):
        books.admit(reservation(("groq", Limits(rpm=1))))
    books.settle(reservation(("groq", Limits(rpm=1))), 0, sent=True)

"""Stores that fail, stop or answer wrongly: calls go on, and budgets hold."""

from __future__ import annotations

import logging
import os
import threading

import pytest

from scout_adapters import ScoutGroqChatModel
from scout_adapters.budget import Account, Hold
from scout_adapters.budget.redis_budgets import RedisBudgets
from scout_adapters.errors import BudgetError
from scout_adapters.store import redis_store
from scout_adapters.store.health_functions import PUBLISH_FACT
from scout_adapters.store.open_store import close_stores
from scout_adapters.store.redis_server import LuaCall, RedisServer, StoreUnavailableError
from scout_adapters.store.redis_store import RedisStore
from scout_adapters.store.redis_url import DEFAULT_TIMEOUT, parse_redis_url
from scout_adapters.testing import Emulator, Revoked, process_state
from tests.store.conftest import Side, redis_side
from tests.store.faulty_server import faulty_server, lines_about
from tests.store.test_shared_health import fail
from tests.support.clock import FakeTime
from tests.support.redis_server import LocalRedis, needs_redis
from tests.support.waiting import HANG, until

ANSWERS = {
    "loading": b"-LOADING Redis is loading the dataset in memory\r\n",
    "read-only": b"-READONLY You can't write against a read only replica.\r\n",
    "out of memory": b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
    "busy": b"-BUSY Redis is busy running a script.\r\n",
    "no password": b"-NOAUTH Authentication required.\r\n",
    "no permission": b"-NOPERM this user has no permissions to run the 'evalsha' command\r\n",
    "no master": b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is no\r\n",
    "a number": b":1\r\n",
    "a list": b"*1\r\n*2\r\n:1\r\n:2\r\n",
    "nonsense": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "silence": b"",
}
ACCOUNT = Account("b", "", "", 100)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_whatever_a_store_answers_calls_go_on_and_budgets_do_not(answer: bytes) -> None:
    emulator = Emulator(keys={"groq": {"bad": Revoked(), "good": None}})
    with faulty_server(answer) as address:
        model = ScoutGroqChatModel(
            model="openai/gpt-oss-120b",
            api_keys=["bad", "good"],
            transport=emulator.transport(),
            store=address,
        )
        assert model.invoke("Hello").text
        assert model.invoke("Hello").text
        assert [exchange.key for exchange in emulator.log] == ["bad", "good", "good"]
        with pytest.raises(BudgetError):
            RedisBudgets(address).hold([ACCOUNT], 1)
        with pytest.raises(BudgetError):
            RedisBudgets(address).balances("b")
        close_stores()


@pytest.mark.parametrize("answer", ["loading", "busy", "silence"])
def test_a_budget_that_may_go_on_without_its_store_holds_what_was_left(answer: str) -> None:
    with faulty_server(ANSWERS[answer]) as address:
        store = RedisBudgets(address, on_store_error="allow")
        assert isinstance(store.hold([ACCOUNT], 60), Hold)
        assert not isinstance(store.hold([ACCOUNT], 41), Hold)


def test_a_store_that_is_away_is_tried_once_in_a_pause_by_all_calls(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with faulty_server(ANSWERS["loading"]) as address:
        server = RedisServer(parse_redis_url(address), clock=FakeTime().clock)
        sent: list[object] = []
        server._send = lambda calls: sent.append(calls) or refuse()  # type: ignore[method-assign]  # a fault
        with caplog.at_level(logging.WARNING):
            for _ in range(100):
                with pytest.raises(StoreUnavailableError, match="no answer"):
                    server.run([])
        assert (len(sent), len(lines_about(address, caplog))) == (1, 1)
        server._next_try = 0.0
        with pytest.raises(StoreUnavailableError):
            server.run([])
        assert (len(sent), len(lines_about(address, caplog))) == (2, 1)


@needs_redis
def test_a_server_without_memory_is_one_outage_though_it_can_be_read(
    own: LocalRedis, pair: tuple[Side, Side], caplog: pytest.LogCaptureFixture
) -> None:
    here, there = pair
    there.store.close()
    store = here.store
    assert isinstance(store, RedisStore)
    own.command("CONFIG", "SET", "maxmemory", "1")
    with caplog.at_level(logging.WARNING, "scout_adapters.store"):
        here.key().shared.rest("m", 60.0)  # type: ignore[union-attr]  # shared by the fixture
        until(lambda: store.server.fault)
        for _ in range(3):
            store.server._next_try = 0.0
            with pytest.raises(StoreUnavailableError):
                store.facts()
    assert len(lines_about(own.url, caplog)) == 1


def test_the_end_of_a_program_waits_longer_than_a_server_may_take_to_answer() -> None:
    assert redis_store.EXIT_SECONDS > DEFAULT_TIMEOUT


@needs_redis
def test_what_a_program_finds_last_is_sent_before_it_ends(
    redis: LocalRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_store, "EXIT_SECONDS", HANG)
    side = redis_side(redis)
    fail(side, "refuse")
    redis_store._flush_all()  # as at the end of the interpreter
    store = RedisStore(parse_redis_url(redis.url))
    assert [fact.kind for fact in store.facts()] == ["quarantine"]
    side.store.close()


@needs_redis
def test_a_forked_child_shares_what_it_finds_and_learns_what_others_find(
    own: LocalRedis, pair: tuple[Side, Side]
) -> None:
    here, there = pair
    child = os.fork()
    if child == 0:
        code = 1
        try:
            fail(here, "refuse")
            here.store.flush()
            until(lambda: here.key(1).model_cooldowns)
            code = 0
        finally:
            os._exit(code)
    until(lambda: there.key().permanently_failed)
    there.key(1).shared.rest("m", 60)  # type: ignore[union-attr]  # shared by the fixture
    assert os.waitpid(child, 0)[1] == 0
    until(lambda: here.key().permanently_failed)  # the parent learns of its child's


def test_a_model_goes_on_after_a_reset_of_the_process() -> None:
    emulator = Emulator(keys={"groq": {"bad-9": Revoked(), "good": None}})
    with faulty_server(ANSWERS["silence"]) as address:
        model = ScoutGroqChatModel(
            model="openai/gpt-oss-120b",
            api_keys=["bad-9", "good"],
            transport=emulator.transport(),
            store=address,
        )
        model.invoke("Hello")
        process_state.reset(process_state.snapshot())
        assert model.invoke("Hello").text
    until(lambda: all(thread.name != "scout-store-news" for thread in threading.enumerate()))


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        ("no password", "set the user and password in the store's address"),
        ("no permission", "give its user the rights in docs/many-machines.md"),
        ("read-only", "use the address of the master, or of the sentinels"),
        ("out of memory", "give the server more memory, or a store of its own"),
        ("loading", "it is ready soon, and tried again by itself"),
        ("silence", "check whether the server runs, and the store's address"),
    ],
)
def test_an_outage_says_what_to_do(answer: str, advice: str) -> None:
    with faulty_server(ANSWERS[answer]) as address:
        server = RedisServer(parse_redis_url(address))
        with pytest.raises(StoreUnavailableError) as caught:
            server.run([LuaCall(PUBLISH_FACT, ["k"], [])])
        assert f"; {advice}" in str(caught.value)
        server.close()


def refuse() -> list[object]:
    raise OSError("no answer")

"""Stores of health and of budgets that fail while calls are made: rows 83 and 84."""

from __future__ import annotations

import asyncio
import resource
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from scout_adapters import ScoutBudgetCallbackHandler
from scout_adapters.budget.sqlite import SqliteBudgets
from scout_adapters.errors import BudgetError
from tests.store.faulty_server import faulty_server
from tests.support.redis_server import LocalRedis, free_port, needs_redis
from tests.system.faults.play import Play
from tests.system.faults.test_processes import FORKS, in_a_child

Stage = Callable[..., Play]
ANSWERS = {
    "slow": b"",
    "loading": b"-LOADING Redis is loading the dataset in memory\r\n",
    "read-only after a failover": b"-READONLY You can't write against a read only replica.\r\n",
}


@contextmanager
def failing_server(kind: str) -> Iterator[str]:
    """Return the address of a Redis that fails in this way."""
    if kind == "down":
        yield f"redis://127.0.0.1:{free_port()}"
        return
    with faulty_server(ANSWERS[kind]) as address:
        yield address


async def assert_nothing_is_sent(stage: Play, budget: ScoutBudgetCallbackHandler) -> None:
    sent = len(stage.emulator.log)
    await stage.ask(config={"callbacks": [budget]})
    assert type(stage.error) is BudgetError, stage.error
    assert len(stage.emulator.log) == sent
    await stage.clean()


@pytest.mark.fault(83)
@pytest.mark.parametrize("kind", ["down", *ANSWERS])
async def test_calls_go_on_without_the_store_of_health(verb: str, kind: str, play: Stage) -> None:
    with failing_server(kind) as address:
        stage = play(verb, options={"store": address})
        await stage.ask()
        assert stage.outcomes == ["groq:a ok"]
        await stage.clean()


@pytest.mark.fault(83)
@pytest.mark.parametrize("kind", ["down", *ANSWERS])
async def test_nothing_is_sent_without_the_store_of_a_budget(
    verb: str, kind: str, play: Stage
) -> None:
    with failing_server(kind) as address:
        budget = ScoutBudgetCallbackHandler(5, store=address)
        await assert_nothing_is_sent(play(verb), budget)


@needs_redis
@pytest.mark.fault(83)
async def test_a_server_that_forgets_its_scripts_loses_nothing(
    verb: str, play: Stage, redis: LocalRedis
) -> None:
    budget = ScoutBudgetCallbackHandler(5, store=redis.url, name=f"flushed in {verb}")
    stage = play(verb, options={"store": redis.url})
    cost = 0.0
    for _ in range(2):
        assert redis.text("SCRIPT", "FLUSH") == "OK"
        await stage.ask(config={"callbacks": [budget]})
        assert stage.outcomes == ["groq:a ok"]
        cost += stage.scout["cost_usd"]
    assert budget.spent_usd == pytest.approx(cost)
    assert budget.held_usd == 0
    await stage.clean()


@pytest.mark.fault(84)
async def test_nothing_is_sent_while_another_has_locked_the_books(
    verb: str, play: Stage, tmp_path: Path
) -> None:
    store = SqliteBudgets(tmp_path / "b.db", lock_timeout=0.05)
    budget = ScoutBudgetCallbackHandler(5, store=store)
    assert budget.balances == []  # the file is made
    stage = play(verb)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await assert_nothing_is_sent(stage, budget)
    await stage.ask(config={"callbacks": [budget]})
    assert stage.outcomes == ["groq:a ok"]
    assert budget.spent_usd == pytest.approx(stage.scout["cost_usd"])
    await stage.clean()


def no_database(folder: Path) -> Path:
    path = folder / "b.db"
    path.write_bytes(b"This is no database, and long enough to be looked at." * 100)
    return path


def in_no_folder(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file" / "b.db"


@pytest.mark.fault(84)
@pytest.mark.parametrize("file", [no_database, in_no_folder])
async def test_nothing_is_sent_with_books_that_cannot_be_used(
    verb: str, file: Callable[[Path], Path], play: Stage, tmp_path: Path
) -> None:
    await assert_nothing_is_sent(play(verb), ScoutBudgetCallbackHandler(5, path=file(tmp_path)))


@FORKS
@pytest.mark.fault(84)
def test_nothing_is_sent_when_the_disk_of_the_books_is_full(
    verb: str, play: Stage, tmp_path: Path
) -> None:
    store = SqliteBudgets(tmp_path / "b.db")
    budget = ScoutBudgetCallbackHandler(5, store=store)
    stage = play(verb)
    asyncio.run(spend(stage, budget))
    written = (tmp_path / "b.db-wal").stat().st_size

    def fill() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (written, resource.RLIM_INFINITY))
        asyncio.run(assert_nothing_is_sent(stage, budget))

    assert in_a_child(fill) == 0
    assert budget.spent_usd == pytest.approx(stage.scout["cost_usd"])


async def spend(stage: Play, budget: Any) -> None:
    await stage.ask(config={"callbacks": [budget]})
    assert stage.outcomes == ["groq:a ok"]
    await stage.clean()

"""Processes that share a budget: a race for the last of it, and writers killed at any moment."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from scout_adapters.budget import Balance, SqliteBudgets
from tests.budget import spender
from tests.support.processes import all_written
from tests.support.waiting import until
from tests.support.warm_process import WarmProcess

PROCESSES = 8
KILLS = 24


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmProcess]:
    with WarmProcess(spender.__name__) as process:
        yield process


def balance(path: Path) -> Balance:
    (only,) = SqliteBudgets(path).balances("b")
    return only


@pytest.mark.parametrize(("limit", "amount"), [(1000, 7), (50, 3)])
def test_eight_processes_race_for_the_last_of_it(
    limit: int, amount: int, warm: WarmProcess, tmp_path: Path
) -> None:
    path = tmp_path / "b.db"
    with ExitStack() as files:
        racers = [
            files.enter_context(warm.start(spender, "race", path, limit, amount, 40))
            for _ in range(PROCESSES)
        ]
        for racer in racers:
            assert racer.stdout.readline() == b"ready\n", racer.errors
        for racer in racers:
            racer.stdin.write(b"go\n")
        outputs = [racer.communicate() for racer in racers]
    assert sum(map(int, outputs)) == limit // amount
    assert (balance(path).spent, balance(path).held) == (limit // amount * amount, 0)


def test_kill_9_gives_nothing_back_and_passes_no_limit(warm: WarmProcess, tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    chance, path, limit, amount, actual = random.Random(seed), tmp_path / "b.db", 10**9, 1000, 300
    held = settled = killed = 0
    while killed < KILLS:
        logs = [tmp_path / f"told-{killed}-{number}" for number in range(2)]
        with ExitStack() as files:
            outs = [files.enter_context(file.open("wb")) for file in logs]
            spenders = [
                files.enter_context(
                    warm.start(spender, "endless", path, limit, amount, actual, stdout=out)
                )
                for out in outs
            ]
            until(partial(all_written, logs))
            time.sleep(chance.uniform(0, 0.02))
            for spender_process in spenders:
                spender_process.kill()
            killed += len(spenders)
            assert {spender_process.wait() for spender_process in spenders} == {-signal.SIGKILL}, (
                seed
            )
        words = [word for file in logs for word in file.read_text().split()]
        held, settled = held + words.count("held"), settled + words.count("settled")
        now = balance(path)
        # A step that was made may not have been acknowledged: one for each that was killed.
        assert settled * actual <= now.spent <= (settled + killed) * actual, seed
        assert (held - settled - killed) * amount <= now.held <= killed * amount, seed
        assert now.spent + now.held <= limit, seed
    assert settled


def test_what_killed_processes_held_fills_the_budget_in_the_end(
    warm: WarmProcess, tmp_path: Path
) -> None:
    """Holds of the dead count: a budget that is small is never exceeded by starting again."""
    path, limit = tmp_path / "b.db", 5000
    words = []
    for _ in range(6):
        with warm.start(spender, "hang", path, limit, 1000) as process:
            words.append(process.stdout.readline())
            process.kill()
        now = balance(path)
        assert now.spent + now.held <= limit
    assert words == [b"held\n"] * 5 + [b"full\n"]
    assert now.left == 0

"""Kills processes that make calls, at random and at every named point; looks at what is left."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from scout_adapters.audit import read_rows
from scout_adapters.audit.retention import open_intents
from scout_adapters.audit.verify import verify
from scout_adapters.budget import SqliteBudgets
from scout_adapters.testing import Emulator, Exchange
from tests.support.waiting import HANG
from tests.support.warm_process import WarmProcess
from tests.system.crash import killed_process

AT_ONCE = 2
NANO = 1_000_000_000


@dataclass
class Killed:
    """Rows that killed processes acknowledged, and the log and budget afterwards."""

    folder: Path
    points: Counter[str] = field(default_factory=Counter)
    acknowledged: list[tuple[str, str, str]] = field(default_factory=list)
    """Rows whose writing was acknowledged: event, run, number."""

    exchanges: list[Exchange] = field(default_factory=list)

    def wrong(self) -> Iterator[str]:
        """Yield each row or amount that a killed process lost or gained."""
        rows = list(read_rows(self.folder / "audit.jsonl"))
        row_ids = {(row["event"], row["run_id"], str(row["number"])) for row in rows}
        yield from (
            f"acknowledged and lost: {row_id}" for row_id in set(self.acknowledged) - row_ids
        )
        kinds = Counter(each.kind for each in verify(self.folder / "audit.jsonl").findings)
        if set(kinds) - {"torn"}:
            yield f"the chain shows {dict(kinds)}"
        intents = sum(event == "llm_intent" for event, *_ in row_ids)
        outcomes = {(run, number) for event, run, number in row_ids if event == "llm_attempt"}
        orphans = len(open_intents(self.folder / "audit.jsonl"))
        if orphans != intents - len(outcomes):
            yield f"{orphans} orphans are listed, {intents} intents have {len(outcomes)} outcomes"
        if len(self.exchanges) > intents:
            yield f"{len(self.exchanges)} requests came, {intents} were written down before"
        yield from self._budget()

    def _budget(self) -> Iterator[str]:
        (balance,) = SqliteBudgets(self.folder / "budgets.db").balances("total")
        tokens = sum(
            exchange.input_tokens + exchange.output_tokens
            for exchange in self.exchanges
            if exchange.billed
        )
        balance_total, billed = balance.spent + balance.held, tokens * NANO // 1000
        if balance_total > killed_process.LIMIT_USD * NANO:
            yield f"the budget is exceeded: {balance}"
        if billed > balance_total:
            yield f"{billed} nano-dollars were billed, {balance_total} are spent or held"

    @property
    def summary(self) -> str:
        """Sum up."""
        path = self.folder / "audit.jsonl"
        torn = sum(each.kind == "torn" for each in verify(path).findings)
        (balance,) = SqliteBudgets(self.folder / "budgets.db").balances("total")
        return (
            f"{sum(self.points.values())} killed: {dict(self.points)}\n"
            f"{len(self.acknowledged)} rows acknowledged, all there; {torn} torn rows passed over;"
            f" {len(open_intents(path))} orphans listed; {len(self.exchanges)} requests\n"
            f"budget of ${killed_process.LIMIT_USD}: ${balance.spent / NANO:.3f} spent,"
            f" ${balance.held / NANO:.3f} held by killed processes"
        )


def kill(
    warm: WarmProcess, base: str, folder: Path, point: str, dice: random.Random
) -> list[tuple[str, str, str]]:
    """Run one process until it is killed; return the acknowledged rows."""
    with warm.start(killed_process, base, folder, point, dice.randint(1, 6)) as process:
        output = b""
        if point == "random":
            output = process.stdout.readline()  # it has begun
            time.sleep(dice.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
        output += process.stdout.read()
        assert process.wait() == -signal.SIGKILL, process.errors
    whole = output.decode().rpartition("\n")[0]
    rows = (line.split() for line in whole.splitlines())
    return [(event, run, number) for event, run, number in rows]


def play(kills: int, seed: int, folder: Path) -> Killed:
    """Kill so many processes, half of them at random moments, the others at each point in turn."""
    killed, emulator = Killed(folder), Emulator()
    points = ["random", *(point for one in killed_process.POINTS for point in (one, "random"))]
    turns = [points[number % len(points)] for number in range(kills)]

    with (
        emulator.serve(),
        WarmProcess(killed_process.__name__) as warm,
        ThreadPoolExecutor(AT_ONCE) as threads,
    ):
        url = emulator.url("groq")

        def one(number: int) -> list[tuple[str, str, str]]:
            return kill(warm, url, folder, turns[number], random.Random(f"{seed} {number}"))

        for point, acknowledged in zip(turns, threads.map(one, range(kills)), strict=True):
            killed.points[point] += 1
            killed.acknowledged += acknowledged
        emulator.settle(HANG)
    killed.exchanges = emulator.log
    return killed


def main() -> int:
    """Play and print; 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 16))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        killed = play(options.kills, options.seed, Path(folder))
        wrong = list(killed.wrong())
        text = "\n".join(
            [f"seed {options.seed}", killed.summary, *wrong[:20], f"{len(wrong)} wrong"]
        )
    sys.stdout.write(text + "\n")
    return 1 if wrong else 0

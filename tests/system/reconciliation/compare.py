"""Holds three books to each other: the handlers', the audit log's, and the emulator's bill."""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from scout_adapters.audit import read_rows
from scout_adapters.audit.retention import open_intents
from scout_adapters.audit.verify import verify
from scout_adapters.budget import SqliteBudgets
from scout_adapters.testing import (
    CutMidStream,
    Emulator,
    Exchange,
    Overloaded,
    RateLimited,
    Revoked,
    ServerError,
)
from tests.support.processes import command, environment
from tests.support.waiting import HANG
from tests.system.reconciliation import callers
from tests.system.reconciliation.plan import KEYS, MODELS, bill_of, planned

NANO = callers.NANO
PROCESSES = 2


@dataclass
class Books:
    """Handler totals, audit rows and exchanges, compared by call and in sum, in nano-dollars."""

    totals: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    exchanges: list[Exchange]
    left: frozenset[str]
    """The calls that their callers may have left."""

    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.by_call: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self.rows:
            if row["event"] == "llm_attempt" and row["outcome"] != "skipped":
                self.by_call[row["tags"][0]].append(row)
        self.billed: dict[str, list[Exchange]] = defaultdict(list)
        for exchange in self.exchanges:
            self.billed[_tag_in(exchange.body)].append(exchange)

    @property
    def handled(self) -> Decimal:
        """The sum of the cost handlers of all processes."""
        return sum((Decimal(totals["cost_nano"]) for totals in self.totals), Decimal(0))

    @property
    def audited(self) -> Decimal:
        """The sum of the audit log."""
        return sum((_cost(row) for rows in self.by_call.values() for row in rows), Decimal(0))

    @property
    def charged(self) -> int:
        """The emulator's bill."""
        return sum(map(bill_of, self.exchanges))

    @property
    def certain(self) -> Iterator[str]:
        """The calls of which every attempt was answered to its end, or refused."""
        return (
            tag
            for tag, rows in self.by_call.items()
            if all(row["outcome"] == "ok" or row["billed"] == "no" for row in rows)
        )

    def compare(self) -> None:
        """Note whatever does not agree to the last nano-dollar."""
        if self.handled != self.audited:
            self.wrong.append(f"handlers {self.handled}, audit {self.audited}")
        handled_by_tag = defaultdict(Decimal)
        for totals in self.totals:
            for tag, cost in totals["by_tag"].items():
                handled_by_tag[tag] += Decimal(cost)
        for tag in self.certain:
            bill = sum(map(bill_of, self.billed[tag]))
            cost = sum(map(_cost, self.by_call[tag]))
            if not handled_by_tag[tag] == cost == bill:
                self.wrong.append(
                    f"{tag}: handler {handled_by_tag[tag]}, audit {cost}, bill {bill}"
                )
        for tag, exchanges in self.billed.items():
            sent = [row for row in self.by_call[tag] if row["outcome"] != "not_sent"]
            if len(exchanges) > len(sent):
                self.wrong.append(f"{tag}: {len(exchanges)} requests, {len(sent)} attempts")
        self._compare_tokens()

    def _compare_tokens(self) -> None:
        """Hold LangChain's own count of tokens to the answers in the log."""
        stayed = (rows for tag, rows in self.by_call.items() if tag not in self.left)
        ok = [row for rows in stayed for row in rows if row["outcome"] == "ok"]
        for name, kind in (("usage_in", "input_t"), ("usage_out", "output_t")):
            langchain = sum(totals[name] for totals in self.totals)
            ours = sum(row[kind] for row in ok)
            if langchain != ours:
                self.wrong.append(f"{kind}: LangChain counts {langchain}, the log {ours}")

    def uncertain(self) -> tuple[int, Decimal, int]:
        """Return how many calls were left or broken, what they cost by us, and by the bill."""
        tags = set(self.by_call) - set(self.certain)
        ours = sum((_cost(row) for tag in tags for row in self.by_call[tag]), Decimal(0))
        return len(tags), ours, sum(bill_of(one) for tag in tags for one in self.billed[tag])


def _cost(row: Mapping[str, Any]) -> Decimal:
    return Decimal(repr(row.get("cost", 0.0))) * NANO


def _tag_in(body: Mapping[str, Any]) -> str:
    return "call-" + json.dumps(body).rpartition("(call-")[2].partition(")")[0]


def emulator(seed: int) -> Emulator:
    """Make an emulator with faults by key and by script."""
    dice = random.Random(seed)
    keys: dict[str, dict[str, Any]] = {}
    for house in MODELS:
        keys[house] = {f"{house}-key-{number}": None for number in range(KEYS)}
        keys[house][f"{house}-key-0"] = Revoked()
        keys[house][f"{house}-key-1"] = RateLimited(seconds=2)
    emulated = Emulator(keys=keys)
    for house in MODELS:
        faults = [ServerError(), Overloaded(), CutMidStream()]
        for _ in range(40):  # never several together: a circuit that opens would cost half a minute
            emulated.script(house, [dice.choice(faults), None, None, None])
    return emulated


def play(calls: int, seed: int, folder: Path) -> Books:
    """Make the calls, half of them in a process of its own, and collect the books."""
    witness = emulator(seed)
    with witness.serve() as base:
        share = calls // PROCESSES
        files = [folder / f"made-{number}.json" for number in range(PROCESSES)]
        running = [
            subprocess.Popen(
                command(callers, base, folder, seed, number * share, (number + 1) * share, file),
                env=environment(),
            )
            for number, file in enumerate(files)
        ]
        assert [one.wait() for one in running] == [0] * PROCESSES
        witness.settle(HANG)
    rows = list(read_rows(folder / "audit.jsonl"))
    plan = (planned(seed, index) for index in range(calls))
    left = frozenset(call.tag for call in plan if call.left_after is not None)
    books = Books([json.loads(file.read_text()) for file in files], rows, witness.log, left)
    books.compare()
    for finding in verify(folder / "audit.jsonl").findings:
        books.wrong.append(str(finding))
    books.wrong += [f"no outcome: {row}" for row in open_intents(folder / "audit.jsonl")]
    books.wrong += _budget(books, folder / "budgets.db")
    return books


def _budget(books: Books, path: Path) -> Iterator[str]:
    """Hold the budget to the log: what was certain is spent exactly, and nothing is held."""
    (balance,) = SqliteBudgets(path).balances("total")
    spent = sum(
        _cost(row) for rows in books.by_call.values() for row in rows if row["outcome"] == "ok"
    )
    if balance.held or balance.spent - balance.uncertain != spent:
        yield f"budget: {balance}, expected {spent}"
    if balance.spent < books.charged:
        yield f"budget: spent {balance.spent}, billed {books.charged}"


def report(books: Books) -> Iterator[str]:
    """Yield the lines of the report."""
    outcomes = defaultdict(int)
    for rows in books.by_call.values():
        for row in rows:
            outcomes[row["outcome"]] += 1
    many, ours, bill = books.uncertain()
    certain = books.charged - bill
    read = sum(one.spent.cached.read for one in books.exchanges)
    yield f"{len(books.by_call)} calls, {len(books.exchanges)} requests, {dict(outcomes)}"
    unpriced = sum(totals["unpriced"] for totals in books.totals)
    yield f"tokens read from caches {read}, answers without a price {unpriced}"
    yield f"handlers {books.handled:f} nano-dollars = audit {books.audited:f}"
    yield f"of calls that ended: audit {books.audited - ours:f} = bill {certain}"
    yield f"of {many} that were left or broke: estimated {ours:f}, billed {bill}"
    tokens = sum(totals["usage_in"] + totals["usage_out"] for totals in books.totals)
    yield f"LangChain's own handler counts the same {tokens} tokens"
    yield from books.wrong[:20]
    yield f"{len(books.wrong)} disagreements"


def main() -> int:
    """Play and print; 1 where the books disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 16))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        books = play(options.calls, options.seed, Path(folder))
    sys.stdout.write(f"seed {options.seed}\n" + "\n".join(report(books)) + "\n")
    return 1 if books.wrong else 0

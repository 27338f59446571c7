"""A side of two that is cut off from the store in the middle, and what each side then does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scout_adapters.budget.redis_budgets import ALLOWED_DELAY
from tests.support.network_namespaces import Cut, PartitionedRedis
from tests.support.warm_process import Child, WarmProcess
from tests.system.partition import partition_caller

PATIENT = "timeout=60"
"""Option of the side that is not cut off: on a busy machine the store may take its time."""


@dataclass
class SideProcess:
    """A process in a namespace."""

    child: Child

    def begin(self, line: str) -> None:
        """Send a line; `end` returns its answer."""
        self.child.stdin.write(f"{line}\n".encode())

    def end(self) -> Any:
        answer = self.child.stdout.readline()
        assert answer, self.child.errors
        return json.loads(answer)

    def run(self, line: str) -> Any:
        self.begin(line)
        return self.end()


@contextmanager
def two_sides(
    warm: WarmProcess, network: PartitionedRedis
) -> Iterator[tuple[SideProcess, SideProcess]]:
    """Run a process on each side, which are connected to the server."""
    with (
        warm.start(partition_caller, network.sides["a"], network.url("a")) as first,
        warm.start(partition_caller, network.sides["b"], f"{network.url('b')}?{PATIENT}") as second,
    ):
        sides = SideProcess(first), SideProcess(second)
        for side in sides:
            assert side.run("connected")
        yield sides
        first.communicate()
        second.communicate()


@dataclass(frozen=True)
class Partition:
    """What the sides did while A was cut off, and what they know and have spent afterwards."""

    cut_off: dict[str, Any]
    """The calls of A: outcomes by budget, and what its calls waited for."""

    other: dict[str, Any]
    """The calls of B in the same time."""

    refused: tuple[list[str], list[str]]
    """Refused keys that A and B knew of while the link was cut."""

    lines: tuple[list[str], list[str]]
    """Log lines of A and B."""

    billed: dict[str, int]
    """Nano-dollars that both emulators bill, by budget."""

    merged_after: float
    """Seconds after the link was up at which both knew of both keys."""

    books: dict[str, list[int]]
    """Spent, held and uncertain nano-dollars in the store, by budget."""


def play_partition(warm: WarmProcess, folder: Path, how: Cut, seconds: float = 2.0) -> Partition:
    """Cut A off for so many seconds while both sides call; each side finds a key refused."""
    with PartitionedRedis(folder) as network, two_sides(warm, network) as (a, b):
        for side in (a, b):
            side.run("ready")
        network.cut("a", how)
        a.run("revoke key-1")
        b.run("revoke key-2")
        b.begin(f"calls {seconds} none raise")
        cut_off = a.run(f"calls {seconds} none allow raise")
        other = b.end()
        refused = a.run("refused"), b.run("refused")
        network.mend("a", how)
        mended = time.monotonic()
        for side in (a, b):
            side.run("wait_for key-1 key-2")
        merged_after = time.monotonic() - mended
        a.run("ready")  # its budgets are used again
        ends = a.run("settle"), b.run("settle")
        books = b.run("books")
    names = ends[0]["billed"].keys()
    billed = {name: sum(end["billed"][name] for end in ends) for name in names}
    lines = ends[0]["lines"], ends[1]["lines"]
    return Partition(cut_off, other, refused, lines, billed, merged_after, books)


def check(partition: Partition) -> None:
    """Assert what a partition must come to."""
    _check_side_that_is_cut_off(partition)
    outcomes = partition.other["outcomes"].items()
    assert {name: [*each] for name, each in outcomes} == {"none": ["ok"], "raise": ["ok"]}
    assert all(each["answered"] for each in partition.other["tries"])
    assert partition.refused == (["key-1"], ["key-2"])  # each its own, until the link is up
    assert partition.lines[1] == []
    lines = [line.partition(":")[0] for line in partition.lines[0]]
    assert lines[:2] == ["the store cannot be used", "the store can be used again"]
    assert lines == lines[:2] * (len(lines) // 2)  # one line for each outage, one for its end
    for name, (spent, held, _) in partition.books.items():
        assert (spent, held) == (partition.billed[name], 0)


def _check_side_that_is_cut_off(partition: Partition) -> None:
    outcomes, tries = partition.cut_off["outcomes"], partition.cut_off["tries"]
    assert {name: [*each] for name, each in outcomes.items()} == {
        "none": ["ok"],
        "allow": ["ok"],
        "raise": ["BudgetError"],
    }
    assert not any(each["answered"] for each in tries)
    most = 2 + partition.cut_off["seconds"] / 0.75  # a pause lasts 0.75 to 1.25 s
    of_allow = [each for each in tries if each["timeout"] == ALLOWED_DELAY]
    assert 1 <= len(of_allow) <= most
    assert 1 <= len(tries) - len(of_allow) <= most
    assert min(each["seconds"] for each in of_allow) < 0.5  # the timeout holds for lost packets

"""Spends from a budget in a process of its own; what was admitted is named on stdout."""

from __future__ import annotations

import os
import sys

from scout_adapters.budget import Account, Hold, SqliteBudgets


def race(path: str, limit: int, amount: int, tries: int) -> None:
    """Spend as often as there is room, `tries` times at the most, once a line is read."""
    store, account = SqliteBudgets(path, lock_timeout=60), Account("b", "", "", limit)
    os.write(1, b"ready\n")
    sys.stdin.readline()
    admitted = 0
    for _ in range(tries):
        hold = store.hold([account], amount)
        if isinstance(hold, Hold):
            store.settle(hold, amount)
            admitted += 1
    os.write(1, b"%d\n" % admitted)


def endless(path: str, limit: int, amount: int, actual: int) -> None:
    """Hold and settle until killed; each step that was acknowledged is named."""
    store, account = SqliteBudgets(path, lock_timeout=60), Account("b", "", "", limit)
    while True:
        hold = store.hold([account], amount)
        if not isinstance(hold, Hold):
            os.write(1, b"full\n")
            return
        os.write(1, b"held\n")
        store.settle(hold, actual)
        os.write(1, b"settled\n")


def hang(path: str, limit: int, amount: int) -> None:
    """Hold, print it, and never settle."""
    hold = SqliteBudgets(path, lock_timeout=60).hold([Account("b", "", "", limit)], amount)
    os.write(1, b"held\n" if isinstance(hold, Hold) else b"full\n")
    sys.stdin.read()


if __name__ == "__main__":
    {"race": race, "endless": endless, "hang": hang}[sys.argv[1]](
        sys.argv[2], *map(int, sys.argv[3:])
    )

"""The handlers, the audit log, the budget and the emulator's bill agree to the last nano-dollar."""

from __future__ import annotations

import random
from pathlib import Path

from tests.system.reconciliation.compare import play, report


def test_three_books_of_many_calls_agree(tmp_path: Path) -> None:
    seed = random.randrange(1 << 16)
    books = play(600, seed, tmp_path)
    assert books.wrong == [], (seed, list(report(books)))
    ended = len(list(books.certain))
    assert ended > 400
    assert sum(one.spent.cached.read for one in books.exchanges) > 100_000
    assert {row["outcome"] for row in books.rows if "outcome" in row} >= {"ok", "cancelled"}

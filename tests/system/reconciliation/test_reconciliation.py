"""The handlers, the audit log, the budget and the emulator's bill agree to the last nano-dollar."""

from __future__ import annotations

from pathlib import Path

from tests.system.reconciliation.compare import play, report

SEED = 20261130
"""Of the calls and faults, the same in every run; `make books` draws others."""


def test_three_books_of_many_calls_agree(tmp_path: Path) -> None:
    books = play(600, SEED, tmp_path)
    assert books.wrong == [], list(report(books))
    ended = len(list(books.certain))
    assert ended > 400
    assert sum(one.spent.cached.read for one in books.exchanges) > 100_000
    assert {row["outcome"] for row in books.rows if "outcome" in row} >= {"ok", "cancelled"}

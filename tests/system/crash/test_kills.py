"""Processes that are killed at every named point lose no row, tear none, and win no money."""

from __future__ import annotations

import random
from pathlib import Path

from tests.system.crash import killed_process
from tests.system.crash.kills import play


def test_whoever_is_killed_at_whatever_point_leaves_books_that_hold(tmp_path: Path) -> None:
    seed = random.randrange(1 << 16)
    killed = play(2 * len(killed_process.POINTS) + 1, seed, tmp_path)
    assert list(killed.wrong()) == [], seed
    assert set(killed.points) == {"random", *killed_process.POINTS}
    assert len(killed.acknowledged) >= 16  # with the smallest numbers that the seed can choose

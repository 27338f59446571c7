"""Writers that are killed at any moment: each acknowledged row is in the log, and whole."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from scout_adapters.audit import read_rows
from scout_adapters.audit.retention import open_intents
from scout_adapters.audit.rotation import segments
from scout_adapters.audit.verify import verify
from tests.audit import writer
from tests.support.processes import all_written
from tests.support.waiting import until
from tests.support.warm_process import WarmProcess

ROUNDS = 13
AT_ONCE = 2


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmProcess]:
    with WarmProcess(writer.__name__) as process:
        yield process


def killed(warm: WarmProcess, path: Path, rotate: int, chance: random.Random) -> list[str]:
    """Let writers write to one log, kill them, and return the acknowledged rows."""
    paths = [path.with_name(f"told-{number}") for number in range(AT_ONCE)]
    with ExitStack() as files:
        outs = [files.enter_context(file.open("wb")) for file in paths]
        writers = [
            files.enter_context(warm.start(writer, path, rotate, stdout=out)) for out in outs
        ]
        until(partial(all_written, paths))
        until(lambda: not rotate or len(segments(path)) > 1)
        time.sleep(chance.uniform(0, 0.03))
        for one in writers:
            one.kill()
        assert [one.wait() for one in writers] == [-signal.SIGKILL] * AT_ONCE
    # A name without its end was being written when the kill came.
    whole = [file.read_text().rpartition("\n")[0] for file in paths]
    return [name for names in whole for name in names.splitlines()]


@pytest.mark.parametrize("rotate", [0, 200_000], ids=["one file", "segments"])
def test_kill_9_loses_no_row_that_was_acknowledged_and_no_torn_row_counts(
    rotate: int, warm: WarmProcess, tmp_path: Path
) -> None:
    seed = random.randrange(1 << 32)
    chance, path = random.Random(seed), tmp_path / "audit.jsonl"
    acknowledged = [name for _ in range(ROUNDS) for name in killed(warm, path, rotate, chance)]
    rows = list(read_rows(path))
    names = [row["run_id"] for row in rows]
    assert set(acknowledged) <= set(names), seed
    assert len(names) == len(set(names)), seed
    assert len(names) - len(acknowledged) <= ROUNDS * AT_ONCE, (
        seed
    )  # at most the one that each was about to name
    assert {finding.kind for finding in verify(path).findings} <= {"torn"}, seed
    assert {row["text"] for row in rows} <= {"", "x" * writer.LONG}, seed
    assert {row["run_id"] for row in open_intents(path)} == set(names), seed
    assert (len(segments(path)) > 1) == bool(rotate), seed

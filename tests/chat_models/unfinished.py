"""Checks that an abandoned call has released its resources."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scout_adapters.testing import Emulator, Fault
from tests.support.waiting import HANG

STORY = "Write a long story."


@dataclass(frozen=True, slots=True)
class Endless(Fault):
    """A good answer whose last event never comes, however late its reader leaves."""

    def play(self, context: Any) -> Any:
        """Return the good answer without its end."""
        good = context.good()
        return replace(good, parts=good.parts[:-1], between=0.05, linger=2 * HANG, ending="cut")


SLOWLY = Endless()


def outcomes(log: Path) -> list[str]:
    """List the outcomes of requests in an audit log; every intent must have one."""
    if not log.exists():
        return []
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    ended = [row["outcome"] for row in rows if row["event"] == "llm_attempt"]
    ended = [outcome for outcome in ended if outcome != "skipped"]  # no request was sent
    assert len(ended) == len([row for row in rows if row["event"] == "llm_intent"]), rows
    return ended


async def calm(before: set[asyncio.Task[Any]]) -> bool:
    """Return whether no task is left that was not there before.

    The loop closes a forgotten stream in a task, which waits for a thread that writes its outcome,
    and may leave another stream to be closed.
    """
    for _ in range(10):
        await asyncio.sleep(0)
    while left := asyncio.all_tasks() - before:
        ended, _ = await asyncio.wait(left, timeout=HANG)
        if not ended:
            return False
    return True


def hung_up(emulator: Emulator) -> bool:
    """Return whether the client closed the emulator's last answer in the middle."""
    return emulator.settle(HANG) and not emulator.log[-1].finished


class Enough(Exception):
    """What a consumer or a handler raises."""

"""What every fault must leave behind: nothing held, intents with outcomes, and no key anywhere."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from scout_adapters.llm.engine.candidate import Endpoint
from scout_adapters.llm.providers import registry
from tests.support.key_leaks import key_leaks
from tests.support.waiting import HANG


class Overheard(logging.Handler):
    """All that was logged and audited."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.args!r} {record.exc_info!r}")

    @property
    def audited(self) -> bytes:
        return self.path.read_bytes() if self.path.is_file() else b""

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.audited.splitlines() if line]

    @property
    def intents(self) -> Counter[tuple[Any, ...]]:
        return Counter(
            (one["run_id"], one["number"]) for one in self.rows if one["event"] == "llm_intent"
        )

    @property
    def outcomes(self) -> Counter[tuple[Any, ...]]:
        return Counter(
            (one["run_id"], one["number"])
            for one in self.rows
            if one["event"] == "llm_attempt" and one["outcome"] != "skipped"
        )


def endpoints() -> Iterator[Endpoint]:
    """Yield the endpoints that the models of this test have used."""
    for client in registry._all_special:
        yield client.endpoint


def held_resources() -> list[str]:
    """Return the keys, paces and probes that are still held."""
    resources: list[str] = []
    for endpoint in endpoints():
        resources += [f"key {state.id}" for state in endpoint.pool if state.in_flight]
        resources += [f"load of {name}" for name, load in endpoint.loads.items() if load.in_flight]
        if endpoint.circuit._probe_since is not None:
            resources.append(f"probe of {endpoint.name}")
    return resources


def spent() -> float:
    """Return the second tries that the retry budgets have paid for, less what came in again."""
    return sum(one.retries._capacity - one.retries._tokens for one in endpoints())


async def idle() -> set[asyncio.Task[Any]]:
    """Return the tasks that are still about when all that can end has ended."""
    for _ in range(20):
        await asyncio.sleep(0)
    me = asyncio.current_task()
    if left := asyncio.all_tasks() - {me}:
        await asyncio.wait(left, timeout=HANG)
    return asyncio.all_tasks() - {me}


def leaks(keys: Iterable[str], shown: Iterable[Any], overheard: Overheard) -> list[str]:
    """Return the texts in which a key, or a part of one, can be read."""
    logged = [*overheard.lines, overheard.audited.decode("utf-8", "replace")]
    return key_leaks(keys, shown, logged)

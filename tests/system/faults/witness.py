"""What every fault must leave behind: nothing held, intents with outcomes, and no key anywhere."""

from __future__ import annotations

import asyncio
import base64
import logging
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from scout_adapters.llm.engine.candidate import Endpoint
from scout_adapters.llm.providers import registry

SHOWN = 8
"""So many characters of a key in a row are a leak."""

WRITTEN = 2.0
"""Seconds for a thread to write an outcome that the task of a forgotten stream waits for."""


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
        await asyncio.wait(left, timeout=WRITTEN)
    return asyncio.all_tasks() - {me}


def graph(start: Any) -> Iterator[Any]:
    """Walk all that hangs on a value: causes, contexts, notes, arguments, attributes, items."""
    seen: set[int] = set()
    waiting: list[Any] = [start]
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, type | int | float | bool | None):
            continue
        seen.add(id(value))
        yield value
        if isinstance(value, BaseException):
            waiting += [value.__cause__, value.__context__, value.args]
            waiting += getattr(value, "__notes__", [])
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            waiting += value
        elif hasattr(value, "__dict__"):
            waiting += vars(value).values()


def disguises(key: str) -> set[str]:
    """Return the forms in which a key may show: any eight characters, quoted, in base 64."""
    coded = base64.b64encode(key.encode()).decode().rstrip("=")
    parts = {key[at : at + SHOWN] for at in range(len(key) - SHOWN + 1)}
    return parts | {quote(key), coded}


def leaks(keys: Iterable[str], shown: Iterable[Any], overheard: Overheard) -> list[str]:
    """Return the texts in which a key, or a part of one, can be read."""
    texts = [*overheard.lines, overheard.audited.decode("utf-8", "replace")]
    for value in shown:
        texts += [
            repr(one) if isinstance(one, str | bytes) else f"{one!r} {one}" for one in graph(value)
        ]
        if isinstance(value, BaseException):
            texts += traceback.format_exception(value)
    forms = {form for key in keys for form in disguises(key)}
    everything = "\n".join(texts)
    leaked = {form for form in forms if form in everything}
    return [text[:300] for text in texts if any(form in text for form in leaked)] if leaked else []

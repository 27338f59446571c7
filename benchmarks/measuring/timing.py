"""Measures verbs: wall-clock time of each call, and CPU time of the process over all of them.

Every duration here is microseconds. A batch begins with an empty garbage collector and a few calls
that are not counted, which also open the connections anew that idled away between two batches.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

WARMING = 3
MICRO = 1e6


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch of calls took, each on average: the garbage collector's runs are in it."""

    wall: float
    """Wall-clock time of a call, or of an event where streams are read."""

    cpu: float
    """CPU time of the whole process, user and system, of the same."""

    units: int
    """Calls, or events, that it is the average of."""

    @property
    def rate(self) -> float:
        """Calls per second."""
        return MICRO / self.wall


class Watch:
    """Takes the time of a batch, on both clocks."""

    def __init__(self, seconds: float = 0.0) -> None:
        """Begin, with nothing to collect; the batch is `over` after so many seconds."""
        gc.collect()
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        self._until = self._wall + seconds

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.perf_counter() >= self._until

    def batch(self, units: int) -> Batch:
        """End."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return Batch(wall / units * MICRO, cpu / units * MICRO, units)


def calls(call: Callable[[], Any], seconds: float, units: int = 1) -> Batch:
    """Call for so long, one call after the other, each of so many units."""
    for _ in range(WARMING):
        call()
    watch, count = Watch(seconds), 0
    while not watch.over:
        call()
        count += 1
    return watch.batch(count * units)


async def crowd(
    call: Callable[[], Awaitable[Any]], at_once: int, total: int, *, warm: bool
) -> Batch:
    """Make `total` calls, `at_once` of them begun at any time; `warm` opens connections before."""
    await _together(call, at_once if warm else WARMING, at_once if warm else WARMING)
    watch = Watch()
    await _together(call, at_once, total)
    return watch.batch(total)


async def _together(call: Callable[[], Awaitable[Any]], at_once: int, total: int) -> None:
    left = iter(range(total))

    async def call_in_turn() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(call_in_turn() for _ in range(at_once)))


def streams(stream: Callable[[], Iterable[Any]], seconds: float, events: int) -> Batch:
    """Read streams to their ends for so long; the batch is by event."""

    def read() -> None:
        for _ in stream():
            pass

    return calls(read, seconds, events)


async def astreams(stream: Callable[[], AsyncIterable[Any]], seconds: float, events: int) -> Batch:
    """Twin of `streams`."""
    for _ in range(WARMING):
        await _aread(stream())
    watch, count = Watch(seconds), 0
    while not watch.over:
        await _aread(stream())
        count += 1
    return watch.batch(count * events)


async def _aread(stream: AsyncIterable[Any]) -> None:
    async for _ in stream:
        pass


def firsts(stream: Callable[[], Iterable[Any]], text: Callable[[Any], str], times: int) -> Batch:
    """Time from the call to the first text that the caller sees; the rest is read untimed."""
    took: list[float] = []
    cpus: list[float] = []
    for _ in range(WARMING + times):
        cpu_began, began = time.process_time(), time.perf_counter()
        pieces = iter(stream())
        while not text(next(pieces)):
            pass
        took.append(time.perf_counter() - began)
        cpus.append(time.process_time() - cpu_began)
        for _ in pieces:
            pass
    wall, cpu = median(took[WARMING:]), median(cpus[WARMING:])
    return Batch(wall * MICRO, cpu * MICRO, times)


def paired(each: Mapping[str, Callable[[], Any]], seconds: float) -> dict[str, Batch]:
    """Call the variants in turn, call by call, for so long; whatever disturbs, disturbs all."""
    for call in list(each.values()) * WARMING:
        call()
    gc.collect()
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in each}
    order, clock, cpu_clock = list(each.items()), time.perf_counter, time.process_time
    over = clock() + seconds
    while clock() < over:
        for name, call in order:
            cpu_began, began = cpu_clock(), clock()
            call()
            ended = clock()
            took[name].append((ended - began, cpu_clock() - cpu_began))
        order.append(order.pop(0))
    return {name: _batch_of(times) for name, times in took.items()}


def _batch_of(times: list[tuple[float, float]]) -> Batch:
    walls, cpus = zip(*times, strict=True)
    return Batch(median(walls) * MICRO, median(cpus) * MICRO, len(times))

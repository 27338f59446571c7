"""Measures what only the inside of a process shows: memory, choosing keys, making models."""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable
from statistics import median
from typing import Any

from pydantic import create_model
from subjects import Subject

MICRO = 1e6
TEN = 10
HUNDRED = 100
CALLS = 200


def allocations(call: Callable[[], Any]) -> dict[str, float]:
    """Return what a call allocates: its peak in KiB, and per call the blocks that stay behind.

    `cyclic` is how many objects of a call only the garbage collector gets rid of.
    """
    for _ in range(CALLS // 4):
        call()
    gc.collect()
    gc.disable()
    try:
        for _ in range(CALLS):
            call()
        cyclic = gc.collect() / CALLS
    finally:
        gc.enable()
    return {"peak_kib": _peak(call) / 1024, "kept_blocks": _retained(call), "cyclic": cyclic}


def _retained(call: Callable[[], Any]) -> float:
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(CALLS):
        call()
    gc.collect()
    return (sys.getallocatedblocks() - before) / CALLS


def _peak(call: Callable[[], Any]) -> float:
    tracemalloc.start()
    try:
        call()
        peaks = []
        for _ in range(TEN):
            gc.collect()
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            call()
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
        return median(peaks)
    finally:
        tracemalloc.stop()


def ten_constructions(construct: Callable[[], Any], times: int) -> float:
    """Return the microseconds of making ten, as LangChain's standard suite does."""
    took = []
    for _ in range(times + 1):
        began = time.perf_counter()
        for _ in range(TEN):
            construct()
        took.append(time.perf_counter() - began)
    return median(took[1:]) * MICRO


def ten_plain(fields: int, times: int) -> float:
    """Return the microseconds of making ten pydantic models of as many optional fields."""
    plain: Any = create_model("Plain", **{f"f{n}": (int | None, None) for n in range(fields)})  # type: ignore[call-overload]  # names are made
    values = {f"f{n}": n for n in range(fields)}
    return ten_constructions(lambda: plain(**values), times)


def look_up(keys: int, times: int) -> float:
    """Return the microseconds of a hundred look-ups in a dict of as many keys."""
    table = {f"key-{number}": number for number in range(keys)}
    names = [f"key-{number * 97 % keys}" for number in range(HUNDRED)]
    took = []
    for _ in range(times):
        began = time.perf_counter()
        for name in names:
            table[name]
        took.append(time.perf_counter() - began)
    return median(took) * MICRO


def choice(subject: Subject, times: int) -> float:
    """Return the microseconds of taking a key out of the pool and booking its success."""
    candidate = subject.model._route().candidates[0]  # noqa: SLF001  # the choice is no verb
    pool, now = candidate.endpoint.pool, time.monotonic()
    took = []
    for number in range(times):
        began = time.perf_counter()
        lease = pool.lease(candidate.model, now + number)
        pool.succeed(lease, candidate.model)
        took.append(time.perf_counter() - began)
    return median(took) * MICRO

"""Measures the memory of a process in which everything has a new name."""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from tests.system.memory.tenants import Tenants, play

MAX_GROWTH = 0.05
"""Share of the memory after a tenth of the calls by which it may grow until the end."""

LARGEST = 25_000
"""Entries of a collection; no bound of ours is above it."""

CALLS_PER_TENANT = 2


def main() -> int:
    """Play the calls in ten parts; return 1 if memory grew after the first part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200_000)
    arguments = parser.parse_args()
    part = arguments.calls // 10 // CALLS_PER_TENANT
    tenants, sizes = Tenants(), []
    for number in range(10):
        began = time.perf_counter()
        play(tenants, range(number * part, (number + 1) * part))
        gc.collect()
        sizes.append(resident_mib())
        _write(
            f"{(number + 1) * part * CALLS_PER_TENANT} calls: {sizes[-1]:.1f} MiB,"
            f" {time.perf_counter() - began:.0f} s"
        )
    growth = sizes[-1] / sizes[0] - 1
    large = [f"a {type(each).__name__} of {len(each)}" for each in collections(LARGEST)]
    _write(f"grown by {growth:.1%} after the first part; beyond all bounds: {large or 'nothing'}")
    return int(growth > MAX_GROWTH or bool(large))


def resident_mib() -> float:
    """Return the resident memory of this process; its peak where /proc does not exist."""
    status = Path("/proc/self/statm")
    if status.is_file():
        return int(status.read_text().split()[1]) * resource.getpagesize() / (1 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def collections(least: int) -> Iterator[Collection[object]]:
    """Yield the collections with more than `least` entries, those without references too."""
    seen: set[int] = set()
    for holder in all_objects():
        for each in (holder, *gc.get_referents(holder)):
            if isinstance(each, dict | set | list) and len(each) > least and id(each) not in seen:
                seen.add(id(each))
                yield each


def all_objects() -> list[object]:
    """Return all objects, also those that `gc.freeze` has excluded from collection."""
    is_frozen = gc.get_freeze_count() > 0
    gc.unfreeze()
    objects = gc.get_objects()
    if is_frozen:
        gc.freeze()
    return objects


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
